/**
 * Fifos, sockets and device nodes. Node has no mknod(2): `mkfifo` and `mknod` of the system are run, one process a
 * node (about 2 ms; such files are rare). A socket node is what bind(2) leaves behind: a server listens for a moment,
 * its file is renamed, and so survives the close, which removes the name it was bound to.
 */

import { spawnSync } from 'node:child_process';
import { lstatSync, renameSync, unlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { type ByteString, fromText, toText } from '../core/bytes.ts';
import { S_IFBLK, S_IFCHR, S_IFIFO, S_IFMT, S_IFSOCK } from '../core/mode.ts';
import { errnoCode, errnoError, notPossible } from './errors.ts';
import { nativePath, platform } from './platform/index.ts';

/** sun_path has 108 bytes on Linux, 104 elsewhere, with its NUL. */
const SOCKET_PATH_MAX = 103;

/**
 * Makes a node at a path whose last component is ASCII (a temporary name).
 * @param path  checked, absolute
 * @param name  for messages
 * @throws ErrnoException, or RsyncError RSYNC_UNSUPPORTED where the system has no way to do it
 */
export function makeNode(
  path: ByteString,
  name: ByteString,
  mode: number,
  major: number,
  minor: number,
): void {
  if (platform.isWindows) throw notPossible(name, 'mknod');
  const text = toText(path);
  // Arguments of a program are text: a path that is not UTF-8 can not be given to one.
  if (fromText(text) !== path) throw notPossible(name, 'mknod', 'The path of the destination is not UTF-8.');
  const type = mode & S_IFMT;
  if (type === S_IFSOCK) makeSocket(text, name);
  else if (type === S_IFIFO) run('mkfifo', [text], name);
  else if (type === S_IFCHR || type === S_IFBLK)
    run('mknod', [text, type === S_IFCHR ? 'c' : 'b', String(major), String(minor)], name);
  else throw notPossible(name, 'mknod');
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/Operation not permitted/, 'EPERM'],
  [/Permission denied/, 'EACCES'],
  [/File exists/, 'EEXIST'],
  [/No such file or directory/, 'ENOENT'],
  [/No space left/, 'ENOSPC'],
  [/Read-only file system/, 'EROFS'],
  [/not supported/, 'ENOTSUP'],
];

function run(program: string, args: string[], name: ByteString): void {
  const result = spawnSync(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (result.error !== undefined) {
    if (errnoCode(result.error) !== 'ENOENT') throw result.error;
    throw notPossible(name, program, `Install the program ${program}.`, result.error);
  }
  if (result.status === 0) return;
  const said = result.stderr.toString('latin1');
  const reason = REASONS.find(([pattern]) => pattern.test(said))?.[1] ?? 'EINVAL';
  throw errnoError(reason, program, name);
}

function makeSocket(path: string, name: ByteString): void {
  if (Buffer.byteLength(path) + 2 > SOCKET_PATH_MAX)
    throw notPossible(name, 'socket', 'The path is too long.');
  const bound = `${path}.s`;
  const server = createServer();
  let failure: unknown;
  server.on('error', (error) => {
    failure = error;
  });
  // bind(2) and listen(2) happen in this call, unless this process is a worker of node:cluster.
  server.listen(bound);
  server.unref();
  const made = lstatSync(bound, { throwIfNoEntry: false })?.isSocket() === true;
  if (made) renameSync(bound, path);
  server.close();
  if (!made)
    throw notPossible(name, 'socket', 'The file system has no sockets, or it is not writable.', failure);
}

/** Moves a finished node to its name, which must be free. */
export function placeNode(from: ByteString, to: ByteString): void {
  if (lstatSync(nativePath(to), { throwIfNoEntry: false }) !== undefined) {
    unlinkSync(nativePath(from));
    throw errnoError('EEXIST', 'mknod', to);
  }
  renameSync(nativePath(from), nativePath(to));
}
