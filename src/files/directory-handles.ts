import { closeSync, lstatSync, readlinkSync } from 'node:fs';
import { type ByteString, fromBuffer } from '../core/bytes.ts';
import { errnoCode, unsafePath } from './errors.ts';
import { checkComponents, type Parents, realPath, relativeTo } from './parents.ts';
import { nameFault, nativePath } from './platform/index.ts';
import { openDirectory } from './proc.ts';

/** Handles held at once. A transfer moves from directory to directory; few are in use at a time. */
const CAPACITY = 64;

/**
 * Directories below a root, held open. Each is opened in its parent, never through a symlink, so whatever is renamed or
 * planted meanwhile, a lookup starts in the directory that was checked.
 */
export class DirectoryHandles implements Parents {
  private readonly fdPath: string;
  private readonly inside: boolean;
  private readonly rootFd: number;
  /** In order of last use. */
  private readonly handles = new Map<ByteString, number>();
  private last: ByteString = '';
  private lastPrefix: ByteString;

  /**
   * @param root    path of the root; symlinks in it are the user's own and followed
   * @param inside  symlinked parents are followed as long as they lead to a place in the root
   * @param fdPath  `/proc/PID/fd/`
   */
  constructor(root: ByteString, inside: boolean, fdPath: string) {
    this.fdPath = fdPath;
    this.inside = inside;
    this.rootFd = openDirectory(nativePath(root.endsWith('/') ? `${root}.` : `${root}/.`));
    this.lastPrefix = this.prefixOf(this.rootFd);
  }

  prefix(directory: ByteString): ByteString {
    if (directory !== this.last) {
      this.lastPrefix = this.prefixOf(this.handle(directory, this.inside));
      this.last = directory;
    }
    return this.lastPrefix;
  }

  private prefixOf(fd: number): ByteString {
    return `${this.fdPath}${fd}/`;
  }

  private handle(directory: ByteString, inside: boolean): number {
    if (directory === '') return this.rootFd;
    const known = this.handles.get(directory);
    if (known !== undefined) {
      this.handles.delete(directory);
      this.handles.set(directory, known);
      return known;
    }
    const slash = directory.lastIndexOf('/');
    if (slash === 0) throw unsafePath(directory, 'absolute path');
    const component = directory.slice(slash + 1);
    const fault = nameFault(component);
    if (fault !== undefined) throw unsafePath(directory, fault);
    const parent = this.handle(slash < 0 ? '' : directory.slice(0, slash), inside);
    const fd = this.openIn(parent, component, directory, inside);
    this.handles.set(directory, fd);
    if (this.handles.size > CAPACITY) {
      const [oldest, handle] = this.handles.entries().next().value!;
      this.drop(oldest, handle);
    }
    return fd;
  }

  private openIn(parent: number, component: ByteString, directory: ByteString, inside: boolean): number {
    const path = this.prefixOf(parent) + component;
    try {
      return openDirectory(nativePath(path));
    } catch (error) {
      const code = errnoCode(error);
      if (code !== 'ENOTDIR' && code !== 'ELOOP') throw error;
      if (!lstatSync(nativePath(path)).isSymbolicLink()) throw error;
      if (!inside) throw unsafePath(directory, 'a parent directory is a symlink');
      const root = fromBuffer(readlinkSync(this.fdPath + this.rootFd, { encoding: 'buffer' }));
      const real = relativeTo(root, realPath(path));
      if (real === undefined) throw unsafePath(directory, 'a symlink leads out of the root');
      checkComponents(real);
      // The real place is opened anew, without following anything: it may have changed since it was resolved.
      return this.openStrictly(real);
    }
  }

  /** A new handle on a directory of the root, following nothing. */
  private openStrictly(directory: ByteString): number {
    let fd = openDirectory(`${this.prefixOf(this.rootFd)}.`);
    for (const component of directory === '' ? [] : directory.split('/')) {
      const parent = fd;
      try {
        fd = openDirectory(nativePath(this.prefixOf(parent) + component));
      } finally {
        closeSync(parent);
      }
    }
    return fd;
  }

  invalidate(directory: ByteString): void {
    const below = `${directory}/`;
    for (const [name, fd] of this.handles) {
      if (name === directory || name.startsWith(below)) this.drop(name, fd);
    }
  }

  refresh(directory: ByteString): boolean {
    let any = false;
    for (const name of [...this.handles.keys()]) {
      if (name !== directory && !directory.startsWith(`${name}/`)) continue;
      this.invalidate(name);
      any = true;
    }
    return any;
  }

  private drop(name: ByteString, fd: number): void {
    this.handles.delete(name);
    closeSync(fd);
    if (this.last === name) {
      this.last = '';
      this.lastPrefix = this.prefixOf(this.rootFd);
    }
  }

  close(): void {
    for (const [name, fd] of this.handles) this.drop(name, fd);
    closeSync(this.rootFd);
  }
}
