/** Refusals of rrsync, the restricted rsync of a forced command, of 3.2.3 (Perl) and of 3.2.7 and later (Python). */
import { EXIT } from '../../core/errors.ts';
import { type Finding, startExitCode } from './finding.ts';
import { allWords, neverSpoke, remoteProgram, type Symptoms } from './symptoms.ts';
import { clean, quoted } from './words.ts';

const LINE = /^.*\brrsync\b.*$/m;
const OWN_WORDS =
  /SSH_ORIGINAL_COMMAND|has been disabled on this server|(?:read|write)-only server|do not use \.\. in|invalid rsync-command syntax|Restricted directory does not exist|Another instance of rrsync|post-realpath|unsafe arg|--server option is not|Not invoked via sshd|rrsync error/;

const REFUSALS: readonly [pattern: RegExp, hint: (match: RegExpExecArray, symptoms: Symptoms) => string][] = [
  [
    /sending to read-only server/,
    () =>
      'This key may only read: pull from this host, or take -ro out of its command= in authorized_keys there.',
  ],
  [
    /reading from write-only server/,
    () =>
      'This key may only write: push to this host, or take -wo out of its command= in authorized_keys there.',
  ],
  [
    /do not use \.\. in|unsafe arg|post-realpath|unsafe path|outside/i,
    () =>
      'Paths on this host are relative to the directory that the key is limited to, and must stay in it: leave out its name and every "..", and write HOST: or HOST:SUBDIR.',
  ],
  [
    /option (\S+) has been disabled/,
    ([, option]) => `${disabled(option!)} Or allow it in the command= of the key in authorized_keys there.`,
  ],
  [
    /SSH_ORIGINAL_COMMAND/,
    (_match, symptoms) => {
      const prefix = remoteProgram(symptoms)?.prefix;
      return prefix === undefined || prefix === 'rsync'
        ? 'This key may run nothing but rsync: its command= in authorized_keys there says so.'
        : `This key may run nothing but "rsync" by that name: leave out --rsync-path=${quoted(clean(prefix, 80))}.`;
    },
  ],
  [
    /invalid rsync-command syntax/,
    () =>
      'rrsync knows one of the options of this run not: take out the less usual ones (such as --compress-choice or --mkpath), or update rsync there.',
  ],
  [
    /Restricted directory does not exist/,
    () =>
      'The directory in the command= of this key in authorized_keys there does not exist, or has options that this rrsync does not know.',
  ],
  [
    /Another instance of rrsync/,
    () => 'Another transfer with this key is running: try again when it has ended.',
  ],
];

function disabled(option: string): string {
  if (option === '-s') return 'Leave out -s (--secluded-args; also RSYNC_PROTECT_ARGS).';
  if (/^--(?:delete|remove)/.test(option)) return `This key may delete nothing: leave out ${option}.`;
  return `Leave out ${clean(option, 40)}.`;
}

export function recogniseRrsync(symptoms: Symptoms): Finding | undefined {
  if (!neverSpoke(symptoms)) return undefined;
  const words = allWords(symptoms);
  if (/Traceback \(most recent call last\)[\s\S]*rrsync/.test(words)) {
    const error = /^(\w*Error): .*$/m.exec(words)?.[0] ?? '';
    return refusal(
      symptoms,
      `rrsync of the forced command failed: ${clean(error)}`,
      undefined,
      crashHint(error),
    );
  }
  const line = LINE.exec(words)?.[0];
  if (line === undefined || !OWN_WORDS.test(line)) return undefined;
  const text = clean(line.replace(/^\S*rrsync(?: error)?:? */, ''));
  for (const [pattern, hint] of REFUSALS) {
    const match = pattern.exec(line);
    if (match !== null)
      return refusal(symptoms, `rrsync refused the request: ${text}`, line, hint(match, symptoms));
  }
  return refusal(
    symptoms,
    `rrsync refused the request: ${text}`,
    line,
    'The command= of this key in authorized_keys there limits what it may do.',
  );
}

function crashHint(error: string): string {
  if (/FileNotFoundError.*\/rsync'$/.test(error)) {
    return 'rrsync starts the rsync at that place, and there is none: install rsync on that host, or set RSYNC in its rrsync.';
  }
  return /FileNotFoundError|NotADirectoryError/.test(error)
    ? 'The directory in the command= of this key in authorized_keys there does not exist.'
    : 'Look at the command= of this key in authorized_keys there: its directory and the rights of the account.';
}

function refusal(symptoms: Symptoms, what: string, line: string | undefined, hint: string): Finding {
  const exitCode = startExitCode(symptoms);
  return {
    code: 'RSYNC_REMOTE_SHELL',
    exitCode: exitCode === 255 ? EXIT.STREAMIO : exitCode,
    what,
    hint,
    ...(line === undefined ? {} : { line: clean(line) }),
  };
}
