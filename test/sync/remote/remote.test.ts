/** The other side of a synchronisation: where its folder is, and that its root keeps its looks. */
import { chmodSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { connectionWords } from '../../../src/sync/remote/connection-words.ts';
import { below, Remote } from '../../../src/sync/remote/remote.ts';
import { fakeShell, requirePeers, temporaryFolder } from '../../support/peers.ts';
import { removeTree } from '../../support/tree.ts';

describe('a path below the folder', () => {
  it.each([
    ['host:/srv/app', '', 'host:/srv/app/'],
    ['host:/srv/app/', '', 'host:/srv/app/'],
    ['host:/srv/app', 'x', 'host:/srv/app/x'],
    ['host:', '', 'host:'],
    ['host:.', '', 'host:.'],
    ['host:', 'x/', 'host:x/'],
    ['me@host:.', 'x', 'me@host:x'],
    ['host:/', 'x', 'host:/x'],
    ['[fe80::1]:p', '', '[fe80::1]:p/'],
    ['host::module', '', 'host::module/'],
    ['host::module', 'x', 'host::module/x'],
    ['rsync://host:8730/module/a', 'x', 'rsync://host:8730/module/a/x'],
    ['/mnt/nas', '', '/mnt/nas/'],
  ])('%s and "%s" is %s', (folder, path, expected) => {
    expect(below(folder, path, false)).toBe(expected);
  });

  it('of a drive of Windows is one of a folder', () => {
    expect(below('D:/nas', 'x', true)).toBe('D:/nas/x');
  });
});

it('tells how to connect apart from what to transfer', () => {
  const words = [
    '-aze',
    'ssh -p 22',
    '-n6',
    '--timeout',
    '9',
    '--exclude=*.o',
    '--no-timeout',
    '--bwlimit=10',
  ];
  expect(connectionWords(words)).toEqual([
    '--rsh=ssh -p 22',
    '--ipv6',
    '--timeout=9',
    '--no-timeout',
    '--bwlimit=10',
  ]);
});

const found = requirePeers();
const servers = found.length === 0 ? [] : [found[0]!, found.at(-1)!];

describe.skipIf(process.platform === 'win32').each(servers.map((peer) => ({ version: peer.version, peer })))(
  'the root of a folder, with rsync $version',
  ({ peer }) => {
    const base = temporaryFolder('root');
    afterAll(() => removeTree(base));
    const [here, there] = [join(base, 'here'), join(base, 'there')];
    const make = (folder: string, mode: number, seconds: number): void => {
      removeTree(folder);
      mkdirSync(join(folder, 'below'), { recursive: true });
      writeFileSync(join(folder, 'below/file'), `of ${folder}\n`);
      chmodSync(join(folder, 'below'), mode);
      chmodSync(folder, mode);
      utimesSync(folder, seconds, seconds);
    };
    const looks = (folder: string) => {
      const { mode, mtimeMs } = statSync(folder);
      return { mode: mode & 0o7777, mtime: mtimeMs / 1000 };
    };
    const remote = new Remote({
      location: `host:${there}`,
      words: ['-e', fakeShell(base, peer)],
      env: { ...process.env, HOME: base },
    });

    it.each([['29'], ['31']])('keeps mode and time on a push, protocol %s', async (protocol) => {
      make(here, 0o700, 1_000_000_000);
      make(there, 0o755, 1_100_000_000);
      const root = { mode: 0o755, mtime: 1_100_000_000, mtimeNsec: 0 };
      const items: string[] = [];
      const onEvent = (event: { type: string; entry?: { name: string } }): void => {
        if (event.type === 'item') items.push(event.entry?.name ?? '');
      };
      await remote.push(`${here}/`, { words: ['-a', `--protocol=${protocol}`], root, onEvent });
      expect(looks(there)).toEqual({ mode: 0o755, mtime: 1_100_000_000 });
      expect(looks(join(there, 'below')).mode).toBe(0o700);
      expect(readFileSync(join(there, 'below/file'), 'utf8')).toBe(`of ${here}\n`);
      expect(items).not.toContain('.');
    });

    it('keeps them on a pull, unless it is new', async () => {
      make(here, 0o700, 1_000_000_000);
      make(there, 0o755, 1_100_000_000);
      await remote.pull(`${here}/`, { words: ['-a'], root: 'kept' });
      expect(looks(here).mode).toBe(0o700);
      expect(looks(join(here, 'below')).mode).toBe(0o755);
      removeTree(here);
      await remote.pull(`${here}/`, { words: ['-a'], root: 'kept' });
      expect(looks(here)).toEqual({ mode: 0o755, mtime: 1_100_000_000 });
    });
  },
);
