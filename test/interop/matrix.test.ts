/**
 * A tree of everything odd, in both directions, with every version of rsync at the other end, as its client and as its
 * server, and every protocol that it speaks: first in full, then changed in part (deltas), then with deletion. What C rsync makes of the same is the
 * expected result, so that limits of an old protocol are not ours.
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modified, ODD_TREE } from '../support/odd-tree.ts';
import {
  fakeShell,
  newestPeer,
  type Peer,
  type RunOptions,
  type RunResult,
  requirePeers,
  runOurs,
  runRsync,
  temporaryFolder,
} from '../support/peers.ts';
import { type Sshd, sshdMissing, startSshd } from '../support/sshd.ts';
import {
  compareTrees,
  DEFAULT_TIME,
  makeTree,
  noise,
  removeTree,
  snapshotTree,
  type Tree,
} from '../support/tree.ts';

const found = requirePeers();
const newest = newestPeer();
const DIRECTIONS = ['push', 'pull'] as const;
type Direction = (typeof DIRECTIONS)[number];

let base = '';

beforeAll(() => {
  if (found.length === 0) return;
  process.umask(0o022);
  base = temporaryFolder('matrix');
  makeTree(join(base, 'first'), ODD_TREE);
  makeTree(join(base, 'second'), modified(ODD_TREE));
});

afterAll(() => {
  if (base !== '') removeTree(base);
});

/** Source tree and options of each stage; all go into one destination. */
const STAGES = [
  { source: 'first', args: ['-aHS'] },
  { source: 'second', args: ['-aHz'] },
  { source: 'second', args: ['-aHSc', '--delete'] },
] as const;

type Program = (args: readonly string[], options?: RunOptions) => Promise<RunResult>;
const C: Program = (args, options) => runRsync(newest, args, options);

/** The path on each side, as words of the command line. */
function places(direction: Direction | 'local', host: string, source: string, destination: string): string[] {
  if (direction === 'local') return [source, destination];
  return direction === 'push' ? [source, `${host}:${destination}`] : [`${host}:${source}`, destination];
}

/** Runs all stages and returns the destination after each. */
async function stages(
  program: Program,
  common: readonly string[],
  direction: Direction | 'local',
  destination: string,
  host = 'host',
): Promise<Tree[]> {
  const seen: Tree[] = [];
  for (const { source, args } of STAGES) {
    const path = join(base, source);
    const line = [...args, ...common, ...places(direction, host, `${path}/`, `${destination}/`)];
    const { code, signal, stderr, stdout } = await program(line, { timeout: 60_000 });
    expect(
      { code, signal, stderr: stderr.toString('latin1'), stdout: stdout.toString('latin1') },
      line.join(' '),
    ).toEqual({ code: 0, signal: null, stderr: '', stdout: '' });
    seen.push(look(destination));
  }
  return seen;
}

function look(root: string): Tree {
  return snapshotTree(root, { microseconds: true });
}

function expectSame(expected: readonly Tree[], actual: readonly Tree[]): void {
  const report = expected.flatMap((tree, i) =>
    compareTrees(tree, actual[i]!, { names: ['C', 'ours'] }).map((line) => `stage ${i + 1}: ${line}`),
  );
  expect(report.join('\n')).toBe('');
}

/** 3.4.0 brought protocol 32. */
function protocolsOf(peer: Peer): number[] {
  const [major = 0, minor = 0] = peer.version.split('.').map(Number);
  return major > 3 || minor >= 4 ? [29, 30, 31, 32] : [29, 30, 31];
}

for (const peer of found) {
  describe(`the odd tree and rsync ${peer.version}`, () => {
    for (const protocol of protocolsOf(peer)) {
      test.concurrent.each(DIRECTIONS)(
        `%s, protocol ${protocol}`,
        async (direction) => {
          const common = ['-e', fakeShell(base, peer), `--protocol=${protocol}`];
          const work = join(base, `${peer.version}-${protocol}-${direction}`);
          mkdirSync(work);
          const expected = await stages(C, common, direction, join(work, 'c'));
          const client = await stages(runOurs, common, direction, join(work, 'client'));
          expectSame(expected, client);
          const served = ['-e', fakeShell(base, 'ours'), `--protocol=${protocol}`];
          const asked: Program = (args, options) => runRsync(peer, args, options);
          const answered = ['-e', fakeShell(base), `--protocol=${protocol}`];
          // What an old client makes of the times that protocol 29 cannot hold is its own.
          const asks =
            protocol > 29 ? expected : await stages(asked, answered, direction, join(work, 'c-client'));
          expectSame(asks, await stages(asked, served, direction, join(work, 'server')));
          // The expectation itself: from protocol 30 on nothing is lost, to the nanosecond from 31 on.
          if (protocol >= 31) expectSame([look(join(base, 'second'))], [expected.at(-1)!]);
          removeTree(work);
        },
        120_000,
      );
    }
  });
}

describe.skipIf(found.length === 0)('the odd tree and rsyncjs at both ends', () => {
  for (const protocol of [29, 30, 31, 32]) {
    test.concurrent.each(DIRECTIONS)(
      `%s, protocol ${protocol}`,
      async (direction) => {
        const work = join(base, `both-${protocol}-${direction}`);
        mkdirSync(work);
        const forced = `--protocol=${protocol}`;
        const c = ['-e', fakeShell(base), forced];
        const expected = await stages(C, c, direction, join(work, 'c'));
        const ours = ['-e', fakeShell(base, 'ours'), forced];
        expectSame(expected, await stages(runOurs, ours, direction, join(work, 'ours')));
        removeTree(work);
      },
      120_000,
    );
  }

  test('within one machine', async () => {
    const expected = await stages(C, [], 'local', join(base, 'local-c'));
    expectSame(expected, await stages(runOurs, [], 'local', join(base, 'local-ours')));
  });
});

describe.skipIf(found.length === 0 || sshdMissing() !== undefined)('the odd tree through a real sshd', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd?.stop());

  test.each(DIRECTIONS)(
    '%s',
    async (direction) => {
      const shell = [
        `ssh -p ${sshd.port} -i ${sshd.userKeyPath} -l ${sshd.user} -o BatchMode=yes`,
        `-o UserKnownHostsFile=${sshd.knownHostsPath} -o StrictHostKeyChecking=yes`,
      ].join(' ');
      const common = ['-e', shell, `--rsync-path=${newest.path}`];
      const actual = await stages(runOurs, common, direction, join(base, `ssh-${direction}`), sshd.host);
      expectSame([look(join(base, 'second'))], [actual.at(-1)!]);
    },
    120_000,
  );
});

describe.skipIf(found.length === 0)('a sparse file of more than 4 GiB', () => {
  const SIZE = 4.5 * 1024 ** 3;
  const EXTENTS = [0, 1_000_003, 2 ** 31 - 100, 2 ** 32 - 7, 2 ** 32 + 64 * 2 ** 20, SIZE - 5000];

  const data = EXTENTS.map((at, i) => ({ at, data: noise(5000, i + 1) }));

  test.each(DIRECTIONS)(
    '%s',
    async (direction) => {
      const work = join(base, `large-${direction}`);
      makeTree(join(work, 'src'), [
        { path: 'large', sparse: { size: SIZE, extents: data }, mtime: [DEFAULT_TIME, 5000] },
        { path: 'small', content: 'after it\n' },
      ]);
      const line = ['-aS', '-e', fakeShell(base), ...places(direction, 'host', 'src/', 'dst/')];
      const { code, stderr } = await runOurs(line, { cwd: work, timeout: 150_000 });
      expect({ code, stderr: stderr.toString('latin1') }).toEqual({ code: 0, stderr: '' });
      const [expected, actual] = [look(join(work, 'src')), look(join(work, 'dst'))];
      // The digest reads samples, the extents among them; stray data anywhere else would take blocks.
      expect(compareTrees(expected, actual).join('\n')).toBe('');
      expect(statSync(join(work, 'dst/large')).blocks * 512).toBeLessThan(EXTENTS.length * 4 * 64 * 1024);
      removeTree(work);
    },
    180_000,
  );
});
