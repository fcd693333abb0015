/** Accounts that run something else than what they are told: no login, file transfer alone, menus, forced commands. */
import { type Finding, startExitCode } from './finding.ts';
import {
  allWords,
  hasNoise,
  neverSpoke,
  remoteProgram,
  type Symptoms,
  versionBehindNoise,
} from './symptoms.ts';
import { clean, quoteBytes, quoted } from './words.ts';

const OTHER = 'Log in as another user (USER@HOST:PATH), or with a key of your own for this work.';

const RULES: readonly [
  pattern: RegExp,
  what: (match: RegExpExecArray, symptoms: Symptoms) => string,
  hint: (match: RegExpExecArray) => string,
][] = [
  [
    /Please login as the user ["']?([\w.-]+)["']? rather than the user ["']?([\w.-]+)/i,
    ([, , wrong]) => `this host does not take ${clean(wrong!, 40)} as the user`,
    ([, right]) => `Log in as ${clean(right!, 40)}: ${clean(right!, 40)}@HOST:PATH.`,
  ],
  [
    /This account is currently not available|account has been disabled|This account is not available/i,
    () => 'the account there has no login shell (nologin)',
    () => `${OTHER} Or give the account a shell there: chsh -s /bin/sh ACCOUNT.`,
  ],
  [
    /This service allows sftp connections only|sftp[- ]only|Allowed commands: .*\bsftp\b|This account is restricted by rssh|\bscponly\b/i,
    () => 'the account there is limited to sftp or scp',
    () => `rsync needs an account that may run commands. ${OTHER}`,
  ],
  [
    /unrecognized command '|unknown git\/gitolite command|PTY allocation request failed|Interactive git shell is not enabled|You've successfully authenticated, but|Invalid command: '|does not provide shell access/i,
    () => 'the account there is for git alone (git-shell, gitolite or a hosting service)',
    () => OTHER,
  ],
  [
    /r(?:bash|ksh|zsh|sh): .*restricted|restricted: cannot|\*\*\* forbidden|is a restricted shell/i,
    () => 'the account there has a restricted shell that does not run this command',
    () => 'Put rsync in the PATH of the restricted account, and leave out the folder in --rsync-path.',
  ],
  [
    /password (?:has )?expired|required to change your password|Password change required/i,
    () => 'the password of the account there has expired',
    () => 'Log in once with a terminal (ssh HOST), change the password, then run this again.',
  ],
  [
    /^(\/\S*\/(?:ba|z|da|k|fi|tc|c|a)?sh): No such file or directory$/m,
    ([, shell]) => `the login shell of the account, ${clean(shell!, 80)}, does not exist there`,
    () =>
      'A jail (ChrootDirectory) for rsync needs a shell, rsync and their libraries in it; or use another account.',
  ],
  [
    /System is booting up|System is going down|currently not permitted to log in|pam_nologin/i,
    () => 'the host lets nobody in at the moment',
    () => 'It is starting or stopping: try again in a minute.',
  ],
];

/** Known words of such accounts. */
export function recogniseAccount(symptoms: Symptoms): Finding | undefined {
  if (!neverSpoke(symptoms) || versionBehindNoise(symptoms) > 0) return undefined;
  const words = allWords(symptoms);
  for (const [pattern, what, hint] of RULES) {
    const match = pattern.exec(words);
    if (match === null) continue;
    if (match[1]?.startsWith('/') && match[1] === remoteProgram(symptoms)?.program) continue;
    return {
      code: 'RSYNC_REMOTE_SHELL',
      exitCode: startExitCode(symptoms),
      what: `${what(match, symptoms)}${printed(symptoms)}`,
      hint: hint(match),
    };
  }
  return undefined;
}

/** What it printed on its standard output, which nobody has seen yet. */
function printed(symptoms: Symptoms): string {
  return hasNoise(symptoms) ? `; it printed ${quoteBytes(symptoms.firstBytes)}` : '';
}

/** A command that ended well, and was not rsync: something else runs in its place. */
export function recogniseForced(symptoms: Symptoms): Finding | undefined {
  const { exit } = symptoms;
  if (!neverSpoke(symptoms) || versionBehindNoise(symptoms) > 0) return undefined;
  if (exit?.code !== 0) return undefined;
  const prefix = remoteProgram(symptoms)?.prefix;
  const changed = prefix !== undefined && prefix !== 'rsync';
  return {
    code: hasNoise(symptoms) ? 'RSYNC_PROTOCOL' : 'RSYNC_REMOTE_EXIT',
    exitCode: startExitCode(symptoms),
    what: hasNoise(symptoms)
      ? `something else ran in place of rsync, and printed ${quoteBytes(symptoms.firstBytes)}`
      : 'the remote command ended well, but without a word of rsync',
    hint: forcedHint(changed ? prefix : undefined),
  };
}

/** `path`: the --rsync-path that was given. */
export function forcedHint(path: string | undefined): string {
  const what = path === undefined ? '' : `Check that --rsync-path=${quoted(clean(path, 80))} starts rsync. `;
  return `${what}The account or the key may be bound to another command (command= in authorized_keys, ForceCommand in sshd_config, its login shell): use another key or account, or let that command run $SSH_ORIGINAL_COMMAND.`;
}
