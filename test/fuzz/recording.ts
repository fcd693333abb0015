import { readdirSync } from 'node:fs';
import { fromText } from '../../src/core/bytes.ts';
import { isRsyncError } from '../../src/core/errors.ts';
import { type OptionsInput, resolveOptions } from '../../src/options/resolve.ts';
import type { TransferOptions } from '../../src/options/transfer-options.ts';
import { availableCompressors } from '../../src/protocol/token.ts';
import { parseServerCommand, type ServerCommand } from '../../src/server/server-command.ts';
import { type Exchange, entriesOf, exchange } from '../session/exchanges.ts';
import { ARCHIVE_H, runPair, Workspace } from '../support/pair.ts';
import { frame, TAG } from '../support/scripted-peer.ts';
import { DEFAULT_TIME, type EntrySpec, noise } from '../support/tree.ts';

/** Whom the bytes are told to: an end of ours in one of its two roles. */
export type Victim = 'client receiver' | 'client sender' | 'server receiver' | 'server sender';

/** What one end was told in a session that went well. */
export interface Recording {
  name: string;
  victim: Victim;
  options: TransferOptions;
  told: Buffer;
  /** Where the pieces end in which it was told; empty: not known. */
  ends: number[];
  /** Bytes of `told` before its frames. */
  raw: number;
  framed: boolean;
  /** Of a server: letters that it was given. Default: those of our client. */
  capabilities?: string;
  /** Source arguments below the folder of the sources. */
  sources: string[];
  source: readonly EntrySpec[];
  destination: readonly EntrySpec[];
}

const OLD = noise(2000, 1);
const NEW = Buffer.concat([OLD.subarray(0, 900), Buffer.from('changed'), OLD.subarray(900)]);

const SOURCE: readonly EntrySpec[] = [
  { path: 'changed', content: NEW, mtime: DEFAULT_TIME + 9 },
  { path: 'same', content: 'the same' },
  { path: 'empty', content: '' },
  { path: 'zeros', content: Buffer.alloc(5000), mtime: DEFAULT_TIME + 9 },
  { path: 'dir/inside', content: 'inside', mtime: DEFAULT_TIME + 9 },
  { path: 'dir/fresh', content: noise(1500, 2) },
  { path: 'dir/deeper/still', content: 'still', mtime: [DEFAULT_TIME, 5000] },
  { path: 'kind/now a file', content: 'file' },
  { path: 'hard', content: 'linked' },
  { path: 'other/hard', type: 'hardlink', target: 'hard' },
  { path: 'link', type: 'symlink', target: 'same' },
];

const DESTINATION: readonly EntrySpec[] = [
  { path: 'changed', content: OLD },
  { path: 'same', content: 'the same' },
  { path: 'zeros', content: noise(3000, 3) },
  { path: 'dir/inside', content: 'older' },
  { path: 'dir/surplus', content: 'surplus' },
  { path: 'surplus/a/b', content: 'deep' },
  { path: 'kind/now a file', type: 'dir' },
  { path: 'dir/deeper', content: 'a file' },
  { path: 'link', type: 'symlink', target: 'elsewhere' },
];

const BASE: OptionsInput = { recursive: true, links: true, times: true, checksumSeed: 7 };

/** Options of one recording a line; each is recorded in both directions and told to both ends. */
function optionSets(): [string, OptionsInput][] {
  const archive: OptionsInput = { ...ARCHIVE_H, devices: false, checksumSeed: 7 };
  const md5 = { checksumChoice: 'md5' };
  const sets: [string, OptionsInput][] = [29, 30, 31, 32].map((protocol) => [
    `archive --delete, protocol ${protocol}`,
    { ...archive, ...md5, protocol, deleteMode: 'default' },
  ]);
  sets.push(
    ['archive, negotiated', archive],
    ['whole list', { ...BASE, ...md5, incRecurse: false, deleteMode: 'before', perms: true }],
    ['-c --delete-after', { ...BASE, checksum: true, deleteMode: 'after', checksumChoice: 'xxh64' }],
    ['-c, protocol 29', { ...BASE, checksum: true, protocol: 29 }],
    ['--inplace', { ...BASE, ...md5, inplace: true }],
    ['--inplace, protocol 29', { ...BASE, inplace: true, protocol: 29 }],
    ['--partial -S', { ...BASE, partial: true, sparse: true, checksumChoice: 'sha1' }],
    ['dry run', { ...BASE, ...md5, dryRun: true, itemize: 2, verbose: 2, deleteMode: 'during' }],
    ['-I -W', { ...BASE, ...md5, ignoreTimes: true, wholeFile: true, stats: true, progress: true }],
    [
      'filters',
      {
        ...BASE,
        ...md5,
        deleteMode: 'default',
        filters: [
          { kind: 'exclude', text: fromText('*surplus*') },
          { kind: 'include', text: fromText('dir/**/still') },
        ],
      },
    ],
    ['small blocks', { ...BASE, ...md5, blockSize: 100, ignoreTimes: true }],
  );
  for (const compressChoice of availableCompressors()) {
    if (compressChoice === 'none') continue;
    const compressed = { ...BASE, ...md5, compress: true, compressChoice, ignoreTimes: true };
    sets.push([`-z ${compressChoice}`, compressed]);
    if (compressChoice.startsWith('zlib')) {
      sets.push([`-z ${compressChoice}, protocol 30`, { ...compressed, protocol: 30 }]);
    }
  }
  return sets;
}

/** Sessions between our two ends. */
async function ownRecordings(): Promise<Recording[]> {
  const found: Recording[] = [];
  for (const [name, input] of optionSets()) {
    for (const direction of ['pull', 'push'] as const) {
      const space = new Workspace();
      try {
        const src = space.make('src', SOURCE);
        const dst = space.make('dst', DESTINATION);
        const { result, error, toServer, toClient, order } = await runPair({
          direction,
          options: input,
          sources: [`${src}/`],
          destination: dst,
          record: true,
        });
        if (result?.exitCode !== 0) throw new Error(`${name}, ${direction}: ${error?.message ?? 'failed'}`);
        const common = {
          options: resolveOptions(input),
          sources: [''],
          source: SOURCE,
          destination: DESTINATION,
        };
        for (const side of ['client', 'server'] as const) {
          const told = side === 'client' ? toClient : toServer;
          found.push({
            ...common,
            name: `${name}, ${direction}`,
            victim: `${side} ${(side === 'client') === (direction === 'pull') ? 'receiver' : 'sender'}`,
            told,
            ends: endsOf(order, side),
            ...framesOf(told, side === 'client' || (common.options.protocol ?? 32) >= 30),
          });
        }
      } finally {
        space.remove();
      }
    }
  }
  return found;
}

function endsOf(order: readonly { to: string; length: number }[], side: 'client' | 'server'): number[] {
  let at = 0;
  return order.filter(({ to }) => to === side).map(({ length }) => (at += length));
}

const KNOWN_TAGS: ReadonlySet<number> = new Set(Object.values(TAG));

/** Where the frames of a stream begin: the first place from which all of it is whole frames. */
function framesOf(told: Buffer, framed: boolean): { raw: number; framed: boolean } {
  for (let raw = 4; framed && raw < Math.min(told.length, 256); raw++) {
    let at = raw;
    while (at + 4 <= told.length && KNOWN_TAGS.has(told[at + 3]!)) at += 4 + told.readUIntLE(at, 3);
    if (at === told.length) return { raw, framed: true };
  }
  if (framed) throw new Error('a recorded stream has no frames');
  return { raw: 4, framed: false };
}

/** Sessions between real rsyncs, as far as their options are supported. */
function capturedRecordings(): Recording[] {
  const found: Recording[] = [];
  for (const file of readdirSync(new URL('../../fixtures/vectors/transfer', import.meta.url))) {
    const name = /^exchange-(.*)\.json$/.exec(file)?.[1];
    if (name === undefined) continue;
    const vector = exchange(name);
    const command = commandOf(vector);
    if (command === undefined) continue;
    const { capabilities, paths } = command;
    const isPull = command.role === 'sender';
    const source = entriesOf(vector.before.source);
    const files = source.filter(({ type }) => type === 'file').map(({ path }) => String(path));
    const own = command.options.recursive ? [''] : files;
    // Old arguments: a client takes any name, whatever it asked for.
    const options = { ...command.options, protocol: vector.protocol, checksumSeed: 123456, oldArgs: 1 };
    const common = {
      name: `captured ${name}`,
      options,
      capabilities,
      ends: [],
      sources: isPull ? paths.map((path) => path.slice(path.indexOf('/') + 1)) : own,
      source,
      destination: entriesOf(vector.before.destination),
    };
    for (const side of ['client', 'server'] as const) {
      const stream = side === 'client' ? vector.server_to_client : vector.client_to_server;
      const raw = Buffer.from(stream.handshake_hex, 'hex');
      const data = Buffer.from(stream.demultiplexed_hex, 'hex');
      found.push({
        ...common,
        victim: `${side} ${(side === 'client') === isPull ? 'receiver' : 'sender'}`,
        told: Buffer.concat([raw, stream.multiplexed ? frame(TAG.DATA, data) : data]),
        raw: raw.length,
        framed: stream.multiplexed,
      });
    }
  }
  return found;
}

/** What the server of a capture was told; undefined: not supported here. */
function commandOf(vector: Exchange): ServerCommand | undefined {
  try {
    const words = vector.server_argv.slice(vector.server_argv[0] === 'rsync' ? 1 : 0).map(fromText);
    return parseServerCommand(words);
  } catch (error) {
    if (isRsyncError(error) && error.code === 'RSYNC_UNSUPPORTED') return undefined;
    throw error;
  }
}

/** All recordings, always in the same order. */
export async function recordings(): Promise<Recording[]> {
  return [...(await ownRecordings()), ...capturedRecordings()];
}
