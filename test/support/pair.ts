import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { type TransferResult, transfer } from '../../src/client/transfer.ts';
import type { ItemGuard } from '../../src/client/transfer-request.ts';
import { fromText } from '../../src/core/bytes.ts';
import { isRsyncError, type RsyncError } from '../../src/core/errors.ts';
import type { EventSink, TransferEvent } from '../../src/core/events.ts';
import { type Places, WholeDisk } from '../../src/files/places.ts';
import { type OptionsInput, resolveOptions } from '../../src/options/resolve.ts';
import type { TransferOptions } from '../../src/options/transfer-options.ts';
import { capabilityText } from '../../src/protocol/server-args.ts';
import type { ModulePolicy } from '../../src/roles/policy.ts';
import { runServerSession } from '../../src/session/server-session.ts';
import { createPipe, type PipeEnd } from '../../src/transport/pipe.ts';
import { compareTrees, type EntrySpec, makeTree, removeTree, snapshotTree, type Tree } from './tree.ts';

/** A fresh folder for one test: `src` and `dst` in it, made from entries. `remove` takes everything away again. */
export class Workspace {
  readonly path: string;

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'rsyncjs-session-'));
  }

  at(name: string): string {
    return join(this.path, name);
  }

  /** Makes a tree and returns its path. */
  make(name: string, entries: readonly EntrySpec[]): string {
    const path = this.at(name);
    mkdirSync(path, { recursive: true });
    makeTree(path, entries);
    return path;
  }

  remove(): void {
    removeTree(this.path);
  }
}

export interface PairInit {
  direction: 'pull' | 'push' | 'list';
  options?: OptionsInput;
  sources: readonly string[];
  destination?: string;
  signal?: AbortSignal;
  onEvent?: EventSink;
  /** What the server may reach. Default: all. */
  places?: Places;
  /** What a daemon has decided. */
  policy?: ModulePolicy;
  /** Of the client. */
  guard?: ItemGuard;
  /** Keep the bytes of both directions. */
  record?: boolean;
}

export interface PairOutcome {
  /** Undefined if the client threw. */
  result: TransferResult | undefined;
  error: RsyncError | undefined;
  events: TransferEvent[];
  /** With `record`: all bytes of either direction. */
  toServer: Buffer;
  toClient: Buffer;
  /** With `record`: the pieces of both, in the order in which they went. */
  order: { to: 'server' | 'client'; length: number }[];
}

/** Our client against our server in this process. Resolves when both are over. */
export async function runPair(init: PairInit): Promise<PairOutcome> {
  const options = resolveOptions(init.options ?? {});
  const pulls = init.direction !== 'push';
  const [client, nearServer] = createPipe('pair');
  const toServer: Buffer[] = [];
  const toClient: Buffer[] = [];
  const order: PairOutcome['order'] = [];
  let server = nearServer;
  if (init.record === true) {
    const [nearClient, far] = createPipe('pair');
    server = far;
    splice(nearServer, nearClient, (to, chunk) => {
      (to === 'server' ? toServer : toClient).push(Buffer.from(chunk));
      order.push({ to, length: chunk.length });
    });
  }
  const remotePaths = pulls ? init.sources : [init.destination!];
  const localPaths = pulls ? (init.destination === undefined ? [] : [init.destination]) : init.sources;
  const serving = runServerSession({
    channel: server,
    options: ofServer(options),
    role: pulls ? 'sender' : 'receiver',
    paths: remotePaths.map(fromText),
    places: init.places ?? new WholeDisk(),
    policy: init.policy,
    capabilities: capabilityText(options, pulls ? 'sender' : 'receiver'),
  }).then(({ exitCode }) => server.finish(exitCode));
  const events: TransferEvent[] = [];
  const outcome: PairOutcome = {
    result: undefined,
    error: undefined,
    events,
    toServer: Buffer.alloc(0),
    toClient: Buffer.alloc(0),
    order,
  };
  try {
    outcome.result = await transfer({
      options,
      direction: init.direction,
      remote: { user: undefined, host: 'pair' },
      remotePaths,
      localPaths,
      channel: client,
      signal: init.signal,
      guard: init.guard,
      onEvent: (event) => {
        events.push(event);
        init.onEvent?.(event);
      },
    });
  } catch (error) {
    if (!isRsyncError(error)) throw error;
    outcome.error = error;
  }
  await serving;
  outcome.toServer = Buffer.concat(toServer);
  outcome.toClient = Buffer.concat(toClient);
  return outcome;
}

/** What a server is told by a client with these options: whose disk a list is on is for each to say. */
export function ofServer(given: TransferOptions): TransferOptions {
  // Rules are sent.
  const options: TransferOptions = { ...given, filters: [] };
  const { filesFrom } = options;
  if (filesFrom === undefined) return options;
  const { at, file } = filesFrom;
  return {
    ...options,
    filesFrom: at === 'here' ? { at: 'peer', file: '-' } : { at: 'here', file: fromText(file) },
  };
}

/** Joins two pipes and tells what goes through. `a` is the far end of the client's pipe, `b` the near end of the server's. */
export function splice(
  a: PipeEnd,
  b: PipeEnd,
  onChunk: (to: 'server' | 'client', chunk: Buffer) => void,
): void {
  const pump = (from: Readable, to: Writable, whom: 'server' | 'client'): void => {
    from.on('data', (chunk: Buffer) => {
      onChunk(whom, chunk);
      to.write(chunk);
    });
    from.on('end', () => to.end());
    from.on('close', () => to.end());
  };
  pump(a.input, b.output, 'server');
  pump(b.input, a.output, 'client');
  void b.exit.then(({ code, signal }) => a.finish(code, signal));
}

/** The options of `-rlptgoDH`. */
export const ARCHIVE_H: OptionsInput = { archive: true, hardLinks: true };

/** Two trees as the file system shows them, without the time of folders that the run itself touched. */
export function differences(expected: string, actual: string, ignore?: 'times'): string[] {
  const options = ignore === 'times' ? { times: false } : {};
  return compareTrees(snapshotTree(expected, options), snapshotTree(actual, options), {
    skip: (path) => path === '.',
  });
}

export function snapshot(path: string): Tree {
  return snapshotTree(path, { nanoseconds: true });
}

/** Names that look like temporary files of a transfer: `.NAME.XXXXXX`. */
export function temporaries(path: string): string[] {
  return [...snapshotTree(path, { times: false, owners: false }).keys()].filter((name) =>
    /(^|\/)\.[^/]*\.[A-Za-z0-9]{6}$/.test(name),
  );
}

/** The items of a run, one string each: flags in hex and name, transfers at their start. */
export function items(events: readonly TransferEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === 'item' && event.stage === 'start' ? [`${hex(event.iflags)} ${event.entry.name}`] : [],
  );
}

export function deletedNames(events: readonly TransferEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'deleted' ? [event.name] : []));
}

export function messages(events: readonly TransferEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'message' ? [event.text] : []));
}

function hex(iflags: number): string {
  return iflags.toString(16).padStart(4, '0');
}
