/** Peers that send what -R and --files-from did not ask for, or lists of names that are none. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Root } from '../../src/files/root.ts';
import type { OptionsInput } from '../../src/options/resolve.ts';
import { resolveOptions } from '../../src/options/resolve.ts';
import { KeptLinks } from '../../src/roles/kept-links.ts';
import { messages, Workspace } from '../support/pair.ts';
import { DIRECTORY, type Entry, list, SYMLINK } from '../support/scripted-peer.ts';
import { type Encounter, expectRefusal, meet, spaces } from './hostile.ts';

afterEach(() => {
  for (const space of spaces.splice(0)) space.remove();
});

const dir = (name: string, flags?: number): Entry => ({
  name,
  mode: DIRECTORY,
  ...(flags === undefined ? {} : { flags }),
});
/** As honest senders mark a directory that is only on the way. */
const implied = (name: string): Entry => dir(name, 0x101);

/** However busy the machine is. */
const expectRefused = (met: Encounter, code: string, exitCode: number, message: RegExp): void =>
  expectRefusal(met, code, exitCode, message, [], Number.POSITIVE_INFINITY);

const pull = (options: OptionsInput, asks: readonly string[], entries: readonly Entry[]) =>
  meet({ options: { relative: true, ...options }, asks }, (peer) => {
    peer.serve();
    peer.data(list(entries));
    peer.finish(0);
  });

describe('a pull with -R refuses', () => {
  it.each<[string, Entry[]]>([
    ['a file beside the source', [implied('a'), implied('a/b'), { name: 'a/evil' }]],
    ['a directory beside the source', [implied('a'), implied('a/b'), dir('a/evil')]],
    ['a file in the place of an implied directory', [{ name: 'a' }]],
    ['a symlink in the place of an implied directory', [{ name: 'a', mode: SYMLINK, target: '../outside' }]],
    ['an absolute name of somewhere else', [dir('/etc', 0x101), { name: '/etc/passwd' }]],
    ['what is before the /./', [implied('x'), { name: 'x/a' }]],
  ])('%s', async (_, entries) => {
    const met = await pull({}, ['x/./a/b/c'], entries);
    expectRefused(met, 'RSYNC_PROTOCOL', 4, /rejecting unrequested file-list name/);
  });

  it('a name that climbs', async () => {
    const met = await pull({}, ['a/b'], [implied('a'), { name: 'a/../../outside/new' }]);
    expectRefused(met, 'RSYNC_UNSAFE_PATH', 4, /`\.\.` in a name/);
  });

  it('a name in no directory of the list', async () => {
    const met = await pull({}, ['a/b/c'], [implied('a'), { name: 'a/b/c' }]);
    expectRefused(met, 'RSYNC_PROTOCOL', 2, /in no directory/);
  });

  it('an excluded name below the source, though not above it', async () => {
    const filters = [
      { kind: 'exclude' as const, text: '/a' },
      { kind: 'exclude' as const, text: '*.o' },
    ];
    const met = await pull({ filters }, ['a/b'], [implied('a'), dir('a/b'), { name: 'a/b/x.o' }]);
    expectRefused(met, 'RSYNC_PROTOCOL', 4, /rejecting excluded file-list name: a\/b\/x\.o/);
  });
});

describe('a pull with --files-from', () => {
  const listed = async (content: string, entries: readonly Entry[], options: OptionsInput = {}) => {
    const space = new Workspace();
    spaces.push(space);
    writeFileSync(space.at('list'), content);
    return meet(
      { options: { recursive: false, filesFrom: space.at('list'), ...options }, asks: ['src'] },
      (peer) => {
        peer.serve();
        peer.data(list(entries));
        peer.finish(0);
      },
    );
  };

  it.each<[string, Entry[], OptionsInput]>([
    ['a name that is not in the list', [implied('a'), { name: 'a/evil' }], {}],
    ['what is in a listed directory', [dir('d'), dir('d/sub'), { name: 'd/sub/x' }], {}],
    ['a name with a path, without -R', [dir('a'), { name: 'a/f' }], { relative: false }],
  ])('refuses %s', async (_, entries, options) => {
    const met = await listed('a/f\nd\n../up\n', entries, options);
    expectRefused(met, 'RSYNC_PROTOCOL', 4, /rejecting unrequested file-list name/);
  });
});

it('an implied directory that a sender marks as whole is not swept by --delete', async () => {
  const met = await meet(
    {
      options: { relative: true, deleteMode: 'during' },
      asks: ['a/b'],
      tree: [
        { path: 'a/precious', content: 'precious' },
        { path: 'beside', content: 'beside' },
      ],
    },
    async (peer) => {
      peer.serve();
      peer.data(list([dir('.', 0x01), dir('a', 0x01), dir('a/b', 0x01)]));
      // The filter list, then the first words of the generator: it has been through the list by then.
      await peer.until(4 + 1);
      peer.finish(0);
    },
  );
  expect(met.error?.code).toBe('RSYNC_STREAM');
  expect(readFileSync(met.space.at('here/a/precious'), 'latin1')).toBe('precious');
  expect(readFileSync(met.space.at('here/beside'), 'latin1')).toBe('beside');
});

describe('a push whose list of names the server sends', () => {
  const push = (names: Buffer) =>
    meet(
      {
        direction: 'push',
        options: { filesFrom: ':list', recursive: false },
        tree: [{ path: 'top', content: 'top' }],
      },
      async (peer) => {
        peer.serve();
        peer.data(names);
        // An empty list and its end, or that of the names that are there.
        await peer.until(2);
        peer.finish(0);
      },
    );

  it('takes nothing from outside the source', async () => {
    const met = await push(
      Buffer.from('../outside/secret\0/../../outside/secret\0top/../../outside/secret\0\0'),
    );
    expect(met.peer.dataStream.includes('secret')).toBe(false);
    expect(messages(met.events).filter((text) => text.includes('link_stat'))).toEqual(
      [0, 1, 2].map(() =>
        expect.stringContaining(`"${met.space.at('here')}/outside/secret" failed: No such file`),
      ),
    );
  });

  it('ends at a name that has no end', async () => {
    const met = await push(Buffer.alloc(5000, 'x'));
    expectRefused(met, 'RSYNC_LIMIT', 22, /a name of more than 4095 bytes/);
  });
});

it('a symlink that this run has made stands for no directory', () => {
  const space = new Workspace();
  spaces.push(space);
  const tree = space.make('dst', [
    { path: 'real', type: 'dir' },
    { path: 'old', type: 'symlink', target: 'real' },
    { path: 'made', type: 'symlink', target: 'real' },
  ]);
  const root = Root.open(tree, { follow: 'anywhere' });
  const links = new KeptLinks(resolveOptions({ keepDirlinks: true }));
  links.add('made');
  expect(links.resolve(root, 'old', root.lstat('old'))?.isDirectory).toBe(true);
  expect(links.resolve(root, 'made', root.lstat('made'))?.isSymlink).toBe(true);
  // Where case does not count it is the same name.
  links.add('OLD');
  expect(links.resolve(root, 'old', root.lstat('old'))?.isSymlink).toBe(true);
  root.close();
});
