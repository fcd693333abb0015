/**
 * Differential tests: the same command line with C rsync throughout and with rsyncjs in the place of one program, on
 * equal trees: exit status, everything on disk (both trees and what lies beside them) and standard output must agree.
 *
 *   RSYNCJS_CASES=REGEX        only the cases whose title matches
 *   RSYNCJS_ALL=1              all cases also where a part is enough for every day
 *   RSYNCJS_UNDER_TEST=PROGRAM another program in the place of rsyncjs (a real rsync proves this test)
 *   RSYNCJS_KEEP=1             keep the trees of failed cases
 */
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  fakeShell,
  newestPeer,
  type Peer,
  type RunResult,
  requirePeers,
  run,
  runOurs,
  runRsync,
  temporaryFolder,
} from '../support/peers.ts';
import { compareTrees, hideTimesSince, isRoot, removeTree, snapshotTree } from '../support/tree.ts';
import type { Case, Direction } from './cases.ts';
import { commandLine, type Remote, throughShell, title } from './command-line.ts';
import { moduleOf, stopDaemons } from './differential-daemons.ts';
import { makeFixtures } from './fixtures.ts';
import { inStreams, lineDiff, normalised, similarTraffic, trafficOf } from './output.ts';

export const found = requirePeers();
export const newest = newestPeer();
const wanted = new RegExp(process.env.RSYNCJS_CASES ?? '');

let base = '';
let count = 0;

beforeAll(() => {
  if (found.length === 0) return;
  process.umask(0o022);
  base = temporaryFolder('differential');
  makeFixtures(join(base, 'fixtures'));
});

afterAll(async () => {
  await stopDaemons();
  if (base !== '' && process.env.RSYNCJS_KEEP === undefined) removeTree(base);
});

/**
 * Which program rsyncjs stands in for. `local` has one program only; a `daemon client` is the client of a daemon, with
 * the others there is a remote shell between the two.
 */
export type Place = 'client' | 'server' | 'local' | 'daemon' | 'daemon client';

interface Outcome {
  result: RunResult;
  disk: ReturnType<typeof snapshotTree>;
}

/** One copy of a fixture for each program. One process for both: starting one is what a case costs most. */
async function copies(given: Case, work: string): Promise<void> {
  const script = 'for name in c ours; do cp -a --sparse=auto -T "$0" "$1/$name" || exit 1; done';
  const { code, stderr } = await run('sh', ['-c', script, join(base, 'fixtures', given.fixture), work]);
  if (code !== 0) throw new Error(`cp: ${stderr}`);
}

/** Runs one program in its copy and looks at everything it left there. */
async function runCase(
  args: string[],
  folder: string,
  program: 'C' | 'ours',
  client: Peer,
): Promise<Outcome> {
  const since = hideTimesSince();
  const options = { cwd: folder, env: { HOME: folder } };
  const result = program === 'C' ? await runRsync(client, args, options) : await runOurs(args, options);
  return { result, disk: snapshotTree(folder, { microseconds: true, hideTimesSince: since }) };
}

/** Everything in which the two outcomes disagree. */
function disagreements(
  given: Case,
  direction: Direction,
  place: Place,
  expected: Outcome,
  actual: Outcome,
): string[] {
  const report: string[] = [];
  const c = expected.result;
  const ours = actual.result;
  const either = given.statuses?.includes(c.code ?? -1) === true && given.statuses.includes(ours.code ?? -1);
  const stopped = !either && (c.code !== ours.code || c.signal !== ours.signal);
  if (stopped) {
    report.push(`exit status: C ${c.signal ?? c.code}, ours ${ours.signal ?? ours.code}`);
  }
  // A run that ended early differs in everything: its complaint tells more than a long list.
  const limit = stopped ? 8 : 40;
  const trees = compareTrees(expected.disk, actual.disk, { names: ['C', 'ours'], limit });
  if (trees.length > 0) report.push('trees:', ...trees.map((line) => `  ${line}`));
  if (given.output !== 'none') {
    const [left, right] = [c, ours].map(({ stdout }) =>
      inStreams(normalised(stdout), direction === 'pull', place.endsWith('client')),
    );
    const difference = lineDiff(left!, right!, limit);
    if (difference.length > 0) report.push('stdout (- C, + ours):', ...difference.map((line) => `  ${line}`));
  }
  // The wording of complaints is free; whether there is one is not.
  if ((c.stderr.length === 0) !== (ours.stderr.length === 0))
    report.push('stderr: one complains, the other does not');
  // A listing of local files is sent the other way round.
  if (given.traffic && !(place === 'local' && given.to === '')) {
    const [a, b] = [trafficOf(c.stdout), trafficOf(ours.stdout)];
    if (
      a !== undefined &&
      b !== undefined &&
      !(similarTraffic(a.sent, b.sent) && similarTraffic(a.received, b.received))
    ) {
      report.push(
        `traffic: C sent ${a.sent}, received ${a.received}; ours sent ${b.sent}, received ${b.received}`,
      );
    }
  }
  return report;
}

/** Fails with everything in which rsyncjs in `place` differs from C rsync there. `peer`: the program at the other end. */
export async function check(
  given: Case,
  direction: Direction,
  place: Place = 'client',
  peer: Peer = newest,
): Promise<void> {
  const work = join(base, `case-${++count}`);
  mkdirSync(work);
  const answers = place === 'server' || place === 'daemon';
  const [client, server] = answers ? [peer, newest] : [newest, peer];
  // Without a root of its own the daemon of 3.5.1 finds no file of a list: "file has vanished".
  const lists: Record<string, string> =
    isRoot && usesList(given) ? { 'use chroot': 'yes', 'numeric ids': 'no' } : {};
  const remote = (program: Peer | 'ours', copy: string): Promise<Remote> | Remote | undefined => {
    if (place === 'local') return undefined;
    return place.startsWith('daemon')
      ? moduleOf(program, base, `${basename(work)}-${copy}`, { path: join(work, copy), ...lists })
      : throughShell(fakeShell(base, program));
  };
  const reference = commandLine(given, direction, await remote(server, 'c'));
  const args = commandLine(given, direction, await remote(answers ? 'ours' : server, 'ours'));
  await copies(given, work);
  const [expected, actual] = await Promise.all([
    runCase(reference, join(work, 'c'), 'C', client),
    runCase(args, join(work, 'ours'), answers ? 'C' : 'ours', client),
  ]);
  const report = disagreements(given, direction, place, expected, actual);
  if (report.length > 0 && process.env.RSYNCJS_KEEP !== undefined) report.push(`kept: ${work}`);
  else removeTree(work);
  if (report.length === 0) return;
  const stderr = (name: string, { result }: Outcome): string[] =>
    result.stderr.length === 0
      ? []
      : [`stderr of ${name}: ${result.stderr.toString('latin1').trimEnd().slice(0, 2000)}`];
  const failure = new Error(
    [
      `rsync ${args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg}'`)).join(' ')}`,
      ...report,
      ...stderr('C', expected),
      ...stderr('ours', actual),
    ].join('\n'),
  );
  // The line of this file that failed is always this one: show the report alone.
  failure.stack = '';
  throw failure;
}

function usesList(given: Case): boolean {
  return given.args.includes('--files-from');
}

/** One case of `part`, from the first on; all of them with RSYNCJS_ALL. */
export function everyDay(cases: readonly Case[], part: number): readonly Case[] {
  return process.env.RSYNCJS_ALL === undefined ? cases.filter((_, index) => index % part === 0) : cases;
}

/** A suite with one test a case and direction, of those that RSYNCJS_CASES wants; none without any. */
export function suite(
  name: string,
  cases: readonly Case[],
  place: Place,
  body: (given: Case, direction: Direction) => Promise<void>,
): void {
  const tests = new Map<string, () => Promise<void>>();
  for (const given of cases) {
    for (const direction of given.directions) {
      if (given.unable?.includes(`${place} ${direction}`)) continue;
      // See `check`: only root can give the module a root of its own.
      if (place === 'daemon' && direction === 'pull' && !isRoot && usesList(given)) continue;
      const line = title(given, direction);
      if (wanted.test(`${name} ${line}`) || wanted.test(line)) tests.set(line, () => body(given, direction));
    }
  }
  if (tests.size === 0) return;
  describe.skipIf(found.length === 0)(name, () => {
    for (const [line, run] of tests) test.concurrent(line, run);
  });
}
