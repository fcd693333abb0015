/** Copies within one machine of files that are large enough to be handed over whole, beside C rsync. */
import { appendFileSync, chmodSync, cpSync, mkdirSync, openSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import { FileSource } from '../../src/files/reader.ts';
import { Root } from '../../src/files/root.ts';
import { copyBySystem } from '../../src/files/system-copy.ts';
import { newestPeer, requirePeers, runOurs, runRsync, temporaryFolder } from '../support/peers.ts';
import { compareTrees, makeTree, noise, removeTree, snapshotTree } from '../support/tree.ts';

const MODES = [0o644, 0o600, 0o640, 0o664, 0o666, 0o755, 0o4755, 0o444, 0o000];
const SIZE = 700_001;
const found = requirePeers();

let base = '';

beforeAll(() => {
  base = temporaryFolder('local-large');
  const entries = MODES.map((mode, i) => ({
    path: `mode-${mode.toString(8)}`,
    type: 'file' as const,
    mode,
    content: noise(SIZE, i),
  }));
  mkdirSync(join(base, 'src'));
  makeTree(join(base, 'src'), [
    ...entries,
    { path: 'hole', type: 'file', mode: 0o644, content: noise(1, 99) },
  ]);
  truncateSync(join(base, 'src/hole'), 3_000_000);
});

afterAll(() => removeTree(base));

describe.skipIf(found.length === 0)('as C rsync does it', () => {
  test.each([
    ['-a'],
    ['-rt'],
    ['-r'],
    ['-aS'],
    ['-a --inplace'],
    ['-a --no-whole-file'],
    ['-az'],
    ['-a --stats'],
    ['-ac --out-format=%n:%l:%C'],
    ['-a --progress'],
    ['-a --bwlimit=100m'],
    ['-n'],
  ])('%s', async (options) => {
    const outcome = async (name: string, program: typeof runOurs): Promise<unknown> => {
      const work = join(base, `${name}${options.replace(/\W/g, '_')}`);
      mkdirSync(join(work, 'dst'), { recursive: true });
      // A file that nobody else may read keeps its mode where modes are not copied.
      for (const mode of ['644', '600']) {
        cpSync(join(base, 'src/hole'), join(work, `dst/mode-${mode}`));
        chmodSync(join(work, `dst/mode-${mode}`), 0o600);
      }
      const { code, stdout } = await program([...options.split(' '), `${base}/src/`, 'dst/'], { cwd: work });
      const text = stdout.toString('latin1');
      const literal = /Literal data: .*/.exec(text)?.[0];
      const names = options.includes('%C') ? text : undefined;
      return {
        code,
        literal,
        names,
        tree: snapshotTree(join(work, 'dst'), { microseconds: true, times: options.includes('t') }),
      };
    };
    const c = (await outcome('c', (args, more) => runRsync(newestPeer(), args, more))) as Record<
      string,
      never
    >;
    const ours = (await outcome('ours', runOurs)) as Record<string, never>;
    expect(compareTrees(c.tree!, ours.tree!, { names: ['C', 'ours'] })).toEqual([]);
    expect([ours.code, ours.literal, ours.names]).toEqual([c.code, c.literal, c.names]);
  });
});

describe.skipIf(process.platform !== 'linux')('copyBySystem', () => {
  test('a file that shrinks meanwhile is short, not padded', async () => {
    const work = join(base, 'shrinks');
    mkdirSync(work);
    makeTree(work, [{ path: 'f', type: 'file', content: noise(SIZE, 1) }]);
    const root = Root.open(work);
    const source = FileSource.open(root, 'f');
    truncateSync(join(work, 'f'), 1000);
    const fd = openSync(join(work, 't'), 'w+');
    expect(await copyBySystem(source, fd, 0o644)).toBe(true);
    expect(source.missing).toBe(SIZE - 1000);
    source.close();
    root.close();
  });

  test('a file that grows meanwhile is copied as it was', async () => {
    const work = join(base, 'grows');
    mkdirSync(work);
    makeTree(work, [{ path: 'f', type: 'file', content: noise(SIZE, 1) }]);
    const root = Root.open(work);
    const source = FileSource.open(root, 'f');
    appendFileSync(join(work, 'f'), 'more');
    const temp = root.createTemp('t', 0o644);
    expect(await copyBySystem(source, temp.fd, 0o644)).toBe(true);
    expect([source.missing, root.fstat(temp.fd).size]).toEqual([0, SIZE]);
    source.close();
    root.close();
  });

  test.each([
    [0o644, 0o600],
    [0o640, 0o640],
    [0o4755, 0o4755],
    [0o666, 0o666],
  ])('source %o, target %o: the unfinished file would be open to too many', async (mode, final) => {
    const name = fromText(`mode-${mode.toString(8)}`);
    const root = Root.open(join(base, 'src'));
    const source = FileSource.open(root, name);
    const temp = root.createTemp(name, 0o600);
    expect(await copyBySystem(source, temp.fd, final)).toBe(false);
    expect(root.fstat(temp.fd)).toMatchObject({ size: 0 });
    source.close();
    root.close();
  });
});
