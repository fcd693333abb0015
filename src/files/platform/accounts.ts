/**
 * Names of users and groups. Node has no getpwuid(3): the account files are read first, then `getent` is asked, which
 * knows directory services too. Every answer, also "no such account", is kept: a transfer asks for each id once.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { ByteString } from '../../core/bytes.ts';

/** Milliseconds: a directory server that does not answer must not hold the transfer. */
const GETENT_TIMEOUT = 5000;

/** `getent DATABASE KEY`: the line, or undefined. */
export type Lookup = (database: 'passwd' | 'group', key: ByteString) => ByteString | undefined;

export class Accounts {
  private readonly database: 'passwd' | 'group';
  private readonly readFile: () => ByteString;
  private readonly lookup: Lookup;
  private names: Map<number, ByteString | undefined> | undefined;
  private ids = new Map<ByteString, number | undefined>();

  /** @param readFile  the text of the account file; may throw */
  constructor(database: 'passwd' | 'group', readFile: () => ByteString, lookup: Lookup) {
    this.database = database;
    this.readFile = readFile;
    this.lookup = lookup;
  }

  name(id: number): ByteString | undefined {
    const names = this.load();
    if (names.has(id)) return names.get(id);
    const line = this.lookup(this.database, String(id));
    const found = line === undefined ? undefined : parseLine(line);
    names.set(id, found?.id === id ? found.name : undefined);
    return names.get(id);
  }

  id(name: ByteString): number | undefined {
    this.load();
    if (this.ids.has(name)) return this.ids.get(name);
    // `getent` would take a number for an id, and a leading dash for an option.
    const line = /^[0-9-]|\0/.test(name) || name === '' ? undefined : this.lookup(this.database, name);
    const found = line === undefined ? undefined : parseLine(line);
    this.ids.set(name, found?.name === name ? found.id : undefined);
    return this.ids.get(name);
  }

  private load(): Map<number, ByteString | undefined> {
    if (this.names !== undefined) return this.names;
    this.names = new Map();
    let text = '';
    try {
      text = this.readFile();
    } catch {
      // No such file (a bare container): `getent`, then numbers.
    }
    for (const line of text.split('\n')) {
      const found = parseLine(line);
      if (found === undefined) continue;
      // The first line of an id or a name wins, as with getpwuid(3).
      if (!this.names.has(found.id)) this.names.set(found.id, found.name);
      if (!this.ids.has(found.name)) this.ids.set(found.name, found.id);
    }
    return this.names;
  }
}

/** `name:password:id:...`; both files begin so. */
function parseLine(line: ByteString): { name: ByteString; id: number } | undefined {
  const [name, , id] = line.split(':', 3);
  if (name === undefined || name === '' || line.startsWith('#')) return undefined;
  return id !== undefined && /^\d+$/.test(id) ? { name, id: Number(id) } : undefined;
}

/** The numbers of the groups that a user is in. @param user  the name of one that exists */
export function groupIds(user: ByteString): number[] {
  return idNumbers('-G', user);
}

/** The number of the group that a user starts with. @param user  the name of one that exists */
export function primaryGroupId(user: ByteString): number | undefined {
  return idNumbers('-g', user)[0];
}

/** id(1) asks whatever the system asks; who is in a group is not in the account files alone. */
function idNumbers(letter: '-G' | '-g', user: ByteString): number[] {
  // A number would be taken for an id, which is another user than the one of that name.
  if (/^[0-9+-]|\0/.test(user)) return [];
  const result = spawnSync('id', [letter, '--', Buffer.from(user, 'latin1').toString('utf8')], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: GETENT_TIMEOUT,
  });
  if (result.status !== 0) return [];
  return result.stdout.toString('latin1').trim().split(/\s+/).filter(isNumber).map(Number);
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

let missing = false;

function getent(database: 'passwd' | 'group', key: ByteString): ByteString | undefined {
  if (missing) return undefined;
  const result = spawnSync('getent', [database, Buffer.from(key, 'latin1').toString('utf8')], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: GETENT_TIMEOUT,
    windowsHide: true,
  });
  if (result.error !== undefined && (result.error as NodeJS.ErrnoException).code === 'ENOENT') missing = true;
  return result.status === 0 ? result.stdout.toString('latin1').split('\n', 1)[0] : undefined;
}

export function systemAccounts(database: 'passwd' | 'group'): Accounts {
  return new Accounts(database, () => readFileSync(`/etc/${database}`, 'latin1'), getent);
}
