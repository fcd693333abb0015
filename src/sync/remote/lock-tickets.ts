/**
 * What a lock on the other side is made of: files in the root of the remote folder, one for each who holds it or wants it.
 * The name says who that is, and the time, which is the server's own, when he last gave a sign of life.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromText, toText } from '../../core/bytes.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import { Complaints } from './complaints.ts';
import type { Remote } from './remote.ts';

/** Who holds a lock. */
export interface LockOwner {
  /** Letters, digits, `_` and `-`; no two are the same. */
  token: string;
  host: string;
  user: string;
  pid: number;
  /** Milliseconds since 1970, by the owner's clock. */
  started: number;
}

export interface Ticket {
  name: string;
  owner: LockOwner;
  /** Seconds since 1970, by the server's clock, with their fraction as far as the server tells it. */
  mtime: number;
}

/** What was seen of the remote folder. */
export interface Sight {
  /** Sorted: by age, the oldest first; of the same age by their names. */
  tickets: Ticket[];
  protocol: number;
}

const PREFIX = '.rsyncjs-lock';
/** Of a name that may be anything, in letters that every file system takes. */
const SHOWN = 80;

/** They stay out of every transfer. */
export const LOCK_RULES: readonly FilterArgument[] = [{ kind: 'exclude', text: fromText(`/${PREFIX}*`) }];

export class LockTickets {
  readonly #remote: Remote;

  constructor(remote: Remote) {
    this.#remote = remote;
  }

  /** Throws and ends as a transfer. */
  async see(): Promise<Sight> {
    const tickets: Ticket[] = [];
    const { protocol } = await this.#remote.list({
      words: ['--dirs'],
      rules: [
        { kind: 'include', text: fromText(`/${PREFIX}*`) },
        { kind: 'exclude', text: '*' },
      ],
      onEvent: (event) => {
        if (event.type !== 'listed') return;
        const name = toText(event.entry.name);
        const owner = ownerOf(name);
        const { mtime, mtimeNsec } = event.entry;
        if (owner !== undefined) tickets.push({ name, owner, mtime: mtime + mtimeNsec / 1e9 });
      },
    });
    tickets.sort((a, b) => a.mtime - b.mtime || (a.name < b.name ? -1 : 1));
    return { tickets, protocol };
  }

  /**
   * Puts a ticket there, or gives it a new time. Throws as a transfer.
   * @param words  `--existing`: only if it is there
   * @returns whether it was sent, and what the server has to say if not
   */
  async put(
    owner: LockOwner,
    words: readonly '--existing'[] = [],
  ): Promise<{ sent: boolean; exitCode: number; complaint: string | undefined }> {
    const name = ticketName(owner);
    const complaints = new Complaints();
    let sent = false;
    const exitCode = await withFolder(async (folder) => {
      const file = join(folder, name);
      writeFileSync(file, `${owner.user}@${owner.host} is pushing. This file goes when that is done.\n`);
      // Without times: the server gives it its own.
      const result = await this.#remote.push(file, {
        words: ['--ignore-times', ...words],
        onEvent: (event) => {
          if (event.type === 'item' && toText(event.entry.name) === name) sent = true;
          complaints.hear(event);
        },
      });
      return result.exitCode;
    });
    return { sent: sent && exitCode === 0, exitCode, complaint: complaints.lines[0] };
  }

  /** Takes these away, and nothing else. Throws as a transfer. */
  async remove(names: readonly string[]): Promise<void> {
    const rules: FilterArgument[] = [
      ...names.map((name): FilterArgument => ({ kind: 'filter', text: fromText(`R /${name}`) })),
      { kind: 'filter', text: 'P *' },
    ];
    await withFolder((folder) => this.#remote.push(`${folder}/`, { words: ['--dirs', '--delete'], rules }));
  }
}

/** With an empty folder of this machine, which is gone afterwards. */
async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'rsyncjs-lock-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `.rsyncjs-lock,v1,TOKEN,STARTED,PID,USER@HOST`: no letter of it means anything in a filter rule. */
export function ticketName({ token, started, pid, user, host }: LockOwner): string {
  return `${PREFIX},v1,${token},${started},${pid},${escaped(user)}@${escaped(host)}`;
}

function ownerOf(name: string): LockOwner | undefined {
  const [prefix, version, token = '', started = '', pid = '', who = ''] = name.split(',');
  if (prefix !== PREFIX || version !== 'v1' || !/^[\w-]{1,64}$/.test(token)) return undefined;
  if (!/^\d{1,15}$/.test(started) || !/^\d{1,10}$/.test(pid)) return undefined;
  const [user = '', host = ''] = who.split('@').map(unescaped);
  return { token, host, user, pid: Number(pid), started: Number(started) };
}

function escaped(text: string): string {
  const all = [...Buffer.from(text, 'utf8')].map((byte) => {
    const letter = String.fromCharCode(byte);
    return /[\w.-]/.test(letter) ? letter : `%${byte.toString(16).padStart(2, '0')}`;
  });
  let short = '';
  for (const part of all) if (short.length + part.length <= SHOWN) short += part;
  return short;
}

function unescaped(text: string): string {
  const bytes = text.replace(/%([0-9a-f]{2})/g, (_, code: string) =>
    String.fromCharCode(Number(`0x${code}`)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
