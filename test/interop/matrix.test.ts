/**
 * A tree of everything odd, in both directions, with every release of rsync at the other end and every protocol that it
 * speaks. rsyncjs is the client, the server, the daemon and the client of a daemon, and is at both ends: first in full,
 * then over an older tree (deltas, deletions, attributes). What C rsync makes of the same is the expected result, so that
 * limits of an old protocol are not ours.
 *
 * RSYNCJS_ALL=1 adds what finds nothing that the rest does not: 3.5.0 with older protocols, which it speaks as 3.5.1 does;
 * deltas and deletions each in a run of its own; our client as a process (every day it runs in this one, the servers are
 * processes anyway); 4.5 GiB that travel (every day only what is appended to them does).
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { transfer } from '../../src/client/transfer.ts';
import { Capture } from '../cli/support.ts';
import { TestDaemon } from '../support/daemons.ts';
import { modified, ODD_TREE } from '../support/odd-tree.ts';
import {
  fakeShell,
  newestPeer,
  type Peer,
  requirePeers,
  runOurs,
  runRsync,
  temporaryFolder,
} from '../support/peers.ts';
import { type Sshd, sshdMissing, startSshd } from '../support/sshd.ts';
import {
  compareTrees,
  copyTree,
  DEFAULT_TIME,
  isRoot,
  makeTree,
  noise,
  removeTree,
  snapshotTree,
  type Tree,
} from '../support/tree.ts';
import { inModule, type Remote, throughShell } from './command-line.ts';

const found = requirePeers();
const newest = found.at(-1) ?? newestPeer();
const all = process.env.RSYNCJS_ALL !== undefined;
const DIRECTIONS = ['push', 'pull'] as const;
type Direction = (typeof DIRECTIONS)[number];

let base = '';
/** By program: everything below `base` is the module `all`. */
const daemons = new Map<Peer | 'ours', TestDaemon>();

beforeAll(async () => {
  if (found.length === 0) return;
  process.umask(0o022);
  base = temporaryFolder('matrix');
  makeTree(join(base, 'first'), ODD_TREE);
  makeTree(join(base, 'second'), modified(ODD_TREE));
  const identity = isRoot ? 'uid = root\ngid = root\n' : '';
  const config = `use chroot = no\nmunge symlinks = no\n${identity}[all]\npath = ${base}\nread only = no\n`;
  await Promise.all(
    [...found, 'ours' as const].map(async (program) => {
      const folder = join(base, `daemon-${program === 'ours' ? program : program.version}`);
      mkdirSync(folder);
      const peer = program === 'ours' ? undefined : program;
      daemons.set(program, await TestDaemon.start({ peer, folder, config, tree: base }));
    }),
  );
});

afterAll(async () => {
  await Promise.all([...daemons.values()].map((daemon) => daemon.stop()));
  if (base !== '') removeTree(base);
});

/** Source tree and options of each stage; all go into one destination. */
const STAGES: readonly { source: string; args: readonly string[] }[] = all
  ? [
      { source: 'first', args: ['-aHS'] },
      { source: 'second', args: ['-aHz'] },
      { source: 'second', args: ['-aHSc', '--delete'] },
    ]
  : [
      { source: 'first', args: ['-aHS'] },
      { source: 'second', args: ['-aHSzc', '--delete'] },
    ];

interface Told {
  code: number | null;
  stdout: string;
  stderr: string;
}
type Program = (args: readonly string[]) => Promise<Told>;

const client =
  (peer: Peer): Program =>
  async (args) =>
    told(await runRsync(peer, args, { timeout: 60_000 }));
const separate: Program = async (args) => told(await runOurs(args, { timeout: 60_000 }));

/** Our client within this process, which spares a start. */
const within: Program = async (args) => {
  const [stdout, stderr] = [new Capture(), new Capture()];
  const env = { PATH: process.env.PATH };
  const code = await run({ argv: args, name: 'rsync', env, stdout, stderr, transfer });
  return { code, stdout: stdout.text, stderr: stderr.text };
};

const ours = all ? separate : within;

function told({ code, stdout, stderr }: { code: number | null; stdout: Buffer; stderr: Buffer }): Told {
  return { code, stdout: stdout.toString('latin1'), stderr: stderr.toString('latin1') };
}

const shell = (server: Peer | 'ours'): Remote => absolute(throughShell(fakeShell(base, server)));
const daemon = (server: Peer | 'ours'): Remote => absolute(inModule(daemons.get(server)!.port, 'all'));
const local: Remote = { options: [], path: (path) => join(base, path) };

/** Behind a shell paths start at the root of the disk, in the module at its own. */
function absolute({ options, path }: Remote): Remote {
  return { options, path: (name) => path(options.length > 0 ? join(base, name) : name) };
}

/** Runs all stages and returns the destination, a name below `base`, after each. */
async function stages(
  program: Program,
  remote: Remote,
  direction: Direction,
  destination: string,
  forced: readonly string[] = [],
): Promise<Tree[]> {
  const seen: Tree[] = [];
  for (const { source, args } of STAGES) {
    const [from, to] = direction === 'push' ? [local, remote] : [remote, local];
    const line = [...args, ...remote.options, ...forced, from.path(`${source}/`), to.path(`${destination}/`)];
    expect(await program(line), line.join(' ')).toEqual({ code: 0, stderr: '', stdout: '' });
    seen.push(look(join(base, destination)));
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

/** Of those that rsyncjs speaks, too. Older releases have newer ones where a distribution has added them. */
function protocolsOf(peer: Peer): number[] {
  const { stdout } = spawnSync(peer.path, ['--version'], { encoding: 'latin1' });
  const latest = Math.min(32, Number(/protocol version (\d+)/.exec(stdout)![1]));
  if (peer.version.startsWith('3.5.0') && !all) return [latest];
  return [29, 30, 31, 32].filter((protocol) => protocol <= latest);
}

for (const peer of found) {
  describe(`the odd tree and rsync ${peer.version}`, () => {
    for (const protocol of protocolsOf(peer)) {
      test.concurrent.each(DIRECTIONS)(
        `%s, protocol ${protocol}`,
        async (direction) => {
          const forced = [`--protocol=${protocol}`];
          const pulls = direction === 'pull';
          const work = `${peer.version}-${protocol}-${direction}`;
          mkdirSync(join(base, work));
          const made = (program: Program, remote: Remote, name: string): Promise<Tree[]> =>
            stages(program, remote, direction, `${work}/${name}`, forced);
          const expected = await made(client(newest), shell(peer), 'c');
          // A daemon stores other symlinks than a server, and sends what it has.
          const stored = pulls ? expected : await made(client(newest), daemon(peer), 'c-daemon');
          expectSame(expected, await made(ours, shell(peer), 'client'));
          expectSame(stored, await made(ours, daemon(peer), 'daemon-client'));
          // What an old client makes of the times that protocol 29 cannot hold is its own.
          const isOld = protocol === 29;
          const asked = isOld ? await made(client(peer), shell(newest), 'c-asked') : expected;
          const kept =
            isOld && !pulls ? await made(client(peer), daemon(newest), 'c-kept') : pulls ? asked : stored;
          expectSame(asked, await made(client(peer), shell('ours'), 'server'));
          expectSame(kept, await made(client(peer), daemon('ours'), 'daemon'));
          // The expectation itself: from protocol 30 on nothing is lost, to the nanosecond from 31 on.
          if (protocol >= 31) expectSame([look(join(base, 'second'))], [expected.at(-1)!]);
          removeTree(join(base, work));
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
        const forced = [`--protocol=${protocol}`];
        const work = `both-${protocol}-${direction}`;
        mkdirSync(join(base, work));
        const made = (program: Program, remote: Remote, name: string): Promise<Tree[]> =>
          stages(program, remote, direction, `${work}/${name}`, forced);
        const expected = await made(client(newest), shell(newest), 'c');
        expectSame(expected, await made(ours, shell('ours'), 'ours'));
        const stored =
          direction === 'pull' ? expected : await made(client(newest), daemon(newest), 'c-daemon');
        expectSame(stored, await made(ours, daemon('ours'), 'ours-daemon'));
        removeTree(join(base, work));
      },
      120_000,
    );
  }

  test('within one machine', async () => {
    const expected = await stages(client(newest), local, 'push', 'local-c');
    expectSame(expected, await stages(ours, local, 'push', 'local-ours'));
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
      const command = [
        `ssh -p ${sshd.port} -i ${sshd.userKeyPath} -l ${sshd.user} -o BatchMode=yes`,
        `-o UserKnownHostsFile=${sshd.knownHostsPath} -o StrictHostKeyChecking=yes`,
      ].join(' ');
      const remote = {
        options: ['-e', command, `--rsync-path=${newest.path}`],
        path: (path: string) => `${sshd.host}:${join(base, path)}`,
      };
      const actual = await stages(separate, remote, direction, `ssh-${direction}`);
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
      if (!all) {
        copyTree(join(work, 'src'), join(work, 'dst'));
        truncateSync(join(work, 'dst/large'), SIZE - 1_000_000);
      }
      const paths = direction === 'push' ? ['src/', 'host:dst/'] : ['host:src/', 'dst/'];
      const line = [all ? '-aS' : '-a --append', '-e', fakeShell(base), ...paths].flatMap((word) =>
        word.split(' '),
      );
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
