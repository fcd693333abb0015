import { readdirSync, readFileSync } from 'node:fs';
import type { EntryDetails, TransferEvent } from '../../src/core/events.ts';
import { isDirectory } from '../../src/core/mode.ts';
import { entry } from './support.ts';

interface Node {
  mode: string;
  mtime: number;
  size?: number;
  target?: string;
}

export interface Exchange {
  name: string;
  client_role: 'sender' | 'receiver';
  client_options: string[];
  protocol: number;
  incremental_recursion: boolean;
  checksum: string;
  before: { source: Record<string, Node>; destination: Record<string, Node> };
  server_to_client: { messages: { tag: string; hex: string }[] };
  annotation: { requests_receiver_to_sender: { what: string }[] };
  client_stdout: string;
  client_stderr: string;
}

const FOLDER = new URL('../../fixtures/vectors/transfer/', import.meta.url);

/** The sessions of real clients, fixtures/vectors/transfer/exchange-*.json. */
export const EXCHANGES: readonly Exchange[] = readdirSync(FOLDER)
  .filter((file) => file.startsWith('exchange-'))
  .map((file) => ({ ...JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')), name: file }));

const REQUEST = /^req ndx=\d+ (.+?) iflags=(0x[0-9a-f]+)(?:.* xname=b'(.*)')?/;

/** What a transfer would tell its printer in this session. */
export function eventsOf(exchange: Exchange): TransferEvent[] {
  const { protocol, checksum, incremental_recursion: incremental } = exchange;
  const sends = exchange.client_role === 'sender';
  const deleting = exchange.client_options.some((option) => option.startsWith('--delete'));
  return [
    {
      type: 'negotiated',
      protocol,
      checksum,
      compressor: 'none',
      incremental,
      setsSymlinkTimes: !sends || protocol > 29,
    },
    ...(sends ? messages(exchange) : deleting ? surplus(exchange) : []),
    ...exchange.annotation.requests_receiver_to_sender.flatMap(({ what }) => items(exchange, what)),
  ];
}

/** A server-receiver tells of its deletions by messages. */
function messages({ server_to_client }: Exchange): TransferEvent[] {
  return server_to_client.messages
    .filter(({ tag }) => tag === 'DELETED')
    .map(({ hex }) => {
      const name = Buffer.from(hex, 'hex').toString('latin1');
      return { type: 'deleted', name: name.replace(/\0$/, ''), isDirectory: name.endsWith('\0') };
    });
}

/** What is at the destination alone, last name first. */
function surplus({ before: { source, destination } }: Exchange): TransferEvent[] {
  return Object.keys(destination)
    .filter((name) => !Object.hasOwn(source, name))
    .sort()
    .reverse()
    .map((name) => ({ type: 'deleted', name, isDirectory: isDirectory(modeOf(destination[name]!)) }));
}

function items(exchange: Exchange, what: string): TransferEvent[] {
  const match = REQUEST.exec(what);
  if (match === null) return [];
  const [, name = '', flags, xname] = match;
  const iflags = Number(flags);
  const item = { type: 'item', iflags, entry: detailsOf(exchange, name), xname } as const;
  const isTransfer = (iflags & 0x8000) !== 0;
  return isTransfer
    ? [
        { ...item, stage: 'start' },
        { ...item, stage: 'end' },
      ]
    : [{ ...item, stage: 'start' }];
}

/** The entry of a name; the root is in no tree of the vectors. */
export function detailsOf({ before: { source } }: Exchange, name: string): EntryDetails {
  const node = source[name];
  if (node === undefined) return entry('.', { mode: 0o40755, size: 4096 });
  return entry(name, {
    mode: modeOf(node),
    size: node.size ?? node.target?.length ?? 4096,
    mtime: node.mtime,
    target: node.target,
  });
}

function modeOf(node: Node): number {
  return Number.parseInt(node.mode, 8);
}
