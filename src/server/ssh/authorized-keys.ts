/** Who may log in: a file in OpenSSH's format. */
import { readFileSync, statSync } from 'node:fs';
import type { ParsedKey } from 'ssh2';
import { RsyncError } from '../../core/errors.ts';
import { errnoText } from '../../files/errors.ts';
import { platform } from '../../files/platform/index.ts';
import { readKeyFile } from '../../transport/ssh/auth/private-key.ts';
import { SSH_FAILED } from '../../transport/ssh/errors.ts';
import { DEFAULT_REQUIRED_RSA_SIZE, keyTypeOf, rsaKeyBits } from '../../transport/ssh/host/public-key.ts';
import { type KeyOptions, readKeyOptions, splitOptions } from './key-options.ts';

export interface AuthorizedKey extends KeyOptions {
  key: ParsedKey;
  comment: string;
  /** From 1. */
  line: number;
}

/** A line that lets nobody in. */
export interface UnusableLine {
  /** From 1. */
  line: number;
  reason: string;
}

export interface AuthorizedKeySet {
  keys: AuthorizedKey[];
  unusable: UnusableLine[];
}

const MOST_BYTES = 4 * 1024 * 1024;
const KEY_TYPE = /^(?:ssh-|ecdsa-|sk-)[\w@.-]+$/;

/** Lines that are empty or comments are left out. */
export function parseAuthorizedKeys(text: string): AuthorizedKeySet {
  const set: AuthorizedKeySet = { keys: [], unusable: [] };
  for (const [at, raw] of text.split('\n').entries()) {
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) continue;
    const key = parseLine(content);
    if (typeof key === 'string') set.unusable.push({ line: at + 1, reason: key });
    else set.keys.push({ ...key, line: at + 1 });
  }
  return set;
}

function parseLine(content: string): Omit<AuthorizedKey, 'line'> | string {
  const bare = KEY_TYPE.test(content.split(/[ \t]/, 1)[0]!);
  const split = bare ? { options: [], rest: content } : splitOptions(content);
  if (split === undefined) return 'it is no line of authorized_keys';
  const options = readKeyOptions(split.options);
  if (typeof options === 'string') return options;
  const [type = '', base64 = '', ...comment] = split.rest.split(/[ \t]+/);
  const blob = Buffer.from(base64, 'base64');
  if (!KEY_TYPE.test(type) || keyTypeOf(blob) === '') return 'it holds no key';
  if (keyTypeOf(blob) !== type) return 'the key is of another type than the line says';
  const file = readKeyFile(`${type} ${base64}`);
  if (file.kind === 'unusable') return `keys of type ${file.type} can not be checked here`;
  if (file.kind !== 'public') return 'the key is damaged';
  if ((rsaKeyBits(blob) ?? DEFAULT_REQUIRED_RSA_SIZE) < DEFAULT_REQUIRED_RSA_SIZE)
    return 'the key is too short';
  return { ...options, key: file.key, comment: comment.join(' ') };
}

/** The file, read anew when it has changed: who is taken out gets in no more. */
export class AuthorizedKeys {
  readonly path: string;
  private readonly onUnusable: (unusable: readonly UnusableLine[]) => void;
  private version = '';
  private known: AuthorizedKeySet = { keys: [], unusable: [] };

  /** @param onUnusable  told whenever the file has been read */
  constructor(path: string, onUnusable: (unusable: readonly UnusableLine[]) => void) {
    this.path = path;
    this.onUnusable = onUnusable;
  }

  /** @throws RsyncError RSYNC_AUTH, exit 255: the file is missing, not to be read, or somebody else may write to it */
  load(): readonly AuthorizedKey[] {
    const { mtimeNs, ctimeNs, ino, size, mode } = this.reach(() => statSync(this.path, { bigint: true }));
    if (platform.hasModes && (mode & 0o22n) !== 0n) {
      throw this.fault('others may write to it', `chmod go-w ${this.path}`);
    }
    if (size > MOST_BYTES) throw this.fault('it is too large');
    const version = [mtimeNs, ctimeNs, ino, size].join();
    if (version !== this.version) {
      this.known = parseAuthorizedKeys(this.reach(() => readFileSync(this.path, 'utf8')));
      this.version = version;
      this.onUnusable(this.known.unusable);
    }
    return this.known.keys;
  }

  private reach<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw this.fault(errnoText(error), 'It holds the public keys that may log in, one a line.');
    }
  }

  private fault(what: string, hint?: string): RsyncError {
    return new RsyncError('RSYNC_AUTH', `the authorized keys in ${this.path} can not be used: ${what}`, {
      exitCode: SSH_FAILED,
      origin: 'local',
      path: this.path,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
