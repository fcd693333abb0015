import { readdirSync, writeFileSync } from 'node:fs';
import { fromText } from '../../src/core/bytes.ts';
import { isRsyncError } from '../../src/core/errors.ts';
import { resolveOptions } from '../../src/options/resolve.ts';
import type { TransferOptions } from '../../src/options/transfer-options.ts';
import { parseServerCommand, type ServerCommand } from '../../src/server/server-command.ts';
import { type Exchange, entriesOf, exchange } from '../session/exchanges.ts';
import { runPair, Workspace } from '../support/pair.ts';
import { frame, TAG } from '../support/scripted-peer.ts';
import type { EntrySpec } from '../support/tree.ts';
import type { DaemonRequest } from './daemon-end.ts';
import { daemonRecordings } from './daemon-recording.ts';
import { DESTINATION, LIST, optionSets, SOURCE } from './option-sets.ts';

/** Whom the bytes are told to: an end of ours in one of its two roles. */
export type Victim = `${'client' | 'server' | 'daemon' | 'daemon client'} ${'receiver' | 'sender'}`;

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
  /** Bytes of `told` up to the end of a daemon's dialogue. */
  dialogue?: number;
  /** Of a session with a daemon. */
  request?: DaemonRequest;
  /** What its victim ends with when it hears all of it. Default: 0. */
  exitCode?: number;
  /** The session has a `--files-from` list: LIST. */
  listed?: boolean;
  source: readonly EntrySpec[];
  destination: readonly EntrySpec[];
}

/** Sessions between our two ends. */
async function ownRecordings(): Promise<Recording[]> {
  const found: Recording[] = [];
  for (const { name, options, list, destination = [] } of optionSets()) {
    for (const direction of ['pull', 'push'] as const) {
      const space = new Workspace();
      try {
        const src = space.make('src', SOURCE);
        const dst = space.make('dst', [...DESTINATION, ...destination]);
        const below = options.relative === true ? './' : '';
        const input = { ...options };
        if (list !== undefined) {
          writeFileSync(space.at('list'), LIST);
          input.filesFrom = `${list === 'peer' ? ':' : ''}${space.at('list')}`;
        }
        const { result, error, toServer, toClient, order } = await runPair({
          direction,
          options: input,
          sources: [`${src}/${below}`],
          destination: dst,
          record: true,
        });
        if (result?.exitCode !== 0) throw new Error(`${name}, ${direction}: ${error?.message ?? 'failed'}`);
        const common = {
          options: resolveOptions(input),
          sources: [below],
          source: SOURCE,
          destination: [...DESTINATION, ...destination],
          listed: list !== undefined,
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

export function endsOf(
  order: readonly { to: string; length: number }[],
  side: 'client' | 'server',
): number[] {
  let at = 0;
  return order.filter(({ to }) => to === side).map(({ length }) => (at += length));
}

const KNOWN_TAGS: ReadonlySet<number> = new Set(Object.values(TAG));

/** Where the frames of a stream begin: the first place from which all of it is whole frames. */
export function framesOf(told: Buffer, framed: boolean, from = 4): { raw: number; framed: boolean } {
  for (let raw = from; framed && raw < Math.min(told.length, from + 256); raw++) {
    let at = raw;
    while (at + 4 <= told.length && KNOWN_TAGS.has(told[at + 3]!)) at += 4 + told.readUIntLE(at, 3);
    if (at === told.length) return { raw, framed: true };
  }
  if (framed) throw new Error('a recorded stream has no frames');
  return { raw: from, framed: false };
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
  return [...(await ownRecordings()), ...capturedRecordings(), ...(await daemonRecordings())];
}
