/**
 * Symlinks that appear while a transfer runs: CVE-2026-29518, 43619, 53796, 53797, 53801 and their kin
 * (docs/security.md). On Linux lookups start from directories that are held, so nothing that is swapped in is followed.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ByteString } from '../../src/core/bytes.ts';
import { FD_PATH } from '../../src/files/proc.ts';
import { Root } from '../../src/files/root.ts';
import type { OptionsInput } from '../../src/options/resolve.ts';
import { Random } from '../fuzz/random.ts';
import { runPair, snapshot, Workspace } from '../support/pair.ts';
import { compareTrees, DEFAULT_TIME, type EntrySpec, noise } from '../support/tree.ts';

const spaces: Workspace[] = [];
afterEach(() => {
  for (const space of spaces.splice(0)) space.remove();
});

function newSpace(): Workspace {
  const space = new Workspace();
  spaces.push(space);
  return space;
}

const SECRET = 'what nobody may read or change';
const OUTSIDE: readonly EntrySpec[] = [
  { path: 'file', content: SECRET, mode: 0o600 },
  { path: 'other', content: SECRET, mode: 0o600 },
  { path: 'sub/file', content: SECRET },
  { path: 'empty', type: 'dir' },
];

// Elsewhere another process can win this race: docs/security.md says so.
describe.skipIf(FD_PATH === undefined)(
  'a parent swapped for a symlink between its lookup and the call',
  () => {
    /** What `Root` does for names of a peer, each in the directory `dir`. */
    const calls: [string, (root: Root) => unknown][] = [
      ['lstat', (root) => root.lstat('dir/file')],
      ['readdir', (root) => root.readdir('dir')],
      ['chmod', (root) => root.chmod('dir/file', 0o777)],
      ['lchown', (root) => root.lchown('dir/file', process.getuid!(), process.getgid!())],
      ['utimes', (root) => root.utimes('dir/file', 1, 0)],
      ['unlink', (root) => root.unlink('dir/file')],
      ['rmdir', (root) => root.rmdir('dir/empty')],
      ['mkdir', (root) => root.mkdir('dir/new', 0o777)],
      ['symlink', (root) => root.symlink('target', 'dir/new')],
      ['mknod', (root) => root.mknod('dir/new', 0o010644, 0, 0)],
      ['link', (root) => root.link('dir/file', 'dir/new')],
      ['link, from elsewhere', (root) => root.link('plain', 'dir/new')],
      ['rename', (root) => root.rename('dir/file', 'dir/other')],
      ['rename, from elsewhere', (root) => root.rename('plain', 'dir/file')],
      ['rename, to elsewhere', (root) => root.rename('dir/file', 'plain')],
      ['createTemp', (root) => root.createTemp('dir/file', 0o600)],
      ['openInplace', (root) => root.openInplace('dir/file', true)],
      ['openRead', (root) => root.fstat(root.openRead('dir/file')).size],
    ];
    it.each(calls)('%s', (_name, call) => {
      const space = newSpace();
      const here = space.make('here', [
        { path: 'dir/file', content: 'inside' },
        { path: 'dir/other', content: 'inside' },
        { path: 'dir/empty', type: 'dir' },
        { path: 'plain', content: 'plain' },
      ]);
      const outside = space.make('outside', OUTSIDE);
      const before = snapshot(outside);
      const root = Root.open(here);
      const { parents } = root as unknown as { parents: { prefix(directory: ByteString): ByteString } };
      const lookUp = parents.prefix.bind(parents);
      let swapped = 0;
      parents.prefix = (directory) => {
        const prefix = lookUp(directory);
        if (directory === 'dir' && swapped++ === 0) {
          renameSync(join(here, 'dir'), join(here, 'moved'));
          symlinkSync(outside, join(here, 'dir'));
        }
        return prefix;
      };
      let found: unknown;
      try {
        found = call(root);
      } catch (error) {
        found = error;
      } finally {
        root.close();
      }
      expect(swapped).toBeGreaterThan(0);
      expect(compareTrees(before, snapshot(outside))).toEqual([]);
      // What is read is that of the directory that was meant.
      if (typeof found === 'number') expect(found).not.toBe(SECRET.length);
      if (Array.isArray(found)) expect(found).not.toContain('sub');
    });
  },
);

describe.skipIf(FD_PATH === undefined)(
  'directories swapped for symlinks at seeded points of a transfer',
  () => {
    const SOURCE: readonly EntrySpec[] = ['a', 'b', 'b/c', 'sub'].flatMap((directory, k) => [
      { path: `${directory}/file`, content: noise(1500, k), mtime: DEFAULT_TIME + 9 },
      { path: `${directory}/new-${k}`, content: `new ${k}` },
      { path: `${directory}/link`, type: 'symlink' as const, target: 'file' },
      { path: `${directory}/empty`, type: 'dir' as const, mode: 0o700 },
    ]);
    const DESTINATION: readonly EntrySpec[] = ['a', 'b', 'b/c', 'sub'].flatMap((directory, k) => [
      { path: `${directory}/file`, content: noise(1400, k + 9) },
      { path: `${directory}/surplus`, content: 'surplus' },
      { path: `${directory}/empty/surplus`, content: 'surplus' },
    ]);
    const SETS: readonly OptionsInput[] = [
      { deleteMode: 'default' },
      { deleteMode: 'after', incRecurse: false },
      { inplace: true, deleteMode: 'before' },
      { partial: true, checksum: true, protocol: 29 },
      { hardLinks: true, deleteMode: 'during', protocol: 30 },
    ];

    /** Swaps a directory below `tree` for a symlink to `outside`, or the last one back. */
    class Swapper {
      private readonly random: Random;
      private readonly tree: string;
      private readonly outside: string;
      private last: string | undefined;
      swaps = 0;

      constructor(random: Random, tree: string, outside: string) {
        this.random = random;
        this.tree = tree;
        this.outside = outside;
      }

      act(): void {
        if (!this.random.oneIn(3)) return;
        try {
          if (this.last !== undefined) {
            unlinkSync(this.last);
            renameSync(`${this.last}.kept`, this.last);
            this.last = undefined;
            return;
          }
          const path = join(this.tree, this.random.pick(['a', 'b', 'b/c', 'sub', 'a/empty', 'sub/empty']));
          renameSync(path, `${path}.kept`);
          symlinkSync(this.outside, path);
          this.last = path;
          this.swaps++;
        } catch {
          // Not there, or the transfer was quicker.
        }
      }
    }

    it.each(['pull', 'push'] as const)('the receiving end, %s', async (direction) => {
      let swaps = 0;
      for (let seed = 0; seed < 10; seed++) {
        const random = new Random(seed, direction === 'pull' ? 1 : 2);
        const space = newSpace();
        const src = space.make('src', SOURCE);
        const dst = space.make('dst', DESTINATION);
        const outside = space.make('outside', OUTSIDE);
        const before = snapshot(outside);
        const swapper = new Swapper(random, dst, outside);
        await runPair({
          direction,
          options: { archive: true, checksumSeed: 7, ...random.pick(SETS) },
          sources: [`${src}/`],
          destination: dst,
          onEvent: () => swapper.act(),
        });
        swaps += swapper.swaps;
        expect(compareTrees(before, snapshot(outside)), `seed ${seed}`).toEqual([]);
        space.remove();
      }
      expect(swaps).toBeGreaterThan(10);
    });

    it.each(['pull', 'push'] as const)('the sending end, %s', async (direction) => {
      let swaps = 0;
      for (let seed = 0; seed < 10; seed++) {
        const random = new Random(seed, direction === 'pull' ? 3 : 4);
        const space = newSpace();
        const src = space.make('src', SOURCE);
        const dst = space.make('dst', DESTINATION);
        const outside = space.make('outside', OUTSIDE);
        const swapper = new Swapper(random, src, outside);
        const { toClient, toServer } = await runPair({
          direction,
          options: { archive: true, checksumSeed: 7, ...random.pick(SETS), wholeFile: true },
          sources: [`${src}/`],
          destination: dst,
          onEvent: () => swapper.act(),
          record: true,
        });
        swaps += swapper.swaps;
        expect(Buffer.concat([toClient, toServer]).includes(SECRET), `seed ${seed}`).toBe(false);
        space.remove();
      }
      expect(swaps).toBeGreaterThan(8);
    });
  },
);

it('CVE-2026-53785 and CVE-2026-53796, a symlink below the destination is not entered, by either end', async () => {
  for (const direction of ['pull', 'push'] as const) {
    for (const incRecurse of [true, false]) {
      const space = newSpace();
      const outside = space.make('outside', OUTSIDE);
      const src = space.make('src', [
        { path: 'dir/file', content: 'from the source' },
        { path: 'dir/sub/file', content: 'from the source' },
      ]);
      const dst = space.make('dst', []);
      symlinkSync(outside, join(dst, 'dir'));
      mkdirSync(join(dst, 'other'));
      const before = snapshot(outside);
      const { result } = await runPair({
        direction,
        options: { archive: true, incRecurse, deleteMode: 'default' },
        sources: [`${src}/`],
        destination: dst,
      });
      // As rsync does: the symlink makes way for the directory.
      expect(result?.exitCode).toBe(0);
      expect(compareTrees(before, snapshot(outside))).toEqual([]);
      expect(readFileSync(join(dst, 'dir/sub/file'), 'latin1')).toBe('from the source');
      expect(readdirSync(dst)).toEqual(['dir']);
      rmSync(dst, { recursive: true });
    }
  }
});
