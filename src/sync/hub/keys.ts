/**
 * A key of its own for one spoke: it may start one server in one directory there, and do nothing else. sshd(8),
 * "AUTHORIZED_KEYS FILE FORMAT"; ssh_config(5).
 */
import { generateKeyPairSync } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT, RsyncError, usageError } from '../../core/errors.ts';
import { fileError } from '../../files/errors.ts';
import { makeFolders } from '../../files/make-folders.ts';
import { platform } from '../../files/platform/index.ts';
import { readOpenSshEnvelope, writeOpenSshEd25519 } from '../../transport/ssh/auth/openssh-key.ts';

export interface SpokeKeyRequest {
  /** Of the spoke: names the files and the Host of ssh_config. Letters, digits, `.`, `_`, `-`. */
  name: string;
  /** Where the spoke is: `[USER@]HOST`, an IPv6 address with or without brackets. */
  host: string;
  port?: number | undefined;
  /** On the spoke: absolute, or relative to the account's home; `~/` stands for it. */
  directory: string;
  /** Who serves there: rsync's own script, or `rsyncjs serve`. Default: rrsync. */
  server?: 'rrsync' | 'rsyncjs' | undefined;
  /** How it is started there, if it is not found by its name: a path, or several words. */
  program?: readonly string[] | undefined;
  /** What the key may do. Default: read alone. */
  access?: 'read-only' | 'write-only' | 'read-write' | undefined;
  /** Told behind the public key. Default: `rsyncjs-NAME`. */
  comment?: string | undefined;
  /** Here: absolute path of the folder for the files; made if it is not there. */
  folder: string;
}

export interface SpokeKey {
  privateFile: string;
  publicFile: string;
  /** False: the key was there already, and is as it was. */
  made: boolean;
  /** One line, for `~/.ssh/authorized_keys` on the spoke. */
  authorizedKeysLine: string;
  /** Lines, for `~/.ssh/config` here. */
  sshConfigBlock: string;
  /** What a spoke's `source` is then: the root of what the key may see. */
  source: string;
}

/**
 * Makes the key, unless it is there: a file is never replaced.
 * @throws RsyncError RSYNC_USAGE, exit 1: a name, host or path that can not be told to ssh; RSYNC_FILE_IO, exit 11;
 *   RSYNC_AUTH, exit 255: what is there under the name is no ed25519 key
 */
export function spokeKey(request: SpokeKeyRequest): SpokeKey {
  const { name, folder, port } = request;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) {
    throw usageError(`${name}: letters, digits, ".", "_" and "-" make the name of a spoke`);
  }
  const command = forcedCommand(request);
  const comment = request.comment ?? `rsyncjs-${name}`;
  plain('--comment', comment);
  const { user, host } = parseHost(request.host);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw usageError(`--port ${port}: a port is a number from 1 to 65535`);
  }
  const privateFile = join(folder, `${name}_ed25519`);
  const publicFile = `${privateFile}.pub`;
  const identity = configValue(privateFile);
  const { publicKey, made } = obtain(privateFile, publicFile, comment);
  return {
    privateFile,
    publicFile,
    made,
    authorizedKeysLine: `restrict,command="${command.replaceAll('"', '\\"')}" ${publicKey} ${comment}`,
    sshConfigBlock: [
      `Host ${name}`,
      `    HostName ${host.replaceAll('%', '%%')}`,
      ...(port === undefined ? [] : [`    Port ${port}`]),
      ...(user === undefined ? [] : [`    User ${user}`]),
      `    IdentityFile ${identity}`,
      '    IdentitiesOnly yes',
      '',
    ].join('\n'),
    source: `${name}:.`,
  };
}

/** What the key starts, for the account's shell there, whichever it is. */
function forcedCommand({
  directory,
  server = 'rrsync',
  program,
  access = 'read-only',
}: SpokeKeyRequest): string {
  if (directory === '') throw usageError('--dir is empty', 'It says what the key may reach.');
  plain('--dir', directory);
  // What is quoted is not expanded, but both servers start in the home.
  let place = directory === '~' ? '.' : directory.replace(/^~\/+/, '') || '.';
  if (place.startsWith('~')) {
    throw usageError(`--dir ${directory}: another account's home is not known here`, 'Write its path.');
  }
  if (place.startsWith('-')) place = `./${place}`;
  for (const word of program ?? []) plain('the program', word);
  const modes = { 'read-only': ['-ro'], 'write-only': ['-wo'], 'read-write': [] };
  const words =
    server === 'rrsync'
      ? [...(program ?? ['rrsync']), ...modes[access], place]
      : [
          ...(program ?? ['rsyncjs']),
          'serve',
          '--stdio',
          ...(access === 'read-write' ? [] : [`--${access}`]),
          `--root=${place}`,
        ];
  return words.map(anyShellQuoted).join(' ');
}

/**
 * A word that means the same to the POSIX shells, csh and fish: within single quotes they differ about `\` and `!`, which
 * therefore stand outside with a backslash of their own.
 */
export function anyShellQuoted(word: string): string {
  if (/^[A-Za-z0-9_+:,./-][A-Za-z0-9_+:,./=-]*$/.test(word)) return word;
  return word
    .split(/([\\'!])/)
    .map((part, i) => (part === '' ? '' : i % 2 === 1 ? `\\${part}` : `'${part}'`))
    .join('');
}

/** One line each, as all files of ssh have it. */
function plain(what: string, text: string): void {
  if (/[\0-\x1f\x7f]/.test(text))
    throw usageError(`${what} ${JSON.stringify(text)} holds a control character`);
}

function parseHost(text: string): { user: string | undefined; host: string } {
  const at = text.lastIndexOf('@');
  const user = at < 0 ? undefined : text.slice(0, at);
  const host = text.slice(at + 1).replace(/^\[([^\]]*)\]$/, '$1');
  // Blanks, quotes and a leading dash mean something to ssh; a colon alone is the port's or the path's.
  const isHost =
    /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(host) || /^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*(%\w+)?$/i.test(host);
  if (!isHost || user === '' || (user !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.$@+\\-]*$/.test(user))) {
    throw usageError(
      `--host ${text}: expected [USER@]HOST`,
      'A port is said with --port, the directory with --dir.',
    );
  }
  return { user, host };
}

/** A path in ssh_config: `%` begins a token, `${` a variable. */
function configValue(path: string): string {
  const text = platform.isWindows ? path.replaceAll('\\', '/') : path;
  if (/["\\]|\$\{|[\0-\x1f\x7f]/.test(text)) {
    throw usageError(`${path}: ssh_config can not hold this path in all releases`, 'Choose another --out.');
  }
  return `"${text.replaceAll('%', '%%')}"`;
}

function obtain(
  privateFile: string,
  publicFile: string,
  comment: string,
): { publicKey: string; made: boolean } {
  const old = existing(privateFile);
  if (old !== undefined) return { publicKey: old, made: false };
  const key = generateKeyPairSync('ed25519').privateKey;
  const text = `${writeOpenSshEd25519(key)}\n`;
  const publicKey = publicHalf(text)!;
  try {
    makeFolders(dirname(privateFile), 0o700);
  } catch (error) {
    throw fileError('mkdir', join(privateFile, '..'), error);
  }
  writeNew(privateFile, text, 0o600);
  // The public half is in the private file too: one that is there already is somebody's own.
  try {
    writeNew(publicFile, `${publicKey} ${comment}\n`, 0o644);
  } catch (error) {
    unlinkSync(privateFile);
    throw error;
  }
  return { publicKey, made: true };
}

/** The public half of the key that is there; undefined: there is none. */
function existing(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError('read', path, error);
  }
  const publicKey = publicHalf(text);
  if (publicKey !== undefined) return publicKey;
  throw new RsyncError('RSYNC_AUTH', `${path} is there, and is no ed25519 key of OpenSSH`, {
    exitCode: 255,
    origin: 'local',
    path,
    hint: 'Move it away, or choose another --out.',
  });
}

function publicHalf(privateText: string): string | undefined {
  const blob = readOpenSshEnvelope(privateText)?.publicKey;
  const isEd25519 = blob?.subarray(4, 15).toString('latin1') === 'ssh-ed25519';
  return isEd25519 ? `ssh-ed25519 ${blob.toString('base64')}` : undefined;
}

/** Whole or not at all, and never in place of another one. */
function writeNew(path: string, text: string, mode: number): void {
  let fd: number;
  try {
    fd = openSync(path, 'wx', mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fileError('open', path, error);
    throw new RsyncError('RSYNC_FILE_IO', `${path} is there already`, {
      exitCode: EXIT.FILEIO,
      origin: 'local',
      path,
      hint: 'Keys are never replaced: move it away, or choose another --out.',
    });
  }
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } catch (error) {
    unlinkSync(path);
    throw fileError('write', path, error);
  } finally {
    closeSync(fd);
  }
}
