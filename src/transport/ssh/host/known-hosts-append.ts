import { createHmac, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { knownHostName } from './known-host-name.ts';
import { isNowhere } from './nowhere.ts';
import { keyTypeOf } from './public-key.ts';

/** The line of a known_hosts file for a host, without its end. @throws Error if the name could be read as a pattern. */
export function knownHostLine(host: string, port: number, key: Buffer, hashed = false): string {
  const name = knownHostName(host, port);
  // A name with a wildcard, a comma or a blank would vouch for other hosts.
  if (!/^[\w.:%[\]-]+$/.test(name)) throw new Error(`${JSON.stringify(name)} is not a plain host name`);
  let names = name;
  if (hashed) {
    const salt = randomBytes(20);
    names = `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
  }
  return `${names} ${keyTypeOf(key)} ${key.toString('base64')}`;
}

/**
 * Adds one line to a known_hosts file, made with mode 0600 (its folder 0700) if missing; a symlink stays one. The line
 * goes out in one appending write, so that two processes can not tear each other's, and starts a new line if the file's
 * last one has no end.
 *
 * @throws Error of the file system; Error if the name could be read as a pattern, or the file is in UTF-16.
 */
export function appendKnownHost(file: string, host: string, port: number, key: Buffer, hashed = false): void {
  if (isNowhere(file)) return;
  const line = knownHostLine(host, port, key, hashed);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fd = openSync(file, 'a+', 0o600);
  try {
    const { size } = fstatSync(fd);
    const mark = Buffer.alloc(2);
    if (readSync(fd, mark, 0, 2, 0) === 2 && mark[0] === 0xff && mark[1] === 0xfe) {
      throw new Error('the file is in UTF-16, which OpenSSH does not read: save it as UTF-8 or ASCII');
    }
    const last = Buffer.alloc(1);
    const unfinished = size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
    const bytes = Buffer.from(`${unfinished ? '\n' : ''}${line}\n`, 'latin1');
    if (writeSync(fd, bytes) < bytes.length) throw new Error('the disk is full');
  } finally {
    closeSync(fd);
  }
}
