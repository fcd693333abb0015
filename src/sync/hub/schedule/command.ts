import { posix, win32 } from 'node:path';
import { usageError } from '../../../core/errors.ts';

/** What a scheduler starts, and where its output goes. */
export interface ScheduledCommand {
  /** Names the entry: letters, digits, `_`, `-`. Two hubs on one account have two names. */
  name: string;
  /** Absolute path of Node.js. */
  node: string;
  /** Absolute path of the program's script. */
  script: string;
  /** Its arguments: `hub run --config …`. */
  words: readonly string[];
  /** Variables that the program needs and the scheduler does not have. */
  environment: Readonly<Record<string, string>>;
  /** Absolute path of the file that output is appended to; systemd has its journal instead. */
  log: string;
}

/** Marks what install made, and what uninstall may take away. ASCII: tools tell of it in their own encodings. */
export const MADE_BY = 'made by "rsyncjs hub schedule --install"; the same with --uninstall removes it';

/**
 * @param windows  paths are those of Windows
 * @throws RsyncError RSYNC_USAGE, exit 1: something that no format can carry
 */
export function checkCommand(command: ScheduledCommand, windows: boolean): void {
  const { name, node, script, words, environment, log } = command;
  if (!/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/.test(name)) {
    throw usageError(`--name ${name}: letters, digits, _ and - make a name, up to 64 of them`);
  }
  const { isAbsolute } = windows ? win32 : posix;
  for (const path of [node, script, log]) {
    if (!isAbsolute(path)) {
      throw usageError(`${path} is no absolute path`, 'A scheduler starts programs in a folder of its own.');
    }
  }
  for (const variable of Object.keys(environment)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) throw usageError(`${variable} is no name of a variable`);
  }
  for (const text of [node, script, log, ...words, ...Object.values(environment)]) {
    if (/[\0-\x1f\x7f]/.test(text)) {
      throw usageError(
        `${JSON.stringify(text)} holds a control character`,
        'Entries of schedulers are lines of text: rename the file.',
      );
    }
    if (/\p{Surrogate}/u.test(text)) throw usageError(`${JSON.stringify(text)} is not text`);
  }
}

/** A word for a POSIX shell. */
export function shellQuoted(word: string): string {
  return /^[A-Za-z0-9_@+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
