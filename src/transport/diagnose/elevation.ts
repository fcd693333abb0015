/** sudo, doas and su in front of the remote rsync that want a person, or do not let this account through. */
import { type Finding, startExitCode } from './finding.ts';
import { allWords, endsWithPrompt, neverSpoke, remoteProgram, type Symptoms } from './symptoms.ts';
import { clean } from './words.ts';

const RULES: readonly [pattern: RegExp, what: string, remedy: (symptoms: Symptoms) => string][] = [
  [/must have a tty to run sudo/, 'sudo there wants a terminal', () => noTty],
  [
    /sudo: (?:a password is required|a terminal is required|no tty present|no askpass)|sudo: \d+ incorrect password|\[sudo\] password for/,
    'sudo there wants a password',
    (symptoms) => noPassword(symptoms),
  ],
  [
    /is not in the sudoers file|is not allowed to (?:execute|run)|not in sudoers/,
    'sudo there does not let this account run rsync',
    (symptoms) => noPassword(symptoms),
  ],
  [
    /sudo: unknown user/,
    'sudo there does not know that user',
    () => 'Check the name after -u in --rsync-path.',
  ],
  [
    /doas: (?:a tty is required|Authorization required|Authentication (?:required|failed))/i,
    'doas there wants a password',
    () => doasRule,
  ],
  [/doas: Operation not permitted/, 'doas there does not let this account run rsync', () => doasRule],
  [
    /^(?:Password: ?)?su: (?:must be run from a terminal|Authentication failure|Authentication token)/im,
    'su there wants a password',
    () => suAnswer,
  ],
];

const suAnswer =
  'su can not be answered over this connection: use --rsync-path="sudo -n rsync" with a NOPASSWD rule, or log in as that user.';
const noTty =
  'Put "Defaults:USER !requiretty" (USER: the account there) into a file of /etc/sudoers.d on the host; a terminal would spoil the data.';
const doasRule =
  'Put "permit nopass USER cmd rsync" (USER: the account there) into /etc/doas.conf on the host, and use --rsync-path="doas -n rsync".';

export function recogniseElevation(symptoms: Symptoms): Finding | undefined {
  if (!neverSpoke(symptoms)) return undefined;
  const words = allWords(symptoms);
  for (const [pattern, what, remedy] of RULES) {
    const match = pattern.exec(words);
    if (match === null) continue;
    return {
      code: 'RSYNC_REMOTE_SHELL',
      exitCode: startExitCode(symptoms),
      what,
      hint: remedy(symptoms),
    };
  }
  if (!endsWithPrompt(symptoms.stderr)) return undefined;
  const prefix = remoteProgram(symptoms)?.prefix ?? '';
  return {
    code: 'RSYNC_REMOTE_SHELL',
    exitCode: startExitCode(symptoms),
    what: 'the remote command asks for a password',
    hint: /\bsudo\b/.test(prefix)
      ? noPassword(symptoms)
      : 'Nobody can answer it over this connection: let what runs there in front of rsync (su, sudo, doas, a wrapper) do without one, or log in as the user that it is for.',
  };
}

/** A rule for sudo that lets this one program through, for whoever the prefix says. */
function noPassword(symptoms: Symptoms): string {
  const prefix = remoteProgram(symptoms)?.prefix ?? 'sudo rsync';
  const { program } = remoteProgram(symptoms) ?? { program: 'rsync' };
  const as = /(?:^| )-u ?(\S+)/.exec(prefix)?.[1] ?? 'root';
  const path = program.startsWith('/') ? program : `/usr/bin/${program}`;
  const user = /^ssh ([^@\s]+)@/.exec(symptoms.label)?.[1] ?? 'USER';
  const rule = `${clean(user, 40)} ALL=(${clean(as, 40)}) NOPASSWD: ${clean(path, 80)}`;
  const quiet = /(?:^| )sudo(?: \S+)* -\w*n/.test(prefix)
    ? ''
    : ` And use --rsync-path="${clean(prefix.replace(/\bsudo\b/, 'sudo -n'), 80)}", which never waits for an answer.`;
  return `On the host, "visudo -f /etc/sudoers.d/rsync" with the line "${rule}" lets it through without a password (it makes the account as powerful as ${clean(as, 40)}).${quiet}`;
}
