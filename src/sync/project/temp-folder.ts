import { createHash } from 'node:crypto';
import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TEMP_FOLDER } from './profile.ts';

export interface TempFolder {
  /** Relative to the root, with `/`. */
  path: string;
  /** With all that is in it. Never throws. */
  remove(): void;
}

/**
 * The folder, in the root, that a pull writes into before a file takes its place: what a run that was killed leaves
 * behind lies there, is never taken for a file of the project, and is gone after the next pull.
 * @param owner  who has it to himself: two machines may share a root, and two profiles
 * @returns undefined: there is no root yet, or nothing can be made in it; then files are written beside their places
 */
export function makeTempFolder(root: string, owner: readonly string[]): TempFolder | undefined {
  const key = createHash('sha256').update(JSON.stringify(owner)).digest('hex').slice(0, 16);
  const folder = join(root, TEMP_FOLDER, key);
  const remove = (): void => {
    try {
      rmSync(folder, { recursive: true, force: true });
      rmdirSync(dirname(folder));
    } catch {
      // Somebody else is at work in it.
    }
  };
  remove();
  try {
    makeOne(dirname(folder));
    makeOne(folder);
  } catch {
    return undefined;
  }
  return { path: `${TEMP_FOLDER}/${key}`, remove };
}

/** Not those above it: a root that is missing is not made by the way. */
function makeOne(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
