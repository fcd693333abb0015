import { quoteValue, splitValues } from './line.ts';

const MASK = '***';

/** Settings whose value may hold a password, a token or the like. */
const COMMANDS = new Set(['proxycommand', 'localcommand', 'remotecommand', 'knownhostscommand']);

export function mayHoldSecret(setting: string): boolean {
  const lower = setting.toLowerCase();
  return lower === 'setenv' || COMMANDS.has(lower);
}

/** The value of a setting as it may be shown: the values of SetEnv and what looks like a password in a command are masked. */
export function maskSecrets(setting: string, value: string): string {
  const lower = setting.toLowerCase();
  if (lower === 'setenv') return maskAssignments(value);
  return COMMANDS.has(lower) ? maskCommand(value) : value;
}

function maskAssignments(value: string): string {
  let words: string[];
  try {
    words = splitValues(value);
  } catch {
    return MASK;
  }
  return words
    .map((word) => (word.includes('=') ? `${quoteValue(word.slice(0, word.indexOf('=')))}=${MASK}` : MASK))
    .join(' ');
}

const WORD = `(?:"(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^\\s"',;]+)`;
const SECRET = '[\\w-]*(?:pass|passwd|password|passphrase|pwd|token|secret|auth|cred|api[-_]?key)[\\w-]*';

const COMMAND_SECRETS: readonly [RegExp, string][] = [
  // NAME=value, name:value of headers, proxyauth=user:password.
  [new RegExp(`\\b(${SECRET})=${WORD}`, 'gi'), `$1=${MASK}`],
  // --proxy-auth user:password
  [new RegExp(`(^|\\s)(--?${SECRET})(\\s+)${WORD}`, 'gi'), `$1$2$3${MASK}`],
  // Authorization: Basic ...
  [/\b(authorization\s*:\s*)(?:\w+\s+)?[^\s"']+/gi, `$1${MASK}`],
  // sshpass -p password
  [new RegExp(`(\\bsshpass\\b(?:\\s+-[a-oq-zA-Z]\\S*)*\\s+-p)(\\s*)${WORD}`, 'g'), `$1$2${MASK}`],
  // user:password@host; also of a URL
  [/([\w.%+-]+):[^\s@/:"']+@/g, `$1:${MASK}@`],
  // -u user:password
  [/(\s-[uU]\s*|\s--user[\s=])(["']?)([^\s:"']+):[^\s"']+/g, `$1$2$3:${MASK}`],
];

function maskCommand(command: string): string {
  return COMMAND_SECRETS.reduce((text, [pattern, shown]) => text.replace(pattern, shown), command);
}
