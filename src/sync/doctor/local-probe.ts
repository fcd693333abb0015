import { existsSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CASE,
  LETTER,
  LINK,
  precisionOf,
  probeName,
  TIMED,
  type TimePrecision,
  writeTimed,
} from './probe-names.ts';

/** What a file system tells apart and keeps. */
export interface LocalFacts {
  /** `a` and `A` are two names. */
  caseSensitive: boolean;
  /** A composed and a decomposed letter are two names. */
  tellsForms: boolean;
  times: TimePrecision;
  symlinks: boolean;
}

/**
 * Tries it out in a folder of its own, which is removed again.
 * @throws the error of node:fs if nothing can be written
 */
export function probeLocal(root: string): LocalFacts {
  const folder = join(root, probeName());
  mkdirSync(folder);
  try {
    writeFileSync(join(folder, CASE[0]), '');
    writeFileSync(join(folder, LETTER[0]), '');
    writeTimed(folder);
    const { mtimeNs } = lstatSync(join(folder, TIMED), { bigint: true });
    return {
      caseSensitive: !existsSync(join(folder, CASE[1])),
      tellsForms: !existsSync(join(folder, LETTER[1])),
      times: precisionOf(Number(mtimeNs / 1_000_000_000n), Number(mtimeNs % 1_000_000_000n)),
      symlinks: makesSymlinks(folder),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Leaves one in the folder if it can. */
export function makesSymlinks(folder: string): boolean {
  const path = join(folder, LINK);
  try {
    symlinkSync('nowhere', path);
    // Wine makes something else of it without a word.
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
