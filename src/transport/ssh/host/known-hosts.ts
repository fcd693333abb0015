import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { RsyncError } from '../../../core/errors.ts';
import { matchPatternList } from '../config/wildcard.ts';

/**
 * The known_hosts file, sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT":
 *
 *     line    := [ marker SP ] names SP keytype SP base64-key [ SP comment ]
 *     marker  := "@revoked" | "@cert-authority"
 *     names   := pattern *( "," pattern )          pattern may hold * ? and a leading !
 *              | "|1|" base64-salt "|" base64-hmac-sha1-of-the-name
 *
 * A name is the lower-case host, or `[host]:port` for a port other than 22.
 */
interface KnownHostLine {
  file: string;
  line: number;
  marker: 'revoked' | 'cert-authority' | undefined;
  names: string;
  keyType: string;
  key: Buffer;
}

export type HostKeyVerdict =
  | { status: 'known'; at: string }
  /** Another key of the same type is on file. */
  | { status: 'changed'; at: string; file: string }
  | { status: 'revoked'; at: string }
  /** `otherTypes`: the host is on file, but with keys of these types only. */
  | { status: 'unknown'; otherTypes: string[] };

const DEFAULT_PORT = 22;

/** The name under which a host is on file. */
export function knownHostName(host: string, port: number): string {
  const lower = host.toLowerCase();
  return port === DEFAULT_PORT ? lower : `[${lower}]:${port}`;
}

/** The type that a public key's own bytes name: its first length-prefixed string. */
export function keyTypeOf(key: Uint8Array): string {
  const buffer = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const length = buffer.length >= 4 ? buffer.readUInt32BE(0) : 0;
  return length > 0 && length <= 64 && length <= buffer.length - 4
    ? buffer.toString('latin1', 4, 4 + length)
    : '';
}

/** As ssh prints it: `SHA256:` and base64 without padding. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** As ssh names it: ED25519, RSA, ECDSA. */
export function keyTypeName(type: string): string {
  if (type.startsWith('ecdsa-')) return 'ECDSA';
  return type.replace(/^ssh-/, '').toUpperCase();
}

export class KnownHosts {
  readonly #lines: KnownHostLine[] = [];

  /**
   * Reads the files that exist; `none` and the null device are empty.
   *
   * @throws RsyncError RSYNC_HOST_KEY (exit 255) if a file exists and can not be read: what it forbids is not known.
   */
  static read(files: readonly string[], trace?: (line: string) => void): KnownHosts {
    const known = new KnownHosts();
    for (const file of files) {
      if (isNowhere(file)) continue;
      let text: string;
      try {
        text = readFileSync(file, 'latin1');
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT' || code === 'ENOTDIR') continue;
        throw new RsyncError('RSYNC_HOST_KEY', `can not read the known hosts in ${file}: ${code}`, {
          exitCode: 255,
          origin: 'local',
          path: file,
          hint: 'Make the file readable, or name another one with -o UserKnownHostsFile=FILE.',
          cause: error,
        });
      }
      known.add(text, file, trace);
    }
    return known;
  }

  add(text: string, file: string, trace?: (line: string) => void): void {
    text.split('\n').forEach((raw, index) => {
      const words = raw.trim().split(/[ \t]+/);
      if (words[0] === '' || words[0]!.startsWith('#')) return;
      const at = `${file}:${index + 1}`;
      let marker: KnownHostLine['marker'];
      if (words[0]!.startsWith('@')) {
        const name = words.shift()!.slice(1);
        if (name !== 'revoked' && name !== 'cert-authority') {
          trace?.(`ssh: ${at}: unknown marker @${name}`);
          return;
        }
        marker = name;
      }
      const [names, keyType, base64] = words;
      const key = Buffer.from(base64 ?? '', 'base64');
      if (names === undefined || keyType === undefined || keyTypeOf(key) === '') {
        trace?.(`ssh: ${at}: not a known_hosts line`);
        return;
      }
      this.#lines.push({ file, line: index + 1, marker, names, keyType: keyTypeOf(key), key });
    });
  }

  /** Types of the keys on file for a host: what to ask for in the negotiation. */
  keyTypes(host: string, port: number): string[] {
    const types = this.#matching(knownHostName(host, port)).map((line) => line.keyType);
    return [...new Set(types)];
  }

  check(host: string, port: number, key: Buffer, trace?: (line: string) => void): HostKeyVerdict {
    const name = knownHostName(host, port);
    const type = keyTypeOf(key);
    const bare = host.toLowerCase();
    for (const line of this.#lines) {
      if (line.marker === undefined || !(matches(line, name) || matches(line, bare))) continue;
      if (line.marker === 'revoked' && line.key.equals(key)) return { status: 'revoked', at: place(line) };
      if (line.marker === 'cert-authority') {
        trace?.(`ssh: ${place(line)}: host certificates are not supported, line not used`);
      }
    }
    const lines = this.#matching(name);
    const same = lines.find((line) => line.key.equals(key));
    if (same !== undefined) return { status: 'known', at: place(same) };
    const other = lines.find((line) => line.keyType === type);
    if (other !== undefined) return { status: 'changed', at: place(other), file: other.file };
    if (name !== bare && lines.length === 0) {
      // As ssh does: the same key on file for the host without a port is good enough.
      const plain = this.#matching(bare).find((line) => line.key.equals(key));
      if (plain !== undefined) return { status: 'known', at: place(plain) };
    }
    return { status: 'unknown', otherTypes: [...new Set(lines.map((line) => line.keyType))] };
  }

  #matching(name: string): KnownHostLine[] {
    return this.#lines.filter((line) => line.marker === undefined && matches(line, name));
  }
}

function place(line: KnownHostLine): string {
  return `${line.file}:${line.line}`;
}

function matches(line: KnownHostLine, name: string): boolean {
  if (!line.names.startsWith('|')) return matchPatternList(line.names.toLowerCase().split(','), name);
  const [, version, salt, hash] = line.names.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, 'base64');
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

export function isNowhere(file: string): boolean {
  return file === 'none' || file === '/dev/null' || file.toUpperCase() === 'NUL';
}

/**
 * Adds one line to a known_hosts file, made with mode 0600 (its folder 0700) if missing. The line goes out in one
 * appending write, so that two processes can not tear each other's.
 *
 * @throws Error of the file system; Error if the name could be read as a pattern.
 */
export function appendKnownHost(file: string, host: string, port: number, key: Buffer, hashed = false): void {
  if (isNowhere(file)) return;
  const name = knownHostName(host, port);
  // A name with a wildcard, a comma or a blank would vouch for other hosts.
  if (!/^[\w.:%[\]-]+$/.test(name)) throw new Error(`${name} is not a plain host name`);
  let names = name;
  if (hashed) {
    const salt = randomBytes(20);
    names = `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
  }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fd = openSync(file, 'a+', 0o600);
  try {
    const { size } = fstatSync(fd);
    const last = Buffer.alloc(1);
    const unfinished = size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
    writeSync(fd, `${unfinished ? '\n' : ''}${names} ${keyTypeOf(key)} ${key.toString('base64')}\n`);
  } finally {
    closeSync(fd);
  }
}
