import { lstatSync, realpathSync } from 'node:fs';
import { type ByteString, fromBuffer, fromText } from '../core/bytes.ts';
import { errnoError, unsafePath } from './errors.ts';
import { nameFault, nativePath } from './platform/index.ts';

/**
 * What happens when a parent directory inside the root is a symlink.
 * - `never`: refused. The rule for every name that comes from a peer.
 * - `inside`: followed if it leads to a place in the root (`-K`, `-k`, `-L` in a daemon).
 * - `anywhere`: left to the system (a client's own source tree; `-K` of a client).
 */
export type FollowPolicy = 'never' | 'inside' | 'anywhere';

/** Finds the directories below a root. Names are relative, with `/`; '' is the root itself. */
export interface Parents {
  /**
   * What to put before a name to reach it in this directory: ends in a slash.
   * @throws RsyncError RSYNC_UNSAFE_PATH; an ErrnoException if a component is missing or no directory
   */
  prefix(directory: ByteString): ByteString;
  /** This directory was removed or renamed; what is known of it and of all below it is void. */
  invalidate(directory: ByteString): void;
  /** Something was missing: perhaps this directory was replaced behind our back. True if it is worth trying again. */
  refresh(directory: ByteString): boolean;
  close(): void;
}

/** @throws RsyncError RSYNC_UNSAFE_PATH unless every component of the directory can be a plain name here */
export function checkComponents(directory: ByteString): void {
  if (directory === '') return;
  if (directory.startsWith('/')) throw unsafePath(directory, 'absolute path');
  for (const component of directory.split('/')) {
    const fault = nameFault(component);
    if (fault !== undefined) throw unsafePath(directory, fault);
  }
}

/** A path with all symlinks resolved, as bytes with `/`. */
export function realPath(path: ByteString): ByteString {
  const real = fromBuffer(realpathSync.native(nativePath(path), { encoding: 'buffer' }));
  return process.platform === 'win32' ? real.replaceAll('\\', '/').replace(/^\/\/\?\//, '') : real;
}

/** `path` relative to `root`, both real; undefined if it is outside. */
export function relativeTo(root: ByteString, path: ByteString): ByteString | undefined {
  if (path === root) return '';
  const start = root.endsWith('/') ? root : `${root}/`;
  return path.startsWith(start) ? path.slice(start.length) : undefined;
}

/** Leaves symlinks to the system: `anywhere`. */
export class PlainParents implements Parents {
  private readonly root: ByteString;
  private last: ByteString = '';

  /** @param root  path with a slash at its end */
  constructor(root: ByteString) {
    this.root = root;
  }

  prefix(directory: ByteString): ByteString {
    if (directory === '') return this.root;
    if (directory !== this.last) checkComponents(directory);
    this.last = directory;
    return `${this.root}${directory}/`;
  }

  invalidate(): void {}
  refresh(): boolean {
    return false;
  }
  close(): void {}
}

/** Milliseconds that a checked directory is believed: what another process does to it is seen after that. */
const BELIEVED = 50;

/**
 * Looks at each component before use: for systems without handles that lookups can start from. Between the look and the
 * use another *process* may put a symlink there; the peer, who acts through this process alone, can not.
 */
export class CheckedParents implements Parents {
  private readonly root: ByteString;
  private readonly inside: boolean;
  private readonly now: () => number;
  /** Directory to its prefix, and when it was looked at. */
  private readonly seen = new Map<ByteString, { prefix: ByteString; at: number }>();

  /** @param root  real path with a slash at its end */
  constructor(root: ByteString, inside: boolean, now: () => number = () => performance.now()) {
    this.root = root;
    this.inside = inside;
    this.now = now;
  }

  prefix(directory: ByteString): ByteString {
    if (directory === '') return this.root;
    const now = this.now();
    const known = this.seen.get(directory);
    if (known !== undefined && now - known.at < BELIEVED) return known.prefix;
    if (this.seen.size > 1000) this.seen.clear();
    checkComponents(directory);
    const prefix = this.look(directory, this.inside);
    this.seen.set(directory, { prefix, at: now });
    return prefix;
  }

  private look(directory: ByteString, inside: boolean): ByteString {
    let path = this.root;
    for (const component of directory.split('/')) {
      const next = path + component;
      const stat = lstatSync(nativePath(next));
      if (stat.isSymbolicLink()) {
        if (!inside) throw unsafePath(directory, 'a parent directory is a symlink');
        const real = relativeTo(realPath(this.root), realPath(next));
        if (real === undefined) throw unsafePath(directory, 'a symlink leads out of the root');
        path = real === '' ? this.root : this.look(real, false);
      } else if (stat.isDirectory()) path = `${next}/`;
      else throw errnoError('ENOTDIR', 'lstat', directory);
    }
    return path;
  }

  // Spelling is no guide here (names that differ in case are one directory): everything known is void.
  invalidate(): void {
    this.seen.clear();
  }

  refresh(): boolean {
    const any = this.seen.size > 0;
    this.seen.clear();
    return any;
  }

  close(): void {
    this.seen.clear();
  }
}

/** The bytes of a root path given as text, with `/`. */
export function rootBytes(path: string | Buffer, resolve: (path: string) => string): ByteString {
  if (typeof path === 'string') {
    const absolute = fromText(resolve(path));
    return process.platform === 'win32' ? absolute.replaceAll('\\', '/') : absolute;
  }
  const bytes = fromBuffer(path);
  if (bytes.startsWith('/')) return bytes.length > 1 ? bytes.replace(/\/+$/, '') || '/' : bytes;
  return `${fromText(process.cwd())}/${bytes}`;
}

/** Last component and its directory; '' is the root. */
export function splitName(name: ByteString): { directory: ByteString; base: ByteString } {
  const slash = name.lastIndexOf('/');
  if (slash < 0) return { directory: '', base: name };
  if (slash === 0) throw unsafePath(name, 'absolute path');
  return { directory: name.slice(0, slash), base: name.slice(slash + 1) };
}
