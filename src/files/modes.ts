/** Modes without `-p`, docs/protocol/3-transfer.md, 4.5. Pure. */

import { isRegular, PERMISSIONS } from '../core/mode.ts';

const ANY_X = 0o111;
const SETGID = 0o2000;

/**
 * The mode an item gets without `-p`. All modes may carry type bits; the result has those of `source`.
 * @param source    mode in the list
 * @param existing  mode of the destination item of a compatible kind; undefined if the item is new
 * @param umask     of the receiving process
 * @param executability  `-E`
 */
export function modeWithoutPerms(
  source: number,
  existing: number | undefined,
  umask: number,
  executability: boolean,
): number {
  const type = source & ~PERMISSIONS;
  if (existing === undefined) return type | (source & 0o777 & ~umask);
  const local = existing & PERMISSIONS;
  return type | (executability && isRegular(source) ? withExecutability(source, local) : local);
}

/** `-E`: whether a file can be run follows the source, who may run it follows who may read it here. */
function withExecutability(source: number, local: number): number {
  if ((source & ANY_X) === 0) return local & ~ANY_X;
  return (local & ANY_X) === 0 ? local | ((local & 0o444) >> 2) : local;
}

/** `-E`, as a difference worth reporting: "any x bit set" is not the same on both sides. */
export function executabilityDiffers(source: number, existing: number): boolean {
  return ((source & ANY_X) === 0) !== ((existing & ANY_X) === 0);
}

/**
 * The mode of a directory just made without `-p`: a set-gid bit that it inherited from its parent stays.
 * @param wanted  from `modeWithoutPerms`
 * @param made    what mkdir gave
 */
export function newDirectoryMode(wanted: number, made: number): number {
  return wanted | (made & SETGID);
}

/** The mode a temporary file is created with: the owner alone, and never read-only for ourselves. */
export function tempFileMode(mode: number): number {
  return (mode | 0o200) & 0o700;
}
