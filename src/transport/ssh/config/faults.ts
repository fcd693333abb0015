import { EXIT, RsyncError, usageError } from '../../../core/errors.ts';
import { escapeControls } from './escape.ts';

/** ssh's own exit code for everything that goes wrong before the remote command runs. */
const SSH_EXIT = 255;

/** The built-in ssh stands in for every program named `ssh`; under another first word the system's own one runs. */
export const SYSTEM_SSH_HINT =
  process.platform === 'win32'
    ? "Leave it out, or let the system's own ssh do it: --rsh-spawn."
    : 'Leave it out, or let the system\'s own ssh do it: --rsh-spawn, or -e "env ssh ...".';

/** A place in a configuration, for a person: `file:line` or the words of the command line. */
export interface Place {
  text: string;
  /** From the command line or from the library's caller, not from a file. */
  given: boolean;
}

/** A configuration that can not be read as one: exit 255 as from ssh for a file, 1 for the command line's own words. */
export function malformed(place: Place, reason: string, hint?: string): RsyncError {
  if (place.given) return usageError(escapeControls(`bad ssh setting ${place.text}: ${reason}`), hint);
  return new RsyncError('RSYNC_USAGE', escapeControls(`${place.text}: ${reason}`), {
    exitCode: SSH_EXIT,
    origin: 'local',
    path: place.text,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** A setting whose neglect would connect elsewhere, or less safely, than the user wrote (exit 4). */
export function unsupported(place: Place, what: string, hint: string = SYSTEM_SSH_HINT): RsyncError {
  return new RsyncError('RSYNC_UNSUPPORTED', escapeControls(`${place.text}: ${what}`), {
    exitCode: EXIT.UNSUPPORTED,
    origin: 'local',
    path: place.text,
    hint: place.given ? hint : `${hint} -F none reads no configuration.`,
  });
}

/** Runs a parser; its plain errors become those of the place. */
export function attempt<T>(place: Place, prefix: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw malformed(place, `${prefix}${(error as Error).message}`);
  }
}
