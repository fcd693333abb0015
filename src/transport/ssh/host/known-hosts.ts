import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { RsyncError } from '../../../core/errors.ts';
import { matchPatternList } from '../config/wildcard.ts';
import { knownHostName } from './known-host-name.ts';
import { isNowhere } from './nowhere.ts';
import { keyTypeOf } from './public-key.ts';

export { appendKnownHost } from './known-hosts-append.ts';
export { isNowhere } from './nowhere.ts';

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

/** A line that says something about a host. */
export interface KnownHostPlace {
  file: string;
  /** From 1. */
  line: number;
}

export type HostKeyVerdict =
  | { status: 'known'; at: string }
  /** Other keys of the same type are on file. `at`: the first one, "FILE:LINE". */
  | { status: 'changed'; at: string; places: KnownHostPlace[] }
  | { status: 'revoked'; at: string }
  /**
   * `otherTypes`: the host is on file, but with keys of these types only. `authorities`: lines ("FILE:LINE") of
   * certificate authorities that vouch for the host, which this client can not check.
   */
  | { status: 'unknown'; otherTypes: string[]; authorities: string[] };

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
        text = decode(readFileSync(file));
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

  /** Lines that make no sense are told to `trace` and passed over, as ssh does. */
  add(text: string, file: string, trace?: (line: string) => void): void {
    text.split('\n').forEach((raw, index) => {
      const content = raw.trim();
      if (content === '' || content.startsWith('#')) return;
      const parsed = parseLine(content);
      if (typeof parsed === 'string') trace?.(`ssh: ${file}:${index + 1}: ${parsed}, line not used`);
      else this.#lines.push({ file, line: index + 1, ...parsed });
    });
  }

  /** Types of the keys on file for a host: what to ask for in the negotiation. */
  keyTypes(host: string, port: number): string[] {
    const types = this.#matching(knownHostName(host, port)).map((line) => line.keyType);
    return [...new Set(types)];
  }

  /** What is on file about a host that shows `key`. */
  check(host: string, port: number, key: Buffer, trace?: (line: string) => void): HostKeyVerdict {
    const name = knownHostName(host, port);
    const bare = host.toLowerCase();
    const marked = this.#lines.filter(
      (line) => line.marker !== undefined && (matches(line, name) || matches(line, bare)),
    );
    const revoked = marked.find((line) => line.marker === 'revoked' && line.key.equals(key));
    if (revoked !== undefined) return { status: 'revoked', at: place(revoked) };
    const lines = this.#matching(name);
    // As ssh does: the same key on file for the host without a port is good enough.
    const same =
      lines.find((line) => line.key.equals(key)) ??
      (hasSameType(lines, key) ? undefined : this.#matching(bare).find((line) => line.key.equals(key)));
    if (same !== undefined) return { status: 'known', at: place(same) };
    const others = lines.filter((line) => line.keyType === keyTypeOf(key));
    if (others.length > 0) {
      return {
        status: 'changed',
        at: place(others[0]!),
        places: others.map(({ file, line }) => ({ file, line })),
      };
    }
    const authorities = marked.filter((line) => line.marker === 'cert-authority').map(place);
    for (const at of authorities) trace?.(`ssh: ${at}: host certificates are not supported, line not used`);
    return { status: 'unknown', otherTypes: [...new Set(lines.map((line) => line.keyType))], authorities };
  }

  #matching(name: string): KnownHostLine[] {
    return this.#lines.filter((line) => line.marker === undefined && matches(line, name));
  }
}

function hasSameType(lines: readonly KnownHostLine[], key: Buffer): boolean {
  return lines.some((line) => line.keyType === keyTypeOf(key));
}

/** UTF-16 is what `>` of Windows PowerShell makes of the output of ssh-keyscan. */
function decode(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  return bytes.toString('latin1').replace(/^\xef\xbb\xbf/, '');
}

/** A line's content, or what is wrong with it. */
function parseLine(content: string): Omit<KnownHostLine, 'file' | 'line'> | string {
  const words = content.split(/[ \t]+/, 5);
  let marker: KnownHostLine['marker'];
  if (words[0]!.startsWith('@')) {
    const name = words.shift()!.slice(1);
    if (name !== 'revoked' && name !== 'cert-authority') return `unknown marker @${printable(name)}`;
    marker = name;
  }
  const [names, keyType, base64] = words;
  if (names === undefined || keyType === undefined || base64 === undefined) return 'not a known_hosts line';
  if (content.includes('\0')) return 'not a known_hosts line (UTF-16, as >> of Windows PowerShell adds it)';
  const key = Buffer.from(base64, 'base64');
  const sound = /^[A-Za-z0-9+/]+=*$/.test(base64) && keyTypeOf(key) === keyType;
  if (!sound) return 'no key, or one that is not of the type named';
  return { marker, names, keyType, key };
}

function printable(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '?').slice(0, 32);
}

function place(line: KnownHostLine): string {
  return `${line.file}:${line.line}`;
}

function matches(line: KnownHostLine, name: string): boolean {
  if (!line.names.startsWith('|')) return matchPatternList(line.names.toLowerCase().split(','), name);
  const [, version, salt, hash] = line.names.split('|', 4);
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, 'base64');
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
