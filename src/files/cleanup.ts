import type { ByteString } from '../core/bytes.ts';
import type { Root } from './root.ts';

/**
 * A temporary file that is not yet anything's final content. It is known here until it is renamed or unlinked through
 * its Root, so that an abort, a signal or a fatal error can leave the disk as docs/protocol/4-filters-and-options.md,
 * D.3 wants it.
 */
export interface TempFile {
  /** Open for reading and writing; the holder closes it. */
  readonly fd: number;
  readonly root: Root;
  readonly name: ByteString;
  /** What an abort does instead of unlinking it (`--partial`: rename it). Synchronous. */
  onAbort: (() => void) | undefined;
}

/** A root keeps its map until it is closed: one that is made and dropped for every file costs 1 % of a pull of small ones. */
const alive = new Map<Root, Map<ByteString, TempFile>>();

/** Takes note of a temporary file. */
export function registerTemp(temp: TempFile): void {
  let temps = alive.get(temp.root);
  if (temps === undefined) {
    temps = new Map();
    alive.set(temp.root, temps);
  }
  temps.set(temp.name, temp);
}

/** Forgets a name; true if it was a temporary file. */
export function forgetTemp(root: Root, name: ByteString): boolean {
  return alive.get(root)?.delete(name) === true;
}

/** Temporary files alive, of one root or of all. */
export function tempCount(root?: Root): number {
  if (root !== undefined) return alive.get(root)?.size ?? 0;
  let count = 0;
  for (const temps of alive.values()) count += temps.size;
  return count;
}

const works = new Set<() => void>();

/**
 * Something else that must not outlive the process, a lock for instance. Synchronous; what it throws is nobody's to hear.
 * Whoever is loaded adds itself: a copy that has none of it loads none of it.
 */
export function cleanUpAtExit(work: () => void): void {
  works.add(work);
}

/** All temporary files, and all that was asked for with `cleanUpAtExit`. Never throws. */
export function cleanUp(): void {
  removeAllTemps();
  for (const work of works) {
    try {
      work();
    } catch {
      // As below.
    }
  }
}

/**
 * Removes every temporary file alive (of one root, or of all), or does its `onAbort`. Synchronous, for signal handlers;
 * never throws: what can not be removed stays.
 */
export function removeAllTemps(root?: Root): void {
  const roots = root === undefined ? [...alive.keys()] : [root];
  for (const each of roots) {
    for (const temp of [...(alive.get(each)?.values() ?? [])]) {
      try {
        if (temp.onAbort !== undefined) temp.onAbort();
        else each.unlink(temp.name);
      } catch {
        // The last thing the process does: there is nobody left to tell.
      }
    }
    alive.delete(each);
  }
}
