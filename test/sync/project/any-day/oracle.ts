/**
 * What a run may have done, judged by both trees before and after it, by what was shown, and by what both sides had in
 * common before: independent of the comparison and the planner that are tested.
 */
import type { ByteString } from '../../../../src/core/bytes.ts';
import type { Plan } from '../../../../src/sync/project/plan.ts';
import type { RunResult } from '../../../../src/sync/project/run.ts';
import { BACKUP, isConflictName, isExcluded, isLitter } from './names.ts';
import { type Shot, sameThing, type Thing } from './places.ts';
import type { Run } from './steps.ts';

/** What a machine and the server had in common last; undefined: it knows of nothing. */
export type Known = Map<ByteString, Thing> | undefined;

export interface Sides {
  local: Shot;
  remote: Shot;
}

export interface RunSeen {
  run: Run;
  dryRun: boolean;
  before: Sides;
  after: Sides;
  known: Known;
  /** As it was shown. */
  plan: Plan | undefined;
  /** Undefined: it threw. */
  result: RunResult | undefined;
  /** Paths that somebody changed while it was under way. */
  touched: ReadonlySet<ByteString>;
  /** What was made by that, and on which side; undefined: on neither. */
  made: { side: 'local' | 'remote' | undefined; things: ReadonlyMap<ByteString, Thing> };
  /** Its connection, or it, was ended from outside. */
  isBroken: boolean;
}

/** What is wrong after somebody has only looked. */
export function judgeLook(before: Sides, after: Sides): string[] {
  const found: string[] = [];
  const look = { before, after, touched: new Set<ByteString>(), mayLock: false, fetches: undefined };
  untouched(look, 'local', 'a look', found);
  untouched(look, 'remote', 'a look', found);
  return found;
}

/** What is wrong: sentences. Empty: all is well. */
export function judge(seen: RunSeen): string[] {
  const found: string[] = [];
  const { result, dryRun } = seen;
  if (dryRun || result?.outcome === 'stopped') {
    untouched(lookOf(seen), 'local', 'a run that does nothing', found);
    untouched(lookOf(seen), 'remote', 'a run that does nothing', found);
  } else {
    sourceUntouched(seen, found);
    nothingLost(seen, found);
    meanwhileKept(seen, found);
    excludedUntouched(seen, found);
    if (result?.outcome === 'ok') planIsDone(seen, found);
  }
  outcomeAgrees(seen, found);
  litter(seen, found);
  return found;
}

const show = (path: ByteString) => JSON.stringify(path);
const look = (thing: Thing | undefined) =>
  thing === undefined ? 'nothing' : `${thing.kind} ${JSON.stringify(thing.text.slice(0, 20))}`;

function isUnder(path: ByteString, above: ByteString): boolean {
  return path === above || path.startsWith(`${above}/`);
}

function isTouched({ touched }: Pick<RunSeen, 'touched'>, path: ByteString): boolean {
  for (const one of touched) if (isUnder(path, one) || isUnder(one, path)) return true;
  return false;
}

function destinationOf({ run }: RunSeen): 'local' | 'remote' {
  return run.direction === 'pull' ? 'local' : 'remote';
}

interface Look extends Pick<RunSeen, 'before' | 'after' | 'touched'> {
  /** A lock may have been taken, and given back. */
  mayLock: boolean;
  /** The side that something was fetched to. */
  fetches: 'local' | 'remote' | undefined;
}

function lookOf({ run, dryRun, before, after, touched, plan }: RunSeen): Look {
  const fetches = plan?.aside.some(({ side }) => side === 'remote') === true ? 'local' : undefined;
  return { before, after, touched, mayLock: run.direction === 'push' && !dryRun, fetches };
}

/** To the nanosecond. @param but  names that may have come, in folders whose times may have changed for it */
function untouched(
  seen: Look,
  side: 'local' | 'remote',
  what: string,
  found: string[],
  but: (path: ByteString) => boolean = () => false,
): void {
  const [before, after] = [seen.before[side], seen.after[side]];
  const paths = new Set([...before.keys(), ...after.keys()]);
  const busy = new Set<ByteString>();
  for (const path of paths) {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (but(path) || isTouched(seen, path)) busy.add(parent);
  }
  // A lock was in it, and is not any more.
  const isLocked = side === 'remote' && seen.mayLock;
  // Or a folder for what was fetched.
  if (isLocked || seen.fetches === side) busy.add('');
  for (const path of paths) {
    const [old, now] = [before.get(path), after.get(path)];
    if (but(path) || (path !== '' && isTouched(seen, path)) || (isLocked && path.startsWith('.rsyncjs-lock')))
      continue;
    if (!sameThing(old, now))
      found.push(`${what} changed ${side} ${show(path)}: ${look(old)} became ${look(now)}`);
    else if (old!.mode !== now!.mode) found.push(`${what} changed the mode of ${side} ${show(path)}`);
    else if (old!.mtime !== now!.mtime && !busy.has(path))
      found.push(`${what} changed the time of ${side} ${show(path)}`);
  }
}

function sourceUntouched(seen: RunSeen, found: string[]): void {
  const { run, plan, result } = seen;
  const side = run.direction === 'pull' ? 'remote' : 'local';
  const fetched = new Set(plan?.aside.map(({ to }) => to));
  untouched(lookOf(seen), side, `a ${run.direction}`, found, (path) => {
    if (side === 'remote') return false;
    return (
      [...fetched].some((to) => isUnder(path, to)) ||
      (result === undefined && path.startsWith('.rsyncjs-tmp'))
    );
  });
}

/** A version that was at the destination and is not any more was known to the other side, was named, or is kept. */
function nothingLost(seen: RunSeen, found: string[]): void {
  const { run, before, after, known, plan } = seen;
  const side = destinationOf(seen);
  const [old, now, source] = [before[side], after[side], before[side === 'local' ? 'remote' : 'local']];
  const kept = keptOf(seen, old);
  for (const [path, thing] of old) {
    if (path === '' || isExcluded(path, old) || sameThing(thing, now.get(path))) continue;
    if (isTouched(seen, path)) continue;
    const became = `${side} ${show(path)}: ${look(thing)} became ${look(now.get(path))}`;
    const isKept = kept(path, thing);
    const theirs = source.get(path);
    const isExplained =
      sameThing(now.get(path), theirs) || now.get(path) === undefined || isAbove(path, now, source);
    if (!isExplained) found.push(`it is neither the old nor the new version: ${became}`);
    const isNamed = isNamedLost(plan, path, side) && (run.force || run.conflict !== 'stop');
    const isKnown = sameThing(known?.get(path), thing);
    const isContested = !isKnown && theirs !== undefined && !sameThing(known?.get(path), theirs);
    const isAdded = known?.get(path) === undefined;
    if (isAdded && now.get(path) === undefined && theirs === undefined && !isKept)
      found.push(`what the other side has never seen was deleted: ${became}`);
    if (thing.kind !== 'directory' && !isKnown && !isNamed && !isKept) found.push(`lost silently: ${became}`);
    if (thing.kind === 'file' && run.backup && !isKept) found.push(`no backup was kept: ${became}`);
    if (thing.kind === 'file' && run.conflict === 'keep-both' && isContested && !isKept)
      found.push(`keep-both did not keep both: ${became}`);
  }
}

/** What somebody made while the run was under way is there after it. */
function meanwhileKept(seen: RunSeen, found: string[]): void {
  const { run, before, after, plan, made } = seen;
  const { side, things } = made;
  if (side === undefined) return;
  const kept = keptOf(seen, before[side]);
  const planned = [...(plan?.transfer ?? []), ...(plan?.delete ?? []), ...(plan?.aside ?? [])];
  for (const [path, thing] of things) {
    if (sameThing(after[side].get(path), thing) || kept(path, thing)) continue;
    // An rsync that serves knows nothing of what a plan expects, nor of what it is told of folders and links.
    const isSent = planned.some((one) => isUnder(path, one.path) || isUnder(one.path, path));
    const isTold = (before.local.get(path)?.kind ?? 'file') !== 'file';
    if (run.direction === 'push' && side === 'remote' && (isSent || isTold)) continue;
    found.push(
      `made meanwhile, and lost: ${side} ${show(path)}: ${look(thing)} became ${look(after[side].get(path))}`,
    );
  }
}

/** Something else than a directory is above it now, as at the source. */
function isAbove(path: ByteString, now: Shot, source: Shot): boolean {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const above = path.slice(0, at);
    const thing = now.get(above);
    if (thing !== undefined) return thing.kind !== 'directory' && sameThing(thing, source.get(above));
  }
  return false;
}

function isNamedLost(plan: Plan | undefined, path: ByteString, side: 'local' | 'remote'): boolean {
  if (plan === undefined) return false;
  const isLost = (one: { path: ByteString; lost: boolean }) => one.path === path && one.lost;
  if (plan.transfer.some(isLost) || plan.delete.some(isLost)) return true;
  return plan.conflicts.some(
    ({ path: at, resolution }) => isUnder(path, at) && resolution !== undefined && resolution !== side,
  );
}

/** In the dated folder of the side that lost it, or under a conflict name on the machine. */
function keptOf({ before, after }: RunSeen, old: Shot): (path: ByteString, thing: Thing) => boolean {
  const isNew = (path: ByteString) => !before.local.has(path) && !before.remote.has(path);
  const side = old === before.local ? after.local : after.remote;
  const saved = new Map<ByteString, Thing>();
  for (const [path, thing] of side) {
    const [top, stamp] = path.split('/');
    if (top === BACKUP && stamp !== undefined && isNew(path))
      saved.set(path.slice(top.length + stamp.length + 2), thing);
  }
  const aside = [...after.local]
    .filter(([path]) => isConflictName(path) && isNew(path))
    .map(([, thing]) => thing);
  return (path, thing) => sameThing(saved.get(path), thing) || aside.some((other) => sameThing(other, thing));
}

function excludedUntouched(seen: RunSeen, found: string[]): void {
  const { plan } = seen;
  for (const side of ['local', 'remote'] as const) {
    const [before, after] = [seen.before[side], seen.after[side]];
    for (const [path, thing] of before) {
      if (path === '' || !isExcluded(path, before) || isTouched(seen, path)) continue;
      // That of somebody who died, which is taken over.
      if (path.startsWith('.rsyncjs-lock')) continue;
      // The folder that it is in has another name now.
      const moved = plan?.aside.find((one) => one.side === side && isUnder(path, one.path));
      const now = after.get(moved === undefined ? path : moved.to + path.slice(moved.path.length));
      // An empty folder may make room.
      const isPlanned = plan?.transfer.some((one) => one.path === path) === true;
      if (isPlanned && thing.kind === 'directory') continue;
      if (!sameThing(thing, now) && !(moved && sameThing(thing, after.get(path))))
        found.push(`an excluded path changed: ${side} ${show(path)}: ${look(thing)} became ${look(now)}`);
    }
    for (const path of after.keys()) {
      if (path === '' || before.has(path) || !isExcluded(path, after) || isTouched(seen, path)) continue;
      const isOwn = plan?.aside.some(({ to }) => side === 'local' && isUnder(path, to)) === true;
      if (!isOwn && path.split('/')[0] !== BACKUP && !isLitter(path))
        found.push(`an excluded path came: ${side} ${show(path)}`);
    }
  }
}

/** The plan is what was done, and nothing else was. */
function planIsDone(seen: RunSeen, found: string[]): void {
  const { before, after, result } = seen;
  const plan = result!.plan;
  const side = destinationOf(seen);
  const [old, now, source] = [before[side], after[side], before[side === 'local' ? 'remote' : 'local']];
  const transferred = new Set(plan.transfer.map(({ path }) => path));
  const deleted = new Set(plan.delete.map(({ path }) => path));
  const aside = plan.aside.filter((one) => one.side === 'local');
  for (const path of new Set([...old.keys(), ...now.keys()])) {
    if (path === '' || isTouched(seen, path) || isExcluded(path, old) || isExcluded(path, now)) continue;
    const [thing, theirs] = [now.get(path), source.get(path)];
    if (transferred.has(path)) {
      if (!sameThing(thing, theirs)) found.push(`planned, not transferred: ${show(path)}: ${look(thing)}`);
    } else if (deleted.has(path)) {
      const holds = [...now.keys()].some((one) => one !== path && isUnder(one, path));
      if (thing !== undefined && !holds) found.push(`planned, not deleted: ${show(path)}`);
    } else if (!sameThing(old.get(path), thing) && !aside.some((one) => isUnder(path, one.path)))
      found.push(`not planned, and done: ${show(path)}: ${look(old.get(path))} became ${look(thing)}`);
  }
  for (const path of transferred) {
    if (!now.has(path) && !isTouched(seen, path)) found.push(`planned, not transferred: ${show(path)}`);
  }
}

function outcomeAgrees(seen: RunSeen, found: string[]): void {
  const { result, dryRun, isBroken, touched, plan } = seen;
  if (result === undefined) {
    if (!isBroken && touched.size === 0) found.push('it failed for no reason');
    return;
  }
  const { outcome, exitCode } = result;
  const expected = { ok: exitCode === 0, partial: exitCode > 0, stopped: exitCode === 40, dry: true }[
    outcome
  ];
  if (!expected) found.push(`the outcome ${outcome} has exit status ${exitCode}`);
  if ((outcome === 'dry') !== (dryRun && outcome !== 'stopped')) found.push(`outcome ${outcome}`);
  if (outcome === 'partial' && !isBroken && touched.size === 0 && !isInTheWay(seen))
    found.push(`partial, exit ${exitCode}, for no reason`);
  if (plan === undefined) found.push('no plan was shown');
  if (outcome === 'ok' && plan?.blocked === true) found.push('a plan that is blocked was done');
}

/** A folder that is to become something else can not, for what is excluded in it. */
function isInTheWay(seen: RunSeen): boolean {
  const there = seen.before[destinationOf(seen)];
  const folders = seen.plan?.transfer.filter(({ entry }) => entry.kind !== 'directory') ?? [];
  return folders.some(({ path }) =>
    [...there.keys()].some((name) => name.startsWith(`${path}/`) && isExcluded(name, there)),
  );
}

function litter({ before, after, isBroken }: RunSeen, found: string[]): void {
  if (isBroken) return;
  for (const side of ['local', 'remote'] as const) {
    for (const path of after[side].keys()) {
      if (isLitter(path) && !(side === 'remote' && before.remote.has(path)))
        found.push(`left behind: ${side} ${show(path)}`);
    }
  }
}

/** What both sides know after a run to have in common. */
export function knownAfter({ known, before, after, plan, result, run }: RunSeen): Known {
  if (result === undefined || result.outcome === 'stopped' || result.outcome === 'dry') return known;
  const next = new Map(known);
  const paths = new Set([...next.keys(), ...after.local.keys(), ...after.remote.keys()]);
  const source = run.direction === 'pull' ? before.remote : before.local;
  const destination = run.direction === 'pull' ? 'local' : 'remote';
  const lost = plan!.conflicts.filter(({ resolution }) => resolution === destination);
  for (const path of paths) {
    const [here, there, theirs] = [after.local.get(path), after.remote.get(path), source.get(path)];
    // What somebody changed at the source meanwhile was had in common before that.
    const isCommon = sameThing(here, there) || sameThing(after[destination].get(path), theirs);
    // The version that loses a conflict is known from then on.
    if (!isCommon && !lost.some(({ path: at }) => isUnder(path, at))) continue;
    const thing = sameThing(here, there) ? here : theirs;
    if (thing === undefined) next.delete(path);
    else next.set(path, thing);
  }
  return next;
}
