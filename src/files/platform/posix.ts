/** What POSIX systems do their own way: paths are bytes, device numbers are packed per system, processes have groups. */

import { type ByteString, isAscii, toBuffer } from '../../core/bytes.ts';

/** A path in the form that node:fs takes without loss. Node writes strings as UTF-8, so only ASCII may go as one. */
export function posixNativePath(path: ByteString): string | Buffer {
  return isAscii(path) ? path : toBuffer(path);
}

/** Why a component can not be used, or undefined. A slash can not be in it. */
export function posixNameFault(component: ByteString): string | undefined {
  if (component === '') return 'empty component';
  if (component === '.' || component === '..') return `"${component}" component`;
  if (component.includes('\0')) return 'NUL in the name';
  return undefined;
}

/** How st_rdev is packed: Linux spreads 12 + 20 bits, the BSDs and macOS use one byte (or 8 high bits) for major. */
export type RdevLayout = 'linux' | 'macos' | 'bsd';

export function rdevLayout(platform: string): RdevLayout {
  if (platform === 'darwin') return 'macos';
  return platform.endsWith('bsd') ? 'bsd' : 'linux';
}

export function rdevMajor(rdev: bigint, layout: RdevLayout): number {
  if (layout === 'macos') return Number((rdev >> 24n) & 0xffn);
  if (layout === 'bsd') return Number((rdev >> 8n) & 0xffn);
  return Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n));
}

export function rdevMinor(rdev: bigint, layout: RdevLayout): number {
  if (layout === 'macos') return Number(rdev & 0xffffffn);
  if (layout === 'bsd') return Number(rdev & 0xffff00ffn);
  return Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n));
}

/** The groups a process may give to its files. */
export function processGroups(): ReadonlySet<number> {
  const groups = new Set(process.getgroups?.() ?? []);
  const effective = process.getegid?.();
  if (effective !== undefined) groups.add(effective);
  return groups;
}
