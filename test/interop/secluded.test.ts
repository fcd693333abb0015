/**
 * `--secluded-args` and `--old-args`: the same command with C rsync and with rsyncjs, on equal trees, through the same
 * shell to the same C server; exit status, trees and output must agree.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  fakeShell,
  newestPeer,
  type Peer,
  requirePeers,
  runOurs,
  runRsync,
  temporaryFolder,
} from '../support/peers.ts';
import {
  compareTrees,
  copyTree,
  type EntrySpec,
  hideTimesSince,
  makeTree,
  removeTree,
  snapshotTree,
} from '../support/tree.ts';
import { words } from './command-line.ts';
import { inStreams, lineDiff, normalised } from './output.ts';

const found = requirePeers();
const newest = newestPeer();

const TREE: readonly EntrySpec[] = [
  ...[
    'one',
    'two words',
    'star*',
    'a[b]c',
    'abc',
    'back\\slash',
    'x{1,2}',
    'x1',
    '~',
    '~root',
    '-x',
    '$HOME',
  ].map((name) => ({ path: `src/${name}`, content: `${name}\n` })),
  { path: 'src/line\nfeed', content: 'line feed\n' },
  { path: 'src/dir/.hidden', content: 'hidden\n' },
  { path: 'src/dir/shown', content: 'shown\n' },
  { path: 'src/d ir/below', content: 'below\n' },
  { path: 'src', type: 'dir' },
  { path: 'dst/extra', content: 'extra\n' },
  { path: 'dst/one', content: 'older one\n', mtime: 1_500_000_000 },
];

interface Given {
  options: string;
  /** Remote ones without host; local ones as they are. Separated by " :: ". */
  from: string;
  to: string;
  direction: 'pull' | 'push';
}

const pull = (options: string, from: string, to = 'dst/'): Given => ({
  options,
  from,
  to,
  direction: 'pull',
});
const push = (options: string, from: string, to = 'dst/'): Given => ({
  options,
  from,
  to,
  direction: 'push',
});

const CASES: readonly Given[] = [
  // Secluded: options and paths past the shell, wildcards by the server.
  pull('-ais', 'src/'),
  push('-ais', 'src/'),
  pull('-avs --delete', 'src/'),
  push('-avs --delete --stats', 'src/'),
  push('-aiss --protect-args --timeout=50 --checksum-seed=7', 'src/'),
  pull('-ais', 'src/two words :: src/line\nfeed :: src/$HOME'),
  pull('-ais', 'src/*'),
  pull('-ais', 'src/star* :: src/star\\*'),
  pull('-ais', 'src/a[b]c'),
  pull('-ais', 'src/a\\[b\\]c'),
  pull('-ais', 'src/x{1,2}'),
  pull('-ais', 'src/back\\slash'),
  pull('-ais', 'src/dir/*'),
  pull('-ais', 'src/no*'),
  pull('-ais', 'src/~ :: src/~root'),
  pull('-ais', '~'),
  pull('-rs', '', ''),
  pull('-s --list-only', 'src/', ''),
  pull('-vvas', 'src/'),
  push('-vvas', 'src/'),
  push('-ais', 'src/', 'new dir\nhere'),
  push('-ais', 'src/', "it's; touch marker"),
  push('-ais', 'src/', '-x'),
  push('-ais', 'src/', 'st*r'),
  push('-ais', 'src/', '~/x'),
  pull('-ais --protocol=29', 'src/'),
  push('-ais --protocol=29 --delete', 'src/'),
  pull('-ans --no-s', 'src/two words'),
  push('-s --old-args -a', 'src/'),
  // Old: the remote shell splits and expands.
  pull('-ai --old-args', 'src/one src/abc'),
  pull('-ai --old-args', 'src/{one,abc,x1}'),
  pull('-ai --old-args', 'src/two\\ words'),
  pull('-ai --old-args', '$PWD/src/one'),
  pull('-ai --old-args', 'src/line?feed'),
  pull('-ai --old-args', 'src/nothing src/one'),
  pull('-ai --old-args', '`echo src/one`'),
  pull('-ai --old-args', 'src/x1 :: src/abc src/one'),
  pull('-ai --old-args', '~/src/one'),
  pull('-ai --old-args', 'src/dir/ src/one'),
  pull('-vvai --old-args', 'src/'),
  pull('-r --old-args', 'src/dir src/one', ''),
  push('-ai --old-args', 'src/', 'new\\ dir'),
  push('-ai --old-args', 'src/', '$HOME/new'),
  push('-ai --old-args', 'src/', 'a b'),
  push('-ai --old-args', 'src/', '-x'),
  pull('-ai --old-args --old-args', 'src/one src/abc'),
  push('-ai --old-args --old-args --delete', 'src/', 'dst/'),
  pull('-ai --old-args --no-old-args', 'src/two words'),
];

/** Names of the environment instead of options. */
const ENVIRONMENT: readonly [name: string, env: Record<string, string>, given: Given][] = [
  ['RSYNC_PROTECT_ARGS=1', { RSYNC_PROTECT_ARGS: '1' }, pull('-ai', 'src/two words :: src/star*')],
  ['RSYNC_OLD_ARGS=1', { RSYNC_OLD_ARGS: '1' }, pull('-ai', 'src/one src/abc')],
  ['RSYNC_OLD_ARGS=2', { RSYNC_OLD_ARGS: '2' }, pull('-ai', 'src/one src/abc')],
];

describe.skipIf(found.length === 0)('words for the remote side', () => {
  let base = '';
  let count = 0;
  beforeAll(() => {
    process.umask(0o022);
    base = temporaryFolder('secluded');
    makeTree(join(base, 'tree'), TREE);
  });
  afterAll(() => removeTree(base));

  async function check(
    given: Given,
    client: Peer,
    server: Peer,
    env: Record<string, string> = {},
  ): Promise<void> {
    const work = join(base, `case-${++count}`);
    mkdirSync(work);
    const paths = (text: string, remote: boolean): string[] =>
      text.split(' :: ').map((path, i) => (remote ? `${i === 0 ? 'host' : ''}:${path}` : path));
    const pulls = given.direction === 'pull';
    const args = [
      ...words(given.options),
      ...['-e', fakeShell(base, server)],
      ...paths(given.from, pulls),
      ...(given.to === '' ? [] : paths(given.to, !pulls)),
    ];
    const outcome = async (name: 'c' | 'ours') => {
      const folder = join(work, name);
      copyTree(join(base, 'tree'), folder);
      const since = hideTimesSince();
      const options = { cwd: folder, env: { HOME: folder, ...env } };
      const { code, stdout, stderr } =
        name === 'c' ? await runRsync(client, args, options) : await runOurs(args, options);
      const lines = inStreams(normalised(stdout), pulls).map((line) => line.replaceAll(folder, 'FOLDER'));
      return {
        code,
        lines,
        complains: stderr.length > 0,
        disk: snapshotTree(folder, { hideTimesSince: since }),
        stderr: stderr.toString(),
      };
    };
    const [c, ours] = await Promise.all([outcome('c'), outcome('ours')]);
    const report = [
      ...(c.code === ours.code ? [] : [`exit status: C ${c.code}, ours ${ours.code}`]),
      ...(c.complains === ours.complains
        ? []
        : [`stderr of C: ${c.stderr}`, `stderr of ours: ${ours.stderr}`]),
      ...compareTrees(c.disk, ours.disk, { names: ['C', 'ours'] }),
      ...lineDiff(c.lines, ours.lines),
    ];
    expect(report.join('\n')).toBe('');
    removeTree(work);
  }

  const title = ({ direction, options, from, to }: Given): string =>
    JSON.stringify(`${direction} ${options} ${from} ${to}`).slice(1, -1);

  for (const [client, server] of [
    [newest, newest],
    ...found.filter(({ suite }) => suite === 'bookworm').map((peer) => [newest, peer] as const),
  ] as const) {
    describe(`client ${client.version}, server ${server.version}`, () => {
      for (const given of CASES) test.concurrent(title(given), () => check(given, client, server));
      for (const [name, env, given] of ENVIRONMENT) {
        test.concurrent(`${name} ${title(given)}`, () => check(given, client, server, env));
      }
    });
  }
});
