import { EXIT, RsyncError, usageError } from '../../../core/errors.ts';
import { escapeControls } from './escape.ts';
import { SYSTEM_SSH_HINT } from './faults.ts';
import { findKeyword } from './keywords.ts';
import { quoteValue, splitConfigLine } from './line.ts';
import type { GivenSetting } from './resolve.ts';
import { mayHoldSecret } from './secrets.ts';
import { findUnusedKeyword } from './unused-keywords.ts';

export { SYSTEM_SSH_HINT } from './faults.ts';

/** What the words of an ssh command line ask for. */
export interface SshCommand {
  /** The strongest first. */
  given: GivenSetting[];
  /** `-F`: read this file in place of the user's and the system's; `none` reads no file. */
  configFile?: string;
  /** `-v`: the library's own protocol log goes to `trace` as well. */
  verbose: boolean;
}

type Flag = readonly [keyword: string, value: string];

/** Flags without a value, as keywords of ssh_config(5). Most ask for what the built-in ssh does anyway, or never does. */
const FLAGS: Readonly<Record<string, readonly Flag[]>> = {
  A: [['ForwardAgent', 'yes']],
  a: [['ForwardAgent', 'no']],
  g: [['GatewayPorts', 'yes']],
  K: [
    ['GSSAPIAuthentication', 'yes'],
    ['GSSAPIDelegateCredentials', 'yes'],
  ],
  k: [['GSSAPIDelegateCredentials', 'no']],
  M: [['ControlMaster', 'yes']],
  n: [['StdinNull', 'yes']],
  q: [['LogLevel', 'QUIET']],
  T: [['RequestTTY', 'no']],
  t: [['RequestTTY', 'yes']],
  X: [['ForwardX11', 'yes']],
  x: [['ForwardX11', 'no']],
  Y: [
    ['ForwardX11', 'yes'],
    ['ForwardX11Trusted', 'yes'],
  ],
  y: [['SyslogFacility', 'USER']],
};

/** Of these the last one counts, and it wins over `-o`; of all others the first. */
const OVERRIDING_FLAGS: Readonly<Record<string, Flag>> = {
  4: ['AddressFamily', 'inet'],
  6: ['AddressFamily', 'inet6'],
  C: ['Compression', 'yes'],
};
const OVERRIDING: Readonly<Record<string, string>> = {
  B: 'BindInterface',
  b: 'BindAddress',
  c: 'Ciphers',
  m: 'MACs',
};

const VALUED: Readonly<Record<string, string>> = {
  e: 'EscapeChar',
  i: 'IdentityFile',
  J: 'ProxyJump',
  l: 'User',
  P: 'Tag',
  p: 'Port',
  S: 'ControlPath',
};
/** Their value is kept as it is: quotes have a meaning of their own there. */
const AS_WRITTEN = new Set(['J']);

/** What would break a transfer, or replace it, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  D: 'nothing is forwarded beside a transfer',
  E: 'there is no log file: --ssh-debug shows what ssh does',
  f: 'a transfer can not go to the background',
  G: 'it shows settings in place of connecting: --ssh-debug shows them and connects',
  I: 'the built-in ssh can not use keys on tokens',
  L: 'nothing is forwarded beside a transfer',
  N: 'it runs no command, and rsync has to run on the other side',
  O: 'connections are not shared',
  Q: 'it lists algorithms in place of connecting',
  R: 'nothing is forwarded beside a transfer',
  s: 'it asks for a subsystem in place of rsync',
  V: 'it shows the version in place of connecting',
  W: 'it forwards the session itself, and rsync needs that',
  w: 'nothing is forwarded beside a transfer',
};

function refuse(what: string, why?: string): RsyncError {
  const reason = why === undefined ? '' : `: ${why}`;
  const message = escapeControls(`the built-in ssh does not understand ${what}${reason}`);
  return new RsyncError('RSYNC_UNSUPPORTED', message, {
    exitCode: EXIT.UNSUPPORTED,
    origin: 'local',
    hint: SYSTEM_SSH_HINT,
  });
}

/**
 * Reads the words after `ssh` (docs/protocol/4-filters-and-options.md, E.1): every option of ssh(1) that leaves room for
 * a transfer, as settings of ssh_config(5). Values are checked where the settings are resolved.
 *
 * @throws RsyncError RSYNC_UNSUPPORTED (exit 4) naming what is not understood; RSYNC_USAGE (exit 1) if a value is missing.
 */
export function parseSshCommand(words: readonly string[]): SshCommand {
  const command: SshCommand = { given: [], verbose: false };
  const overriding: GivenSetting[] = [];
  let terminals = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    // The end of the options, with nothing behind it.
    if (word === '--' && i === words.length - 1) break;
    if (!word.startsWith('-') || word === '-' || word === '--') throw refuse(`the word "${word}" after ssh`);
    for (let j = 1; j < word.length; j++) {
      const letter = word[j]!;
      const source = `-${letter}`;
      const flags = FLAGS[letter];
      const override = OVERRIDING_FLAGS[letter];
      if (REFUSED[letter] !== undefined) throw refuse(`the option ${source}`, REFUSED[letter]);
      if (letter === 'v') command.verbose = true;
      else if (letter === 't' && ++terminals > 1) {
        command.given.unshift({ keyword: 'RequestTTY', value: 'force', source: '-tt' });
      } else if (flags !== undefined) {
        for (const [keyword, value] of flags) command.given.push({ keyword, value, source });
      } else if (override !== undefined) {
        overriding.unshift({ keyword: override[0], value: override[1], source });
      } else if (letter in VALUED || letter in OVERRIDING || letter === 'F' || letter === 'o') {
        // The value is the rest of the word, or the next word.
        const value = j + 1 < word.length ? word.slice(j + 1) : words[++i];
        if (value === undefined || value === '') throw usageError(`ssh option ${source} wants a value`);
        const keyword = VALUED[letter] ?? OVERRIDING[letter];
        if (letter === 'F') command.configFile = value;
        else if (keyword === undefined) command.given.push(parseOption(value));
        else {
          const text = AS_WRITTEN.has(letter) ? value : quoteValue(value);
          const setting = { keyword, value: text, source: `${source} ${value}` };
          if (letter in OVERRIDING) overriding.unshift(setting);
          else command.given.push(setting);
        }
        break;
      } else {
        throw refuse(`the option ${source}`);
      }
    }
  }
  command.given.unshift(...overriding);
  return command;
}

/** `-o KEYWORD=VALUE`, `-o "KEYWORD VALUE"`. */
function parseOption(option: string): GivenSetting {
  const shown = option.replace(/[\s=].*$/s, '');
  let line: ReturnType<typeof splitConfigLine>;
  try {
    line = splitConfigLine(option);
  } catch (error) {
    throw usageError(escapeControls(`bad ssh option -o ${shown}: ${(error as Error).message}`));
  }
  if (line === undefined) throw usageError(escapeControls(`bad ssh option -o "${shown}"`));
  const name = findKeyword(line.keyword)?.name ?? findUnusedKeyword(line.keyword)?.name ?? line.keyword;
  // Values that may be secret are not repeated in messages.
  const source = mayHoldSecret(name) ? `-o ${name}` : `-o ${option}`;
  return { keyword: name, value: line.rest, source };
}
