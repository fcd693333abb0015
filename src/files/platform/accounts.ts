/**
 * Names of users and groups. Node has no getpwuid(3): the account files are read first, then `getent` is asked, which
 * knows directory services too, about many names at once: a peer that sends a million names that nobody has must not
 * start a million programs. Answers are kept, "no such account" among them.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { ByteString } from '../../core/bytes.ts';

/** Milliseconds: a directory server that does not answer must not hold the transfer; it is not asked again at once. */
const GETENT_TIMEOUT = 5000;
const GETENT_PAUSE = 60_000;
/** Names, and their bytes, of one command line. */
const KEYS = 1000;
const KEY_BYTES = 60_000;
/** Names without an account that are kept: a process that serves many peers must not grow with what they send. */
const KEPT = 65_536;

/** `getent DATABASE KEY...`: the lines of those that there are. */
export type Lookup = (database: 'passwd' | 'group', keys: readonly ByteString[]) => readonly ByteString[];

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
    const [line] = this.lookup(this.database, [String(id)]);
    const found = line === undefined ? undefined : parseLine(line);
    names.set(id, found?.id === id ? found.name : undefined);
    return names.get(id);
  }

  id(name: ByteString): number | undefined {
    return this.idsOf([name])[0];
  }

  /** The ids of many names, in their order; undefined for a name without an account. */
  idsOf(names: readonly ByteString[]): (number | undefined)[] {
    this.load();
    for (const keys of this.batches(names)) {
      for (const key of keys) this.ids.set(key, undefined);
      for (const line of this.lookup(this.database, keys)) {
        const found = parseLine(line);
        if (found !== undefined && this.ids.has(found.name)) this.ids.set(found.name, found.id);
      }
    }
    const found = names.map((name) => this.ids.get(name));
    if (this.ids.size > KEPT) for (const [name, id] of this.ids) if (id === undefined) this.ids.delete(name);
    return found;
  }

  /** The names that nothing is known of, as many at a time as one command line takes. */
  private *batches(names: readonly ByteString[]): Generator<ByteString[]> {
    let batch: ByteString[] = [];
    let bytes = 0;
    for (const name of new Set(names)) {
      // `getent` would take a number for an id, and a leading dash for an option.
      if (this.ids.has(name) || name === '' || /^[0-9-]|\0/.test(name)) continue;
      batch.push(name);
      bytes += 2 * name.length + 1;
      if (batch.length < KEYS && bytes < KEY_BYTES) continue;
      yield batch;
      batch = [];
      bytes = 0;
    }
    if (batch.length > 0) yield batch;
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
let pausedUntil = 0;

function getent(database: 'passwd' | 'group', keys: readonly ByteString[]): readonly ByteString[] {
  if (missing || performance.now() < pausedUntil) return [];
  const words = keys.map((key) => Buffer.from(key, 'latin1').toString('utf8'));
  const { error, stdout } = spawnSync('getent', [database, ...words], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: GETENT_TIMEOUT,
    windowsHide: true,
  });
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOENT') missing = true;
  if (code === 'ETIMEDOUT') pausedUntil = performance.now() + GETENT_PAUSE;
  // It ends with 2 if one of them was not there, and has told of the others.
  return error === undefined ? stdout.toString('latin1').split('\n').filter(Boolean) : [];
}

export function systemAccounts(database: 'passwd' | 'group'): Accounts {
  return new Accounts(database, () => readFileSync(`/etc/${database}`, 'latin1'), getent);
}
