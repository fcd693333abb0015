import { EXIT, RsyncError, usageError } from '../../../core/errors.ts';
import { splitConfigLine } from './line.ts';
import { applyKeyword, type SshSettings } from './settings.ts';

/** What the words of an ssh command line ask for. */
export interface SshCommand {
  settings: SshSettings;
  /** `-F`: read this file in place of the user's and the system's; `none` reads no file. */
  configFile?: string;
  /** `-v`: the library's own protocol log goes to `trace` as well. */
  verbose: boolean;
}

function refuse(what: string): RsyncError {
  return new RsyncError('RSYNC_UNSUPPORTED', `the built-in ssh does not understand ${what}`, {
    exitCode: EXIT.UNSUPPORTED,
    origin: 'local',
    hint: SYSTEM_SSH_HINT,
  });
}

/** The built-in ssh stands in for every program named `ssh`; under another first word the system's own one runs. */
export const SYSTEM_SSH_HINT =
  process.platform === 'win32'
    ? 'Leave it out, or put it into a small program of another name that starts ssh.exe, and name that after -e.'
    : 'Leave it out, or let the system\'s own ssh do it: -e "env ssh ...".';

/** Options that take a value, and what they mean as a keyword of ssh_config. */
const VALUED: Record<string, string> = { p: 'Port', i: 'IdentityFile', l: 'User' };

/** Flags that ask for what the built-in ssh does anyway: no forwarding, no terminal, no chatter. */
const DEFAULT_FLAGS = new Set(['T', 'a', 'x', 'q']);

/**
 * Reads the words after `ssh` (docs/protocol/4-filters-and-options.md, E.1): `-p N -i KEY -l USER -F FILE -o K=V -q
 * -v -x -T -a -4 -6 -C`. Nothing is accepted and ignored.
 *
 * @throws RsyncError RSYNC_UNSUPPORTED (exit 4) naming what is not understood; RSYNC_USAGE (exit 1) for a bad value.
 */
export function parseSshCommand(words: readonly string[]): SshCommand {
  const command: SshCommand = { settings: { identityFiles: [] }, verbose: false };
  const { settings } = command;
  const set = (keyword: string, values: readonly string[], shown: string): void => {
    let kind: ReturnType<typeof applyKeyword>;
    try {
      kind = applyKeyword(settings, keyword, values);
    } catch (error) {
      throw usageError(`bad ssh option ${shown}: ${(error as Error).message}`);
    }
    if (kind === 'refused' || kind === 'unknown') throw refuse(`the option ${shown}`);
  };

  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith('-') || word === '-' || word === '--') throw refuse(`the word "${word}" after ssh`);
    for (let j = 1; j < word.length; j++) {
      const letter = word[j]!;
      if (DEFAULT_FLAGS.has(letter)) continue;
      if (letter === 'v') command.verbose = true;
      else if (letter === 'C') settings.compression ??= true;
      else if (letter === '4') settings.addressFamily = 'inet';
      else if (letter === '6') settings.addressFamily = 'inet6';
      else if (letter in VALUED || letter === 'F' || letter === 'o') {
        // The value is the rest of the word, or the next word.
        const value = j + 1 < word.length ? word.slice(j + 1) : words[++i];
        if (value === undefined) throw usageError(`ssh option -${letter} wants a value`);
        if (letter === 'F') command.configFile = value;
        else if (letter === 'o') {
          const line = splitConfigLine(value);
          if (line === undefined) throw usageError(`bad ssh option -o ${value}`);
          set(line.keyword, line.values, `-o ${value}`);
        } else set(VALUED[letter]!, [value], `-${letter} ${value}`);
        break;
      } else {
        throw refuse(`the option -${letter}`);
      }
    }
  }
  return command;
}
