/** Unix modes as they travel in the file list: docs/protocol/2-file-list.md, 2.6. The same on every platform. */

/** Mask of the type bits. */
export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFDIR = 0o040000;
export const S_IFBLK = 0o060000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFSOCK = 0o140000;

/** Mask of the permission bits, with set-id and sticky. */
export const PERMISSIONS = 0o7777;

export function isRegular(mode: number): boolean {
  return (mode & S_IFMT) === S_IFREG;
}

export function isDirectory(mode: number): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

export function isSymlink(mode: number): boolean {
  return (mode & S_IFMT) === S_IFLNK;
}

/** A block or character device. */
export function isDevice(mode: number): boolean {
  const type = mode & S_IFMT;
  return type === S_IFCHR || type === S_IFBLK;
}

/** A fifo or a socket: what rsync calls a special file. */
export function isSpecial(mode: number): boolean {
  const type = mode & S_IFMT;
  return type === S_IFIFO || type === S_IFSOCK;
}

/** An argument that does not exist at the sender (`--delete-missing-args`): docs/protocol/2-file-list.md, 2.9. */
export function isMissing(mode: number): boolean {
  return mode === 0;
}

/** True if the type bits name one of the seven kinds of file. */
export function hasKnownType(mode: number): boolean {
  return isRegular(mode) || isDirectory(mode) || isSymlink(mode) || isDevice(mode) || isSpecial(mode);
}
