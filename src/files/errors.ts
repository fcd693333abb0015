import { type ByteString, toText } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';

// What strerror(3) of glibc says, with Linux's number. The number of the running system is preferred (macOS counts
// differently); on Windows, where libuv invents numbers, this one is printed.
const STRERROR: Readonly<Record<string, readonly [number, string]>> = {
  EPERM: [1, 'Operation not permitted'],
  ENOENT: [2, 'No such file or directory'],
  EIO: [5, 'Input/output error'],
  ENXIO: [6, 'No such device or address'],
  EBADF: [9, 'Bad file descriptor'],
  EAGAIN: [11, 'Resource temporarily unavailable'],
  ENOMEM: [12, 'Cannot allocate memory'],
  EACCES: [13, 'Permission denied'],
  EBUSY: [16, 'Device or resource busy'],
  EEXIST: [17, 'File exists'],
  EXDEV: [18, 'Invalid cross-device link'],
  ENODEV: [19, 'No such device'],
  ENOTDIR: [20, 'Not a directory'],
  EISDIR: [21, 'Is a directory'],
  EINVAL: [22, 'Invalid argument'],
  ENFILE: [23, 'Too many open files in system'],
  EMFILE: [24, 'Too many open files'],
  ETXTBSY: [26, 'Text file busy'],
  EFBIG: [27, 'File too large'],
  ENOSPC: [28, 'No space left on device'],
  EROFS: [30, 'Read-only file system'],
  EMLINK: [31, 'Too many links'],
  EPIPE: [32, 'Broken pipe'],
  ENAMETOOLONG: [36, 'File name too long'],
  ENOSYS: [38, 'Function not implemented'],
  ENOTEMPTY: [39, 'Directory not empty'],
  ELOOP: [40, 'Too many levels of symbolic links'],
  EOVERFLOW: [75, 'Value too large for defined data type'],
  EILSEQ: [84, 'Invalid or incomplete multibyte or wide character'],
  ENOTSUP: [95, 'Operation not supported'],
  EOPNOTSUPP: [95, 'Operation not supported'],
  ESTALE: [116, 'Stale file handle'],
  EDQUOT: [122, 'Disk quota exceeded'],
};

/** The `code` of a failed system call (`ENOENT`), or undefined for any other value. */
export function errnoCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** A failed system call as C prints it: `Permission denied (13)`. For any other value its message. */
export function errnoText(error: unknown): string {
  const code = errnoCode(error);
  if (code === undefined) return error instanceof Error ? error.message : String(error);
  const known = STRERROR[code];
  const number = (error as NodeJS.ErrnoException).errno;
  // libuv's own numbers (Windows, and codes the system lacks) start at 4000.
  const printed = number !== undefined && number < 0 && number > -3000 ? -number : known?.[0];
  const text = known?.[1] ?? (error as Error).message.replace(/^[A-Z0-9]+: /, '').replace(/, .*$/s, '');
  return printed === undefined ? text : `${text} (${printed})`;
}

/** An error in the form that Node's fs throws, for failures found out by other means. */
export function errnoError(code: string, syscall: string, path: ByteString): NodeJS.ErrnoException {
  const [number, text] = STRERROR[code] ?? [22, code];
  const message = `${code}: ${text.toLowerCase()}, ${syscall} '${toText(path)}'`;
  return Object.assign(new Error(message), { code, errno: -number, syscall, path: toText(path) });
}

/**
 * A failed call on a file that ends the run: RSYNC_FILE_IO, exit 11, `WHAT "PATH": REASON (ERRNO)`
 * (docs/protocol/4-filters-and-options.md, D.2).
 * @param path      text: `toText(root.display(name))`
 * @param exitCode  PARTIAL (23) if only this file is lost
 * @param what  as C words it: `write failed on`, `mkdir`, ...
 */
export function fileError(
  what: string,
  path: string,
  error: unknown,
  exitCode: number = EXIT.FILEIO,
): RsyncError {
  return new RsyncError('RSYNC_FILE_IO', `${what} "${path}": ${errnoText(error)}`, {
    exitCode,
    origin: 'local',
    path,
    cause: error,
  });
}

/** A name that would leave the root, or that this platform can not hold. One file fails, not the run: exit 23. */
export function unsafePath(name: ByteString, reason: string, hint?: string): RsyncError {
  return new RsyncError('RSYNC_UNSAFE_PATH', `refused path "${toText(name)}": ${reason}`, {
    exitCode: EXIT.PARTIAL,
    origin: 'remote',
    path: toText(name),
    ...(hint === undefined ? {} : { hint }),
  });
}

/** This platform has no way to do it: exit 23 for the file, and worth telling once only. */
export function notPossible(name: ByteString, what: string, hint?: string, cause?: unknown): RsyncError {
  return new RsyncError('RSYNC_UNSUPPORTED', `${what} "${toText(name)}": not possible on this system`, {
    exitCode: EXIT.PARTIAL,
    origin: 'local',
    path: toText(name),
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A directory that is to be the root of a tree, and can not be (exit 3). */
export function cannotEnter(path: ByteString, cause: unknown): RsyncError {
  const reason = cause instanceof RsyncError ? cause.message : errnoText(cause);
  return new RsyncError('RSYNC_FILE_SELECT', `change_dir "${toText(path)}" failed: ${reason}`, {
    exitCode: EXIT.FILESELECT,
    origin: 'local',
    path: toText(path),
    cause,
  });
}
