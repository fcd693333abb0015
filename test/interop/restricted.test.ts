/**
 * Keys that may do nothing but run rrsync in one directory: what C rsync is let do there, rsyncjs is let do too, and
 * with the same outcome. rrsync knows the exact words of C rsync alone, and undoes backslashes alone.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classifyPaths } from '../../src/options/location.ts';
import { parseArguments } from '../../src/options/parse.ts';
import { remoteWords } from '../../src/protocol/remote-words.ts';
import { buildServerArgs } from '../../src/protocol/server-args.ts';
import { SUPPORTED_NAMES } from '../options/supported-names.ts';
import { OPTION_VECTORS } from '../options/vectors.ts';
import { type ForcedKey, forceCommand } from '../support/forced-keys.ts';
import {
  newestPeer,
  type Peer,
  peersWithRrsync,
  type RunResult,
  run,
  runOurs,
  runRsync,
  temporaryFolder,
} from '../support/peers.ts';
import { type Sshd, sshdMissing, startSshd } from '../support/sshd.ts';
import {
  compareTrees,
  copyTree,
  type EntrySpec,
  hideTimesSince,
  makeTree,
  removeTree,
  snapshotTree,
} from '../support/tree.ts';

const newest = newestPeer();

const restricted = peersWithRrsync();

const TREE: readonly EntrySpec[] = [
  { path: 'file', content: 'file\n' },
  { path: 'sub/below', content: 'below\n' },
  { path: 'sp ace', content: 'space\n' },
  { path: "it's (a) $(touch marker) {a,b}; & \\ !", content: 'quotes\n' },
  { path: '=ls', content: 'equals\n' },
  { path: '%self', content: 'percent\n' },
  { path: 'a=~', content: 'tilde\n' },
  { path: '-dash', content: 'dash\n' },
  // rsync gives it bare to rrsync, which splits there.
  { path: 'v\vt', content: 'tab\n' },
];
const NAMES = TREE.map(({ path }) => path as string).slice(3, -1);

/** The root of the directory, and names as people write them. */
const SOURCES: readonly string[][] = [
  [''],
  ['./'],
  ['/'],
  ['sub/'],
  ['/sub'],
  ['sub/../file'],
  ['/etc/passwd'],
  ['*'],
  ['file', 'sp ace', '/sub'],
  NAMES,
];
const DESTINATIONS = [
  '',
  '/',
  'sub',
  'new place',
  "it's {b}; $(touch marker)",
  '/new/',
  '../up',
  '=new',
  '%self/',
];

describe.skipIf(restricted.length === 0 || sshdMissing() !== undefined)('a key for rrsync', () => {
  let base = '';
  let sshd: Sshd;
  let count = 0;

  beforeAll(async () => {
    base = temporaryFolder('restricted');
    makeTree(join(base, 'tree'), TREE);
    sshd = await startSshd();
  });
  afterAll(async () => {
    await sshd?.stop();
    removeTree(base);
  });

  /** A key for one mode and one directory: rrsync locks the directory that it may write to. */
  function key(peer: Peer, mode: string, directory: string): ForcedKey {
    const name = String(++count);
    return forceCommand(sshd, name, [peer.rrsync, mode, directory].filter(Boolean).join(' '));
  }

  /** Runs both programs, each on a tree and with a key of its own, and returns how they ended. */
  async function both(
    peer: Peer,
    mode: string,
    args: (host: string) => string[],
  ): Promise<{ c: RunResult; ours: RunResult; report: string[] }> {
    const work = join(base, `case-${++count}`);
    const since = hideTimesSince();
    const outcome = async (name: 'c' | 'ours') => {
      const folder = join(work, name);
      mkdirSync(folder, { recursive: true });
      for (const tree of ['there', 'here']) copyTree(join(base, 'tree'), join(folder, tree));
      const { shell } = key(peer, mode, join(folder, 'there'));
      const words = ['-rt', '-e', shell, ...args(sshd.host)];
      const options = { cwd: folder, env: { HOME: folder } };
      return name === 'c' ? await runRsync(newest, words, options) : await runOurs(words, options);
    };
    const [c, ours] = await Promise.all([outcome('c'), outcome('ours')]);
    const trees = ['c', 'ours'].map((name) => snapshotTree(join(work, name), { hideTimesSince: since }));
    const report = compareTrees(trees[0]!, trees[1]!, { names: ['C', 'ours'] });
    rmSync(work, { recursive: true, force: true });
    return { c, ours, report };
  }

  /** What a run came to; a refusal ends C with whatever it is told of first. */
  function verdict({ code, stderr }: RunResult): string {
    return code !== 0 && /rrsync/.test(stderr.toString()) ? 'refused' : `exit ${code}`;
  }

  async function check(peer: Peer, mode: string, args: (host: string) => string[]): Promise<string> {
    const { c, ours, report } = await both(peer, mode, args);
    expect({ verdict: verdict(ours), trees: report }).toEqual({ verdict: verdict(c), trees: [] });
    return verdict(ours);
  }

  const remote = (host: string, paths: readonly string[]): string[] =>
    paths.map((path, i) => `${i === 0 ? host : ''}:${path}`);

  for (const peer of restricted) {
    // The whole list for the oldest that is in Python and for the newest.
    const brief = peer !== restricted.at(-1) && peer.suite !== 'bookworm';
    describe(`rsync ${peer.version}`, () => {
      test.concurrent.each((brief ? SOURCES.slice(-2) : SOURCES).map((paths) => [paths]))(
        '-ro: pull %j',
        async (paths) => {
          await check(peer, '-ro', (host) => [...remote(host, paths), 'out/']);
        },
      );

      test.concurrent.each(brief ? DESTINATIONS.slice(3, 6) : DESTINATIONS)(
        '-wo: push to %j',
        async (path) => {
          await check(peer, '-wo', (host) => ['here/sub', 'here/file', ...remote(host, [path])]);
        },
      );

      test.concurrent.each([
        ['', 'exit 0', 'exit 0'],
        ['-ro', 'exit 0', 'refused'],
        ['-wo', 'refused', 'exit 0'],
      ])('%s is kept in both directions', async (mode, pull, push) => {
        expect(await check(peer, mode, (host) => [`${host}:`, 'out/'])).toBe(pull);
        expect(await check(peer, mode, (host) => ['here/', `${host}:new`])).toBe(push);
      });

      test.concurrent('a name that C rsync loses', async () => {
        const { c, ours, report } = await both(peer, '-ro', (host) => [`${host}:v\vt`, 'out/']);
        expect([verdict(ours), c.code === 0, report.filter((line) => line.includes('"out/v'))]).toEqual([
          'exit 0',
          false,
          [expect.stringMatching(/^"out\/v\\u000bt": only in ours/)],
        ]);
      });

      test.concurrent('an everyday mirror', async () => {
        const usual = [
          '-avzi',
          '--delete',
          '--partial',
          '--stats',
          '--timeout=60',
          '--bwlimit=10m',
          '--exclude=x',
        ];
        expect(await check(peer, '', (host) => [...usual, 'here/sub/', `${host}:`])).toBe('exit 0');
        expect(await check(peer, '', (host) => [...usual, `${host}:sub/`, 'here/'])).toBe('exit 0');
      });

      test.concurrent('--secluded-args is refused', async () => {
        expect(await check(peer, '', (host) => ['-s', `${host}:`, 'out/'])).toBe('refused');
      });
    });
  }
});

describe.skipIf(restricted.length === 0)('the words that rrsync is given', () => {
  let base = '';
  let capture = '';
  let shown = '';

  beforeAll(() => {
    base = temporaryFolder('words');
    capture = join(base, 'capture');
    shown = join(base, 'shown');
    mkdirSync(join(base, 'src'));
    writeFileSync(capture, `#!/bin/sh\nshift\nprintf '%s' "$*" >'${shown}'\nexit 1\n`, { mode: 0o755 });
  });

  afterAll(() => removeTree(base));

  const samples = OPTION_VECTORS.filter(
    ({ wire, long, short, group }) =>
      group !== 'daemon-mode' && wire && SUPPORTED_NAMES.includes((long ?? short)!),
  ).map(({ wire }) => wire!.sample);
  const paths = { push: ['src/', 'host:dst'], pull: ['host:src', 'dst/'] };

  function oursFor(argv: readonly string[]): string {
    const { options, paths: given } = parseArguments(argv);
    const route = classifyPaths(given, options);
    const args = buildServerArgs(options, route.direction === 'push' ? 'receiver' : 'sender');
    return ['rsync', ...remoteWords(args, route.remotePaths, options)].join(' ');
  }

  async function cFor(peer: Peer, argv: readonly string[]): Promise<string | undefined> {
    rmSync(shown, { force: true });
    await run(peer.path, [...argv, '-e', capture], { cwd: base });
    return existsSync(shown) ? readFileSync(shown, 'utf8') : undefined;
  }

  // Python is started for every option: the newest release stands for all, but before a release of ours.
  const asked = process.env.RSYNCJS_ALL ? restricted : restricted.slice(-1);
  for (const peer of asked) {
    test(`rsync ${peer.version} refuses nothing of ours that it takes from C rsync`, async () => {
      // The same rrsync with nothing behind it: what it lets through succeeds.
      const gate = join(base, `rrsync-${peer.version}`);
      const script = readFileSync(peer.rrsync!, 'latin1');
      const emptied = script.replace(/^((?:use constant )?RSYNC =>? )'[^']*'/m, "$1'/bin/true'");
      writeFileSync(gate, emptied, 'latin1');
      chmodSync(gate, 0o755);
      const verdicts = new Map<string, boolean>();
      const accepts = (command: string): boolean => {
        let verdict = verdicts.get(command);
        if (verdict === undefined) {
          try {
            execFileSync(gate, [base], {
              env: { ...process.env, SSH_ORIGINAL_COMMAND: command },
              stdio: 'pipe',
            });
            verdict = true;
          } catch {
            verdict = false;
          }
          verdicts.set(command, verdict);
        }
        return verdict;
      };
      mkdirSync(join(base, 'dst'), { recursive: true });

      const worse: string[] = [];
      let accepted = 0;
      for (const sample of samples) {
        for (const direction of ['push', 'pull'] as const) {
          const argv = [...sample, ...paths[direction]];
          const ours = oursFor(argv);
          const ok = accepts(ours);
          if (ok) accepted++;
          else {
            for (const client of [peer, newest]) {
              const c = await cFor(client, argv);
              if (c !== undefined && accepts(c))
                worse.push(`${argv.join(' ')}: ours "${ours}", C ${client.version} "${c}"`);
            }
          }
        }
      }
      expect(worse).toEqual([]);
      expect(accepted).toBeGreaterThan(samples.length);
    });
  }
});
