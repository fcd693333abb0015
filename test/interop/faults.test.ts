/**
 * Runs that are broken off: at 200 points of seed RSYNCJS_FAULTS_SEED with RSYNCJS_FAULTS=all, else at some of them. At
 * every one: the old file or the new one, nothing gone that the source has, nothing left behind, the exit code of rsync,
 * and the next run completes.
 */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  truncateSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { transfer } from '../../src/client/transfer.ts';
import { isRsyncError, type RsyncError } from '../../src/core/errors.ts';
import type { TransferEvent } from '../../src/core/events.ts';
import { type OptionsInput, resolveOptions } from '../../src/options/resolve.ts';
import { type FarEnd, type Fault, faultShell, ownServer, realServer, relay } from '../support/faults.ts';
import { MAIN, newestPeer, type Peer, requirePeers, temporaryFolder } from '../support/peers.ts';
import { isAlive, killAll, type Started, seconds, start, until } from '../support/processes.ts';
import { isRoot, makeTree, removeTree } from '../support/tree.ts';
import {
  DESTINATION,
  damage,
  describePoint,
  differencesTo,
  faultPoints,
  lost,
  optionsOf,
  type Point,
  SOURCE,
  sourceOf,
} from './fault-points.ts';

const found = requirePeers();
const onWindows = process.platform === 'win32';
const all = process.env.RSYNCJS_FAULTS === 'all';
const points = faultPoints(Number(process.env.RSYNCJS_FAULTS_SEED ?? 1)).filter(
  ({ number }) => all || number % 8 === 0,
);
const base = temporaryFolder('faults');
afterAll(() => {
  killAll();
  removeTree(base);
  // What all points together leave behind is a great many trees.
}, 600_000);

interface Place {
  path: string;
  src: string;
  dst: string;
}

let places = 0;
function newPlace(): Place {
  const path = join(base, String(places++));
  const place = { path, src: join(path, 'src'), dst: join(path, 'dst') };
  mkdirSync(path);
  mkdirSync(join(path, 'temp'));
  makeTree(place.src, SOURCE);
  makeTree(place.dst, DESTINATION);
  return place;
}

interface Ended {
  exitCode: number;
  error: RsyncError | undefined;
}

/** Our client in this process against a server behind a relay. */
async function clientRun(
  point: Point,
  { src, dst }: Place,
  peer: Peer | 'ours',
  fault: Fault | undefined,
  onEvent: (event: TransferEvent) => void = () => {},
  more: OptionsInput = {},
): Promise<Ended & { passed: { server: number; client: number }; struck: boolean }> {
  const options = resolveOptions({ ...optionsOf(point), ...more });
  const pulls = point.direction === 'pull';
  const role = pulls ? 'sender' : 'receiver';
  const path = pulls ? sourceOf(point, src) : dst;
  const far: FarEnd =
    peer === 'ours' ? ownServer(options, role, path, onEvent) : realServer(peer, options, role, path);
  const joined = relay(far, fault);
  const ended: Ended = { exitCode: 0, error: undefined };
  try {
    const result = await transfer({
      options,
      direction: point.direction,
      remote: { user: undefined, host: 'relay' },
      remotePaths: [path],
      localPaths: [pulls ? dst : sourceOf(point, src)],
      channel: joined.channel,
      onEvent,
    });
    ended.exitCode = result.exitCode;
  } catch (error) {
    if (!isRsyncError(error)) throw error;
    ended.error = error;
    ended.exitCode = error.exitCode;
  }
  await far.exit;
  return { ...ended, passed: joined.passed, struck: joined.struck };
}

/** Bytes that go through when nothing happens, by what decides it. */
const lengths = new Map<string, { server: number; client: number }>();
async function lengthOf(point: Point, peer: Peer | 'ours'): Promise<number> {
  const key = [point.direction, point.protocol, ...point.words, peer === 'ours' ? peer : peer.version].join(
    ' ',
  );
  let known = lengths.get(key);
  if (known === undefined) {
    const place = newPlace();
    const { exitCode, error, passed } = await clientRun(point, place, peer, undefined);
    expect(exitCode, error?.message).toBe(0);
    expect(differencesTo(place.src, place.dst, point.words)).toEqual([]);
    known = passed;
    lengths.set(key, known);
  }
  return known[point.to];
}

/** The next run completes, and both sides are equal. */
async function expectRecovery(point: Point, place: Place): Promise<void> {
  if (point.words.includes('--remove-source-files')) expect(lost(place.src, place.dst)).toEqual([]);
  // What has the length of its source is complete for --append, whatever is in it.
  const { exitCode, error } = await clientRun(point, place, 'ours', undefined, undefined, { append: 0 });
  expect(exitCode, error?.message).toBe(0);
  expect(differencesTo(place.src, place.dst, point.words)).toEqual([]);
}

/** The receiving end is ours. */
const weWrite = ({ direction, local }: Point, peer: Peer | 'ours'): boolean =>
  direction === 'pull' || local || peer === 'ours';

// ---- the connection, or the server, is gone ----

async function lostServer(point: Point, peer: Peer | 'ours', act: Fault['act']): Promise<void> {
  const length = await lengthOf(point, peer);
  const place = newPlace();
  const bytes = 1 + Math.floor(point.at * (length - 1));
  const { exitCode, error, struck } = await clientRun(point, place, peer, { to: point.to, bytes, act });
  expect(struck).toBe(true);
  const killed = act === 'kill' && peer !== 'ours';
  const mayHold = killed && point.direction === 'push';
  expect(damage(place.dst, point.words, mayHold, weWrite(point, peer)), `after ${bytes} bytes`).toEqual([]);
  // A connection that ends before the last words is 12; the status of a server that was killed says more to a sender.
  // When all has been said nothing is wrong.
  const told = `${bytes} of ${length} bytes to the ${point.to}: ${error?.message}`;
  expect([12, 255, 125, ...(bytes > length - 40 ? [0] : [])], told).toContain(exitCode);
  await expectRecovery(point, place);
}

// ---- a process of ours, or of C, is killed ----

function argsOf(point: Point, { src, dst }: Place, shell: string | undefined): string[] {
  const host = (path: string): string => (shell === undefined ? path : `host:${path}`);
  const paths =
    point.direction === 'pull' ? [host(sourceOf(point, src)), dst] : [sourceOf(point, src), host(dst)];
  const remote = shell === undefined ? [] : ['-e', shell, `--protocol=${point.protocol}`];
  return ['-rlti', '--no-inc-recursive', '--no-W', ...point.words, ...remote, ...paths];
}

/** Waits until all of a server that a shell has started is gone, and has cleaned up. */
async function serverEnd(place: Place): Promise<void> {
  const file = join(place.path, 'server');
  if (!existsSync(file)) return;
  const group = Number(readFileSync(file, 'latin1'));
  await until(() => !isAlive(-group));
}

/** Slow enough to be caught in the act: about a second for it all. */
const SLOW = '--bwlimit=600';

/** Starts a client, kills somebody when so many lines of it have come, and returns what it ended with. */
async function killedRun(
  point: Point,
  place: Place,
  client: Started,
  victim: () => void,
): Promise<{ exitCode: number | null; inTime: boolean }> {
  const wanted = Math.floor(point.at * 16);
  let over = false;
  void client.ended.then(() => {
    over = true;
  });
  await until(() => over || client.lines.length > wanted);
  await seconds((point.random.below(100) / 1000) * 2);
  const inTime = !over;
  victim();
  const exitCode = await client.ended;
  await serverEnd(place);
  return { exitCode, inTime };
}

async function ownClientKilled(point: Point): Promise<void> {
  const place = newPlace();
  const signal = point.random.pick(['SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGINT'] as const);
  const shell = point.local ? undefined : faultShell(place.path, { peer: newestPeer() });
  const client = start(process.execPath, [MAIN, SLOW, ...argsOf(point, place, shell)]);
  const { exitCode, inTime } = await killedRun(point, place, client, () => client.kill(signal));
  if (inTime) expect([20, 137, 0], client.lines.join('\n')).toContain(exitCode);
  const mayHold = signal === 'SIGKILL' && (point.local || point.direction === 'pull');
  expect(damage(place.dst, point.words, mayHold, weWrite(point, newestPeer())), signal).toEqual([]);
  await expectRecovery(point, place);
}

async function ownServerKilled(point: Point): Promise<void> {
  const place = newPlace();
  const shell = faultShell(place.path, { peer: 'ours' });
  const client = start(newestPeer().path, [SLOW, ...argsOf(point, place, shell)]);
  const signal = point.random.pick(['SIGKILL', 'SIGTERM'] as const);
  const { exitCode, inTime } = await killedRun(point, place, client, () => {
    try {
      process.kill(-Number(readFileSync(join(place.path, 'server'), 'latin1')), signal);
    } catch {
      // It has ended, or has not begun.
    }
  });
  if (inTime) expect(exitCode, client.lines.join('\n')).not.toBeNull();
  const mayHold = signal === 'SIGKILL' && point.direction === 'push';
  expect(damage(place.dst, point.words, mayHold, point.direction === 'push'), signal).toEqual([]);
  await expectRecovery(point, place);
}

async function realClientKilled(point: Point): Promise<void> {
  const place = newPlace();
  const shell = faultShell(place.path, { peer: 'ours' });
  const client = start(newestPeer().path, [SLOW, ...argsOf(point, place, shell)]);
  await killedRun(point, place, client, () => client.kill('SIGKILL'));
  // Our server, when it receives, has cleaned up by itself.
  const mayHold = point.direction === 'pull';
  expect(damage(place.dst, point.words, mayHold, point.direction === 'push')).toEqual([]);
  await expectRecovery(point, place);
}

// ---- the same fault for C and for us: the same exit code ----

async function bothClientsCut(point: Point): Promise<void> {
  const length = await lengthOf(point, newestPeer());
  const bytes = 60 + Math.floor(point.at * (length - 200));
  const codes: (number | null)[] = [];
  for (const program of ['real', 'ours'] as const) {
    const place = newPlace();
    const shell = faultShell(place.path, { peer: newestPeer(), cut: { to: point.to, bytes } });
    const args = argsOf(point, place, shell);
    const client =
      program === 'real' ? start(newestPeer().path, args) : start(process.execPath, [MAIN, ...args]);
    codes.push(await client.ended);
    await serverEnd(place);
    if (program === 'real') continue;
    expect(
      damage(place.dst, point.words, false, point.direction === 'pull'),
      client.lines.join('\n'),
    ).toEqual([]);
    await expectRecovery(point, place);
  }
  expect(codes[1], `${bytes} of ${length} bytes`).toBe(codes[0]);
}

async function diskFull(point: Point): Promise<void> {
  const codes: (number | null)[] = [];
  for (const program of ['real', 'ours'] as const) {
    const place = newPlace();
    removeTree(place.dst);
    mkdirSync(place.dst);
    // It takes what is there, and never all that comes.
    const size = 700_000 + Math.floor(point.at * 400_000);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', place.dst]).status).toBe(0);
    try {
      makeTree(place.dst, DESTINATION);
      const shell = point.local ? undefined : faultShell(place.path, { peer: newestPeer() });
      const args = argsOf(point, place, shell);
      const client =
        program === 'real' ? start(newestPeer().path, args) : start(process.execPath, [MAIN, ...args]);
      codes.push(await client.ended);
      await serverEnd(place);
      if (program === 'real') continue;
      const told = client.lines.join('\n');
      expect(damage(place.dst, point.words, false, weWrite(point, newestPeer())), told).toEqual([]);
      // A real client that is still sending when its server gives up sees no more than the end of the connection (12),
      // or that it cannot write (10).
      expect(point.direction === 'push' && !point.local ? [11, 12, 10] : [11]).toContain(codes[0]);
      expect(codes[1], told).toBe(11);
      spawnSync('mount', ['-o', 'remount,size=100m', place.dst]);
      await expectRecovery(point, place);
    } finally {
      spawnSync('umount', [place.dst]);
    }
  }
}

async function sourceChanges(point: Point): Promise<void> {
  const change = point.random.pick(['vanishes', 'grows', 'shrinks'] as const);
  const peer = point.random.pick(['ours', newestPeer()] as const);
  // Whose events there are: what is read there must be read in this process.
  const reader = point.direction === 'push' ? peer : 'ours';
  const place = newPlace();
  const victim = join(place.src, point.random.pick(['dir/fresh', 'z/last', 'changed']));
  let done = false;
  const onEvent = (event: TransferEvent): void => {
    if (done || event.type !== 'flist' || event.stage !== 'end') return;
    done = true;
    if (change === 'vanishes') unlinkSync(victim);
    else if (change === 'grows') appendFileSync(victim, 'more');
    else truncateSync(victim, 1000);
  };
  // One list: else the file might be gone before it is listed, and nobody would miss it.
  const { exitCode, error } = await clientRun(point, place, reader, undefined, onEvent, {
    incRecurse: false,
  });
  expect(done).toBe(true);
  expect(error).toBeUndefined();
  // What is asked for is read as it is then: only a file that is not there any more is missed.
  const missed = change === 'vanishes' ? [24] : [0];
  expect(missed, `${change} ${victim} ${reader === 'ours' ? reader : reader.version}`).toContain(exitCode);
  if (change === 'vanishes') {
    expect(damage(place.dst, point.words, false, weWrite(point, reader))).toEqual([]);
    removeTree(place.src);
    makeTree(place.src, SOURCE);
  }
  await expectRecovery(point, place);
}

async function unreadable(point: Point): Promise<void> {
  const nobody = 65_534;
  const results: { code: number | null; dst: string; lines: string[] }[] = [];
  const victim = point.random.pick(['dir', 'dir/sub', 'many']);
  for (const program of ['real', 'ours'] as const) {
    const place = newPlace();
    for (const path of [base, place.path]) chmodSync(path, 0o755);
    spawnSync('chown', ['-hR', String(nobody), place.path]);
    chmodSync(join(place.src, victim), 0);
    const shell = faultShell(place.path, { peer: newestPeer() });
    spawnSync('chown', [String(nobody), shell]);
    const args = argsOf({ ...point, direction: 'push' }, place, undefined);
    const client =
      program === 'real'
        ? start(newestPeer().path, args, nobody)
        : start(process.execPath, [MAIN, ...args], nobody);
    results.push({ code: await client.ended, dst: place.dst, lines: client.lines });
    chmodSync(join(place.src, victim), 0o755);
    if (program === 'real') continue;
    // Nothing is deleted anywhere: what was not seen might have been there.
    expect(damage(place.dst, [], false, true), client.lines.join('\n')).toEqual([]);
  }
  expect(results[1]!.code, results[1]!.lines.join('\n')).toBe(results[0]!.code);
  expect(results[1]!.code).toBe(23);
}

const canMount =
  isRoot &&
  (() => {
    const probe = join(base, 'mount');
    mkdirSync(probe);
    const done = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', probe]).status === 0;
    if (done) spawnSync('umount', [probe]);
    return done;
  })();

/** Why a point cannot be had here; undefined: it can. */
function obstacle({ kind }: Point): string | undefined {
  if (kind === 'cut, both ends ours' || kind === 'source changes') return undefined;
  if (onWindows) return 'needs a POSIX shell';
  if (found.length === 0) return 'needs a real rsync';
  if (kind === 'disk full' && !canMount) return 'needs root, and leave to mount a tmpfs';
  if (kind === 'unreadable' && !isRoot) return 'needs root, to become somebody who may not read';
  return undefined;
}

const RUN: Readonly<Record<Point['kind'], (point: Point) => Promise<void>>> = {
  'cut, both ends ours': (point) => lostServer(point, 'ours', 'cut'),
  'cut, real server': (point) => lostServer(point, point.random.pick(found), 'cut'),
  'real server killed': (point) => lostServer(point, point.random.pick(found), 'kill'),
  'own client killed': ownClientKilled,
  'own server killed': ownServerKilled,
  'real client killed': realClientKilled,
  'cut, both clients': bothClientsCut,
  'disk full': diskFull,
  'source changes': sourceChanges,
  unreadable,
};

describe('runs that are broken off', () => {
  for (const point of points) {
    const why = obstacle(point);
    const name = describePoint(point);
    if (why === undefined) it(name, () => RUN[point.kind](point));
    else it.skip(`${name} (${why})`, () => {});
  }
});
