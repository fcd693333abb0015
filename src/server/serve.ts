import type { ByteString } from '../core/bytes.ts';
import { EXIT, isRsyncError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { Places } from '../files/places.ts';
import { runServerSession, type ServerOutcome, type ServerSessionInit } from '../session/server-session.ts';
import { describeFailure } from '../text/failure.ts';
import type { Channel } from '../transport/channel.ts';
import { readSecludedArguments } from './secluded.ts';
import { parseServerCommand, type ServerCommand, withSecludedWords } from './server-command.ts';

export interface ServeInit {
  /** The command line after the name of the program, with `--server`; bytes. */
  words: readonly ByteString[];
  channel: Channel;
  /** Everything after the first path of the words is a path. */
  firstPathEnds?: boolean;
  /** Seconds that the arguments of `--secluded-args` may take; 0: as long as they take. Default 0. */
  patience?: number;
  /**
   * Judges what the client asks for, and says where its paths lead; it may put others in their place. Throws RsyncError
   * to refuse.
   */
  admit: (command: ServerCommand) => Places;
  /** Errors and warnings that are not for the client. */
  onError: (line: ByteString) => void;
  onEvent?: EventSink | undefined;
  /** Shared with a client in this process. */
  handover?: ServerSessionInit['handover'];
  /** The rules of a client in this process. */
  rules?: ServerSessionInit['rules'];
  signal?: AbortSignal | undefined;
}

export interface ServeOutcome extends ServerOutcome {
  /** Undefined if not even that was understood. */
  command: ServerCommand | undefined;
  /** `onError` has been told why the run has failed. */
  isTold: boolean;
}

/**
 * Serves one client that was started with a command line, as `rsync --server` does. Never rejects. The channel stays for
 * its owner to destroy.
 */
export async function serve(init: ServeInit): Promise<ServeOutcome> {
  const { channel, onError, onEvent, signal, firstPathEnds = false, patience = 0 } = init;
  const form = { firstPathEnds };
  let command: ServerCommand | undefined;
  try {
    command = parseServerCommand(init.words, form);
    if (command.options.secludedArgs) {
      command = withSecludedWords(init.words, await readSecludedArguments(channel.input, patience), form);
    }
    const places = init.admit(command);
    const { role, options, capabilities, errorsTo, paths } = command;
    const onStderr = errorsTo === 'stderr' ? onError : undefined;
    let isTold = false;
    const outcome = await runServerSession({
      channel,
      role,
      options,
      capabilities,
      paths: sources(command, paths),
      places,
      rules: init.rules,
      onError: onStderr,
      onFailure: (error) => {
        if (onStderr === undefined || signal?.aborted === true) return;
        isTold = true;
        for (const line of describeFailure(error, false, options.verbose > 2).lines) onStderr(line);
      },
      onEvent,
      handover: init.handover,
      signal,
    });
    return { ...outcome, command, isTold };
  } catch (error) {
    return { exitCode: isRsyncError(error) ? error.exitCode : EXIT.CRASHED, error, command, isTold: false };
  }
}

/** A sender without a path sends the directory it starts in. */
function sources({ role }: ServerCommand, paths: readonly ByteString[]): readonly ByteString[] {
  return role === 'sender' && paths.length === 0 ? ['.'] : paths;
}
