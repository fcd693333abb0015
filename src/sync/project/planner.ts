import type { ByteString } from '../../core/bytes.ts';
import { conflictName } from './conflict-names.ts';
import { type Winner, winnerOf } from './conflict-policy.ts';
import { foldPath, folds, NO_FOLDING } from './folding.ts';
import type {
  KeepReason,
  Plan,
  PlannedConflict,
  PlannedDeletion,
  PlannedTransfer,
  PlanPolicy,
} from './plan.ts';
import {
  agreedEntry,
  type Change,
  type Comparison,
  isClash,
  isOwnChange,
  type PathState,
} from './three-way.ts';
import { parentOf, type TreeEntry, wouldShrink } from './tree.ts';

/** A path, seen in the direction of a run. */
interface Move {
  state: PathState;
  path: ByteString;
  /** What changed there and here. */
  from: Change;
  to: Change;
  source: TreeEntry | undefined;
  destination: TreeEntry | undefined;
}

/** A path of the source that is not transferred. `soft`: it is, if something in it is. `dismissed`: it lost a conflict. */
type Left = 'soft' | 'hard' | 'dismissed';

/** What becomes of all that is below a directory that clashes with something else. */
type Fate = 'left' | 'replaced' | 'moved-aside';

/** Makes one plan: paths in their order, parents first. */
export class Planner {
  private readonly direction: Plan['direction'];
  private readonly comparison: Comparison;
  private readonly policy: PlanPolicy;
  private readonly transfers = new Map<ByteString, PlannedTransfer>();
  private readonly deletions = new Map<ByteString, PlannedDeletion>();
  private readonly kept = new Map<ByteString, KeepReason>();
  private readonly left = new Map<ByteString, Left>();
  /** Directories gone from the source whose fate was a conflict, and is decided. */
  private readonly dissolved = new Set<ByteString>();
  private readonly fates = new Map<ByteString, Fate>();
  private readonly conflicts: PlannedConflict[] = [];
  private readonly refused: Plan['refused'] = [];
  private readonly aside: Plan['aside'] = [];
  private readonly asideNames = new Set<ByteString>();
  private readonly settled: Plan['settled'] = new Map();
  /** What each name here is to the file system of this machine; undefined where every name is its own. */
  private readonly owners: Map<ByteString, ByteString> | undefined;

  constructor(direction: Plan['direction'], comparison: Comparison, policy: PlanPolicy) {
    this.direction = direction;
    this.comparison = comparison;
    this.policy = policy;
    const { folding = NO_FOLDING } = policy;
    if (folds(folding)) {
      this.owners = new Map([...comparison.local.keys()].map((path) => [foldPath(path, folding), path]));
    }
  }

  plan(): Plan {
    const moves = this.comparison.paths.map((state) => this.moveOf(state));
    for (const move of moves) this.decide(move);
    this.keepWhatHolds(moves);
    const leave = moves
      .filter(({ path, state, source }) => source !== undefined && !state.agreed && !this.transfers.has(path))
      .map(({ path }) => path);
    const leftOut = new Set(leave);
    return {
      direction: this.direction,
      hasBase: this.comparison.hasBase,
      transfer: [...this.transfers.values()].sort(byPath),
      delete: [...this.deletions.values()].sort(byPath).reverse(),
      keep: [...this.kept].map(([path, reason]) => ({ path, reason })).sort(byPath),
      conflicts: this.conflicts,
      refused: this.refused,
      aside: this.aside,
      blocked: this.refused.length > 0 || this.conflicts.some(({ resolution }) => resolution === undefined),
      leave: leave.filter((path) => !leftOut.has(parentOf(path))),
      opened: this.opened(),
      settled: this.settled,
    };
  }

  private moveOf(state: PathState): Move {
    const { path, local, remote, localEntry, remoteEntry } = state;
    return this.direction === 'pull'
      ? { state, path, from: remote, to: local, source: remoteEntry, destination: localEntry }
      : { state, path, from: local, to: remote, source: localEntry, destination: remoteEntry };
  }

  private decide(move: Move): void {
    const { state, path } = move;
    if (state.agreed) this.settled.set(path, agreedEntry(state));
    else if (state.within !== undefined) this.decideWithin(move, this.fates.get(state.within)!);
    else if (isClash(state)) this.decideClash(move);
    else if (state.conflict === 'directory-deleted') this.decideDirectory(move);
    else if (state.conflict !== undefined) this.decideConflict(move);
    else if (isOwnChange(move.to)) this.decideOwn(move);
    else this.follow(move);
  }

  /** Only the source changed: the destination follows. */
  private follow(move: Move): void {
    if (move.source === undefined) this.remove(move, false);
    else this.bring(move, false);
  }

  /** Only the destination changed. */
  private decideOwn(move: Move): void {
    const { path, to } = move;
    const added = to === 'added';
    if (added && this.mirrors) this.remove(move, false);
    else if (this.direction === 'pull') {
      // A directory that we deleted comes back if something in it does.
      if (added) this.keep(move, 'unpushed-addition', 'hard');
      else if (to === 'deleted') this.keep(move, 'unpushed-deletion', 'soft');
      else this.keep(move, 'unpushed-change', 'hard');
    } else if (this.policy.force !== true) {
      const never = added ? this.neverComes(path) : undefined;
      if (never !== undefined) {
        this.keep(move, never, 'hard');
        return;
      }
      this.refused.push({ path, change: to as 'added' | 'changed' | 'deleted' });
      this.left.set(path, 'hard');
    } else if (added) this.keep(move, 'not-pulled', 'hard');
    else this.bring(move, true);
  }

  private decideConflict(move: Move): void {
    const winner = this.resolve(move);
    if (winner === undefined) this.keep(move, 'conflict', 'hard');
    else if (winner === 'destination') this.dismiss(move);
    else if (move.source === undefined) {
      if (move.destination!.kind === 'directory') this.dissolved.add(move.path);
      this.remove(move, true);
    } else if (winner === 'both') {
      if (this.bring(move, false)) this.putAside(move.path);
    } else this.bring(move, true);
  }

  /** A directory that one side deleted while the other was at work in it. */
  private decideDirectory(move: Move): void {
    const winner = this.resolve(move);
    // At the destination it goes if nothing in it stays (`keepWhatHolds`); at the source it comes back if something does.
    if (winner === undefined) this.keep(move, 'conflict', 'hard');
    else if (move.source === undefined) {
      this.dissolved.add(move.path);
      this.remove(move, false);
    } else if (winner === 'destination') this.dismiss(move);
    else this.keep(move, 'unpushed-deletion', 'soft');
  }

  /** A directory on one side, something else on the other. */
  private decideClash(move: Move): void {
    const { state, path, destination } = move;
    this.fates.set(path, 'left');
    const isOwn = isOwnChange(move.to);
    if (state.conflict === undefined && isOwn && (this.direction === 'pull' || this.policy.force !== true)) {
      this.decideOwn(move);
      return;
    }
    const contested = state.conflict !== undefined || isOwn;
    const winner = state.conflict === undefined ? 'source' : this.resolve(move);
    if (winner === 'destination') this.dismiss(move);
    else if (winner === undefined) this.keep(move, 'conflict', 'hard');
    else {
      // Whatever the policy: what is in a directory is not lost to a file.
      const saves = contested && (winner === 'both' || destination!.kind === 'directory');
      if (!this.bring(move, contested && !saves)) return;
      if (saves) this.putAside(path);
      this.fates.set(path, saves && this.direction === 'pull' ? 'moved-aside' : 'replaced');
    }
  }

  private decideWithin(move: Move, fate: Fate): void {
    if (fate === 'left') {
      if (this.left.get(move.state.within!) === 'dismissed') this.settled.set(move.path, move.source);
      return;
    }
    if (move.source !== undefined) this.bring(move, false);
    else if (fate === 'replaced') this.remove(move, false);
    else this.settled.set(move.path, undefined);
  }

  /** False: it stays as it is after all, and the reason is noted. */
  private bring(move: Move, lost: boolean): boolean {
    const { path, source, destination } = move;
    const reason = this.refuses(move);
    if (reason !== undefined) {
      this.keep(move, reason, 'hard');
      return false;
    }
    if (this.collides(move) || !this.makeParents(move)) return false;
    this.transfers.set(path, {
      path,
      entry: source!,
      replaces: destination,
      lost: lost && destination !== undefined,
    });
    this.settled.set(path, source);
    return true;
  }

  /** Directories that only something in them makes worth having. False: one of them is left as it is, and so is this. */
  private makeParents(move: Move): boolean {
    const parent = parentOf(move.path);
    const how = this.left.get(parent);
    if (how === undefined) return true;
    const state = this.comparison.byPath.get(parent);
    if (how !== 'soft' || state === undefined) return this.stayInside(move, how);
    const above = this.moveOf(state);
    this.kept.delete(parent);
    this.left.delete(parent);
    return this.bring(above, false) || this.stayInside(move, this.left.get(parent) ?? 'hard');
  }

  /** @param how  the directory is left */
  private stayInside(move: Move, how: Left): false {
    this.keep(move, 'inside', how);
    if (how === 'dismissed') this.settled.set(move.path, move.source);
    return false;
  }

  private remove(move: Move, lost: boolean): void {
    const { path, destination } = move;
    if (this.policy.appendOnly === true) this.keep(move, 'append-only', 'hard');
    else if (this.policy.deletions === false) this.keep(move, 'deletions-off', 'hard');
    else {
      this.deletions.set(path, { path, entry: destination!, lost });
      this.settled.set(path, undefined);
    }
  }

  private keep({ path, source }: Move, reason: KeepReason, how: Left): void {
    this.kept.set(path, reason);
    if (source !== undefined) this.left.set(path, how);
  }

  /** The source's version is known, and the destination's is what counts from now on. */
  private dismiss(move: Move): void {
    this.keep(move, 'conflict', 'dismissed');
    this.settled.set(move.path, move.source);
  }

  /** Why no pull can bring what somebody else has added: it would be in the way of every push. */
  private neverComes(path: ByteString): KeepReason | undefined {
    if (this.isImpossible(path)) return 'impossible-here';
    if (this.owners === undefined) return undefined;
    for (let at = path; at !== ''; at = parentOf(at)) {
      const owner = this.owners.get(foldPath(at, this.policy.folding!));
      if (owner !== undefined && owner !== at) return 'name-collision';
    }
    return undefined;
  }

  private isImpossible(path: ByteString): boolean {
    const { nameFault } = this.policy;
    return nameFault !== undefined && path.split('/').some((component) => nameFault(component) !== undefined);
  }

  /** Why something may not take the place of what is there, if so. */
  private refuses({ path, source, destination }: Move): KeepReason | undefined {
    if (source === undefined) return undefined;
    if (destination === undefined) {
      return this.direction === 'pull' && this.isImpossible(path) ? 'impossible-here' : undefined;
    }
    const { appendOnly, deletions } = this.policy;
    if (appendOnly === true && wouldShrink(destination, source)) return 'append-only';
    const clears = destination.kind === 'directory' && source.kind !== 'directory';
    return clears && deletions === false ? 'deletions-off' : undefined;
  }

  private collides(move: Move): boolean {
    const { path } = move;
    if (this.owners === undefined || this.direction === 'push') return false;
    const key = foldPath(path, this.policy.folding!);
    const owner = this.owners.get(key);
    if (owner === undefined) {
      this.owners.set(key, path);
      return false;
    }
    if (owner === path) return false;
    this.keep(move, 'name-collision', 'hard');
    return true;
  }

  private resolve({ state, path, source, destination }: Move): Winner {
    const { conflict = 'stop', force = false } = this.policy;
    const sides = this.direction === 'pull' ? (['remote', 'local'] as const) : (['local', 'remote'] as const);
    const winner = this.mirrors ? 'source' : winnerOf({ source, destination }, conflict, force, sides[0]);
    this.conflicts.push({
      path,
      kind: state.conflict!,
      local: state.localEntry,
      remote: state.remoteEntry,
      resolution: winner === 'source' ? sides[0] : winner === 'destination' ? sides[1] : winner,
    });
    return winner;
  }

  /** The destination's version is to be safe under another name. */
  private putAside(path: ByteString): void {
    const { local, remote } = this.comparison;
    const { hosts, now } = this.policy;
    const side = this.direction === 'pull' ? 'local' : 'remote';
    const to = conflictName(path, now, hosts[side], (name) => {
      return local.has(name) || remote.has(name) || this.asideNames.has(name);
    });
    this.asideNames.add(to);
    this.aside.push({ path, to, side });
  }

  /** Directories that can not go because of what stays in them. */
  private keepWhatHolds(moves: readonly Move[]): void {
    const holds = new Set<ByteString>();
    for (const { path, state, destination } of moves) {
      const gone = this.deletions.has(path) || this.isMovedAside(state);
      if (destination === undefined || gone) continue;
      for (let above = parentOf(path); above !== '' && !holds.has(above); above = parentOf(above))
        holds.add(above);
    }
    // Parents first: what is in a dissolved directory is as well.
    for (const { path } of moves) {
      if (this.dissolved.has(parentOf(path))) this.dissolved.add(path);
      if (!holds.has(path) || !this.deletions.delete(path)) continue;
      this.kept.set(path, 'holds-kept');
      // The source is known to be without it: from now on it is the destination's own.
      if (!this.dissolved.has(path)) this.settled.delete(path);
    }
  }

  /** Directories of the destination alone that stay, and have something in them that does not. */
  private opened(): ByteString[] {
    const { byPath: states } = this.comparison;
    const opened = new Set<ByteString>();
    for (const path of this.deletions.keys()) {
      for (let above = parentOf(path); above !== '' && !opened.has(above); above = parentOf(above)) {
        if (this.deletions.has(above)) break;
        const state = states.get(above);
        if (state !== undefined && this.moveOf(state).source === undefined) opened.add(above);
      }
    }
    return [...opened].sort();
  }

  private isMovedAside({ path, within }: PathState): boolean {
    return this.fates.get(within ?? path) === 'moved-aside';
  }

  private get mirrors(): boolean {
    return this.policy.mirror === true && !this.comparison.hasBase;
  }
}

function byPath(a: { path: ByteString }, b: { path: ByteString }): number {
  return a.path < b.path ? -1 : 1;
}
