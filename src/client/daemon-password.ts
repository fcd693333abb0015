import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { EXIT, RsyncError } from '../core/errors.ts';
import { errnoText } from '../files/errors.ts';
import type { TransferRequest } from './transfer-request.ts';

/** What is read of a password file: its first line must be in it. */
const MAX_FILE = 64 * 1024;

/**
 * The password for a daemon that asks for one: that of the caller, the first line of `--password-file` that is not empty, RSYNC_PASSWORD,
 * or an answer of a person. Undefined: there is none.
 * @throws RsyncError RSYNC_AUTH, exit 1: the file can not be used
 */
export async function daemonPassword(request: TransferRequest, user: string): Promise<string | undefined> {
  const { password, options, env = process.env, onPrompt, remote } = request;
  if (password !== undefined) return typeof password === 'string' ? password : await password();
  if (options.passwordFile !== undefined) return readPasswordFile(options.passwordFile);
  if (env.RSYNC_PASSWORD !== undefined) return env.RSYNC_PASSWORD;
  return onPrompt?.({ kind: 'password', message: 'Password: ', secret: true, user, host: remote.host });
}

function readPasswordFile(path: string): string {
  const fail = (what: string, hint: string, cause?: unknown): RsyncError =>
    new RsyncError('RSYNC_AUTH', `rsyncjs: ${what}`, {
      exitCode: EXIT.SYNTAX,
      origin: 'local',
      path,
      hint,
      cause,
    });
  let bytes: Buffer;
  try {
    bytes = path === '-' ? readFileSync(0) : readPrivate(path, (what, hint) => fail(what, hint));
  } catch (error) {
    if (error instanceof RsyncError) throw error;
    throw fail(`could not open password file ${path}: ${errnoText(error)}`, 'Check --password-file.', error);
  }
  // A password is one line; empty ones before it are skipped, what follows it is nobody's business.
  const lines = bytes
    .subarray(0, MAX_FILE)
    .toString('utf8')
    .split(/[\r\n]+/);
  const line = lines.find((text) => text !== '');
  if (line !== undefined) return line;
  throw fail(`failed to read a password from ${path}`, 'Its first line must be the password.');
}

/** Checked and read through one descriptor, so that it is the same file. */
function readPrivate(path: string, fail: (what: string, hint: string) => RsyncError): Buffer {
  const fd = openSync(path, 'r');
  try {
    const { mode, uid } = fstatSync(fd);
    // Windows has no such bits.
    if (process.platform !== 'win32') {
      if ((mode & 0o006) !== 0) {
        throw fail('password file must not be other-accessible', `chmod 600 ${path}`);
      }
      if (process.getuid?.() === 0 && uid !== 0) {
        throw fail('password file must be owned by root when running as root', `chown root ${path}`);
      }
    }
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}
