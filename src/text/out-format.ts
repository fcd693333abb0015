/**
 * Formats of item lines: docs/protocol/3-transfer.md, 11.6.
 *
 *     escape = "%" "'"* ["-"] DIGIT* "'"* LETTER        anything else stays as it is
 *
 * Width pads with blanks; apostrophes are for %l %b %c: one digit groups, two units of 1000, three units of 1024.
 */
import type { ByteString } from '../core/bytes.ts';
import type { EntryDetails } from '../core/events.ts';
import { formatTime } from './dates.ts';
import { formatInteger } from './numbers.ts';
import { permissions } from './permissions.ts';

/** What a line is about. */
export interface FormatSubject {
  operation: 'send' | 'recv' | 'del.';
  /** `%i`. */
  itemized: string;
  entry: EntryDetails;
  isDirectory: boolean;
  /** `%f`. */
  longName: ByteString;
  xname: ByteString | undefined;
  /** Bytes moved with the data and against it. */
  bytes: { data: number; sums: number };
  /** `%C`: hexadecimal digits, or as many blanks. */
  digest: string;
  /** `%G` of an entry that has none. */
  defaultGroup: string;
  /** `%t`, seconds since 1970. */
  now: number;
  pid: number;
  /** What only a daemon knows. */
  connection?: ConnectionSubject | undefined;
}

/** `%a %h %m %P %u`, of a daemon's log. */
export interface ConnectionSubject {
  address: string;
  host: string;
  module: ByteString;
  /** Of the module, on the disk. */
  path: ByteString;
  /** '' for a client that needs no password. */
  user: ByteString;
}

export interface OutFormat {
  readonly hasItemized: boolean;
  readonly hasOperation: boolean;
  /** Holds what is known after the data only: %b %c %C. */
  readonly needsData: boolean;
  render(subject: FormatSubject): ByteString;
}

type Value = (subject: FormatSubject, level: number) => ByteString;

const VALUES: Readonly<Record<string, Value>> = {
  '%': () => '%',
  a: ({ connection }) => connection?.address ?? '',
  B: ({ entry }) => permissions(entry.mode),
  b: ({ bytes }, level) => formatInteger(bytes.data, level),
  C: ({ digest }) => digest,
  c: ({ bytes }, level) => formatInteger(bytes.sums, level),
  f: ({ longName }) => longName,
  h: ({ connection }) => connection?.host ?? '',
  G: ({ entry, defaultGroup }) => (entry.gid === undefined ? defaultGroup : String(entry.gid)),
  i: ({ itemized }) => itemized,
  l: ({ entry }, level) => formatInteger(entry.size, level),
  M: ({ entry }) => formatTime(entry.mtime, '-'),
  m: ({ connection }) => connection?.module ?? '',
  n: ({ entry, isDirectory }) => (isDirectory ? `${entry.name}/` : entry.name),
  o: ({ operation }) => operation,
  P: ({ connection }) => connection?.path ?? '',
  p: ({ pid }) => String(pid),
  t: ({ now }) => formatTime(now, ' '),
  U: ({ entry }) => String(entry.uid ?? 0),
  u: ({ connection }) => connection?.user ?? '',
};

const ESCAPE = /%('*)(-?)(\d*)('*)([%BCLGMUbcfilmnopt])/g;
const DAEMON_ESCAPE = /%('*)(-?)(\d*)('*)([%BCLGMPUabcfhilmnoptu])/g;
/** Columns; far more than a line has, far less than would hurt. */
const MOST_WIDTH = 65_536;

/** @param ofDaemon  the letters for what only a daemon knows mean something; else they stay as they are */
export function parseFormat(format: ByteString, ofDaemon = false): OutFormat {
  const parts: (ByteString | ((subject: FormatSubject) => ByteString))[] = [];
  const letters = new Set<string>();
  let done = 0;
  for (const match of format.matchAll(ofDaemon ? DAEMON_ESCAPE : ESCAPE)) {
    const [whole, before = '', minus, digits = '', after = '', letter = ''] = match;
    if (match.index > done) parts.push(format.slice(done, match.index));
    done = match.index + whole.length;
    letters.add(letter);
    const pad = padding(Math.min(Number(digits), MOST_WIDTH), minus === '-');
    const level = Math.min(before.length + after.length, 3);
    parts.push(letter === 'L' ? link(pad) : field(VALUES[letter]!, level, pad));
  }
  if (done < format.length) parts.push(format.slice(done));
  return {
    hasItemized: letters.has('i'),
    hasOperation: letters.has('o'),
    needsData: ['b', 'c', 'C'].some((letter) => letters.has(letter)),
    render: (subject) => {
      let line = '';
      for (const part of parts) line += typeof part === 'string' ? part : part(subject);
      return line;
    },
  };
}

type Pad = ((text: ByteString) => ByteString) | undefined;

function padding(width: number, left: boolean): Pad {
  if (width === 0) return undefined;
  return left ? (text) => text.padEnd(width) : (text) => text.padStart(width);
}

function field(value: Value, level: number, pad: Pad): (subject: FormatSubject) => ByteString {
  return pad === undefined ? (subject) => value(subject, level) : (subject) => pad(value(subject, level));
}

/** `%L`. The width is that of the name behind the arrow; the arrow's four columns are kept where there is none. */
function link(pad: Pad): (subject: FormatSubject) => ByteString {
  return ({ xname, entry }) => {
    const [arrow, name] = xname
      ? [' => ', xname]
      : entry.target === undefined
        ? ['', '']
        : [' -> ', entry.target];
    return pad === undefined ? arrow + name : arrow.padEnd(4) + pad(name);
  };
}

/** A digest as people write it: xxHash as the number it is, the others in wire order. */
export function digestText(digest: Uint8Array, algorithm: string): string {
  const bytes = algorithm.startsWith('xx') ? Buffer.from(digest).reverse() : Buffer.from(digest);
  return bytes.toString('hex');
}
