import type { ByteString } from '../../core/bytes.ts';
import { EXIT, isRsyncError } from '../../core/errors.ts';
import type { EventSink } from '../../core/events.ts';
import type { Places } from '../../files/places.ts';
import type { Channel } from '../../transport/channel.ts';
import { type ServeOutcome, serve } from '../serve.ts';
import type { ServerCommand } from '../server-command.ts';
import { serverWords } from './client-command.ts';
import { judge, ownWords, type RestrictedLimits } from './limits.ts';
import { checkDestination, pathsOfText, pathsOfWords } from './paths.ts';
import type { ShellWord } from './shell-words.ts';

export interface RestrictedInit {
  /** What the client asks to be run: `rsync --server ...`, as it would be given to a shell. */
  command: ByteString;
  channel: Channel;
  /** What the client is to see as the whole disk: it stays with the caller. */
  places: Places;
  limits: RestrictedLimits;
  /** Errors and warnings for the client's standard error. */
  onError: (line: ByteString) => void;
  onEvent?: EventSink | undefined;
  signal?: AbortSignal | undefined;
  /** Seconds that the arguments of `--secluded-args` may take. Default 60. */
  patience?: number;
  /** Seconds without any I/O before the session ends with exit 30, for clients that ask for none; 0: never. Default 0. */
  timeout?: number;
}

const PATIENCE = 60;

/**
 * Serves one client of an account that may do nothing but rsync in one directory. No program and no shell is started,
 * whatever the client asks for. Never rejects: a refusal is an outcome.
 */
export async function serveRestricted(init: RestrictedInit): Promise<ServeOutcome> {
  let words: ShellWord[];
  try {
    words = serverWords(init.command);
  } catch (error) {
    return {
      exitCode: isRsyncError(error) ? error.exitCode : EXIT.CRASHED,
      error,
      command: undefined,
      isTold: false,
    };
  }
  return serve({
    words: [...ownWords(init.limits), ...words.map(({ text }) => text)],
    channel: init.channel,
    firstPathEnds: true,
    patience: init.patience ?? PATIENCE,
    admit: (command) => admit(command, words, init),
    onError: init.onError,
    onEvent: init.onEvent,
    signal: init.signal,
  });
}

function admit(command: ServerCommand, words: readonly ShellWord[], init: RestrictedInit): Places {
  const { places, limits, timeout = 0 } = init;
  judge(command, limits);
  const { options, paths } = command;
  if (options.timeout === 0) options.timeout = timeout;
  // The paths are the last words, with all that their quotes say.
  const found = options.secludedArgs
    ? pathsOfText(paths, places)
    : pathsOfWords(words.slice(words.length - paths.length), places);
  checkDestination(command, found);
  command.paths = found;
  return places;
}
