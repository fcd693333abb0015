import { transfer } from '../../src/client/transfer.ts';
import type { TransferEvent } from '../../src/core/events.ts';
import { WholeDisk } from '../../src/files/places.ts';
import type { TransferOptions } from '../../src/options/transfer-options.ts';
import { capabilityText } from '../../src/protocol/server-args.ts';
import { runServerSession } from '../../src/session/server-session.ts';
import { createPipe } from '../../src/transport/pipe.ts';
import { ofServer } from '../support/pair.ts';
import { askDaemon, serveAsDaemon } from './daemon-end.ts';
import type { Recording } from './recording.ts';

/** Turns of the event loop without a word, after which the victim is taken to wait for more. */
const SILENT_TURNS = 8;
/** Turns that the victim may take to end when nothing more comes; reading and writing of files is none of them. */
const LAST_TURNS = 2000;
/** Milliseconds more, for what waits for a clock or a thread. */
const LAST_PATIENCE = 20_000;

export interface Replayed {
  /** How the victim ended: its exit code, and what it threw. */
  exitCode: number;
  error: unknown;
  /** Text of its messages. */
  messages: string[];
  /** It did not end. */
  hangs: boolean;
}

/** The options of one end, with a `--files-from` list that is there. */
function withList(options: TransferOptions, list: string, isServer: boolean): TransferOptions {
  const { filesFrom } = options;
  if (filesFrom === undefined) return options;
  const own = { ...options, filesFrom: { ...filesFrom, file: list } };
  return isServer ? ofServer(own) : own;
}

/** A file is read or written by a thread: who waits for it is not silent. */
function isAtDisk(): boolean {
  return process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq'));
}

const turn = (): Promise<void> => new Promise(setImmediate);

/**
 * Tells a victim what it is told and waits for its end. It hears the next piece when it has nothing more to say: so no
 * answer comes before its question, and the speed of the machine decides nothing.
 */
export async function replay(
  { victim, options: recorded, capabilities, sources, listed = false, request }: Recording,
  pieces: readonly Buffer[],
  paths: { source: string; destination: string; files: string },
): Promise<Replayed> {
  const options = listed ? withList(recorded, `${paths.files}/list`, victim.startsWith('server')) : recorded;
  const [near, far] = createPipe('fuzz');
  const replayed: Replayed = { exitCode: -1, error: undefined, messages: [], hangs: false };
  const onEvent = (event: TransferEvent): void => {
    if (event.type === 'message' && !event.remote) replayed.messages.push(event.text);
  };
  let said = 0;
  far.input.on('data', (chunk: Buffer) => {
    said += chunk.length;
  });
  let ended = false;
  const receives = victim.endsWith('receiver');
  const below = sources.map((name) => `${paths.source}/${name}`);
  const run = async (): Promise<void> => {
    const tree = receives ? paths.destination : paths.source;
    if (victim.startsWith('daemon client')) {
      replayed.exitCode = await askDaemon(near, request!, paths.files, tree, onEvent);
      return;
    }
    if (victim.startsWith('daemon')) {
      const { exitCode, lines } = await serveAsDaemon(near, paths.files, tree);
      replayed.exitCode = exitCode;
      replayed.messages.push(...lines);
      return;
    }
    if (victim.startsWith('client')) {
      const { exitCode } = await transfer({
        options,
        direction: receives ? (options.listOnly ? 'list' : 'pull') : 'push',
        remote: { user: undefined, host: 'fuzz' },
        // As if everything had been asked for, as far as one argument can.
        remotePaths: [receives ? `src/${sources[0]?.startsWith('./') === true ? './' : ''}` : 'dst'],
        localPaths: receives ? [paths.destination] : below,
        channel: near,
        onEvent,
      });
      replayed.exitCode = exitCode;
      return;
    }
    const outcome = await runServerSession({
      channel: near,
      options,
      role: receives ? 'receiver' : 'sender',
      paths: receives ? [paths.destination] : below,
      places: new WholeDisk(),
      capabilities: capabilities ?? capabilityText(options, receives ? 'receiver' : 'sender'),
      onEvent,
    });
    replayed.exitCode = outcome.exitCode;
    replayed.error = outcome.error;
  };
  const running = run()
    .catch((error: unknown) => {
      replayed.error = error;
    })
    .finally(() => {
      ended = true;
    });

  const silence = async (): Promise<void> => {
    let before = said;
    for (let silent = 0; silent < SILENT_TURNS && !ended; silent++) {
      await turn();
      if (said !== before || isAtDisk()) silent = 0;
      before = said;
    }
  };
  for (const bytes of pieces) {
    await silence();
    if (ended) break;
    if (far.output.write(bytes)) continue;
    await Promise.race([new Promise((done) => far.output.once('drain', done)), running]);
  }
  await silence();
  far.finish(0);
  for (let turns = 0; turns < LAST_TURNS && !ended; turns++) await turn();
  if (!ended) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((done) => {
      timer = setTimeout(done, LAST_PATIENCE);
    });
    await Promise.race([running, late]);
    clearTimeout(timer);
  }
  replayed.hangs = !ended;
  near.destroy();
  far.destroy();
  return replayed;
}
