/** Text of the remote account in front of rsync's version, and where it comes from. */
import type { Finding } from './finding.ts';
import { startExitCode } from './finding.ts';
import type { HostFacts } from './probe.ts';
import { hasNoise, remoteProgram, type Symptoms, versionBehindNoise } from './symptoms.ts';
import { clean, quoteBytes, quoted } from './words.ts';

/** A terminal shows our own version back to us, its zeros as "^@", before or after the version of the server. */
const ECHO = /^[\s\S]{0,64}?\^@\^@\^@/;

/** Not only in place of a version: which of the two comes first is a matter of chance. */
export function recogniseTerminal(symptoms: Symptoms): Finding | undefined {
  const { firstBytes } = symptoms;
  if (!ECHO.test(Buffer.from(firstBytes).toString('latin1'))) return undefined;
  return {
    code: 'RSYNC_PROTOCOL',
    exitCode: startExitCode(symptoms),
    what: `the remote side is a terminal, which spoils the data; it began with ${quoteBytes(firstBytes)}`,
    hint: 'Take the terminal away: no -t or -tt after ssh in -e or RSYNC_RSH, no RequestTTY in ssh_config, no "script" or "ssh -tt" in a forced command there.',
  };
}

export function recogniseNoise(symptoms: Symptoms): Finding | undefined {
  if (!hasNoise(symptoms)) return undefined;
  const { firstBytes } = symptoms;
  const at = versionBehindNoise(symptoms);
  const text = at > 0 ? firstBytes.subarray(0, at) : firstBytes;
  return {
    code: 'RSYNC_PROTOCOL',
    exitCode: startExitCode(symptoms),
    what: `is your shell clean? Text came before rsync's answer: ${quoteBytes(text)}`,
    hint: shellHint(undefined),
    ...(at > 0 ? { ask: 'shell' as const } : {}),
  };
}

interface Shell {
  /** What it reads for a command that is not typed in. */
  files: readonly string[];
  /** A line that ends such a file for commands. */
  guard: string;
}

const SHELLS: Readonly<Record<string, Shell>> = {
  bash: { files: ['~/.bashrc', '/etc/bash.bashrc'], guard: 'case $- in *i*) ;; *) return;; esac' },
  zsh: { files: ['~/.zshenv', '/etc/zsh/zshenv', '/etc/zshenv'], guard: '[[ -o interactive ]] || return' },
  fish: {
    files: ['~/.config/fish/config.fish', '~/.config/fish/conf.d'],
    guard: 'status is-interactive; or return',
  },
  tcsh: { files: ['~/.tcshrc', '~/.cshrc', '/etc/csh.cshrc'], guard: 'if (! $?prompt) exit' },
  csh: { files: ['~/.cshrc', '/etc/csh.cshrc'], guard: 'if (! $?prompt) exit' },
};
/** Read by sshd whatever the shell is. */
const SSHD_FILES = ['~/.ssh/rc', '/etc/ssh/sshrc'];
const LOGIN_FILES = ['~/.bash_profile', '~/.bash_login', '~/.profile', '~/.zprofile'];

/**
 * Where to look, most likely place first.
 * @param facts undefined: nothing is known of the host
 */
export function shellHint(facts: HostFacts | undefined): string {
  const advice = 'must print nothing to a command; "ssh HOST true" shows what it prints.';
  if (facts?.shell === undefined) {
    return `A start-up file of the remote account (.bashrc, .zshenv, config.fish, .cshrc, .ssh/rc, .profile) ${advice}`;
  }
  const name = facts.shell.replace(/^.*\//, '');
  const shell = SHELLS[name];
  const there = (files: readonly string[]): string[] => files.filter((file) => facts.files.includes(file));
  const own = there(shell?.files ?? []);
  const sshd = there(SSHD_FILES);
  if (shell !== undefined && own.length > 0) {
    const also = sshd.length > 0 ? ` (or ${sshd.join(', ')}, run by sshd)` : '';
    return `${own[0]} of the account${also} ${advice.replace(';', `: put this line before what prints: ${shell.guard} -`)}`;
  }
  const likely = [...sshd, ...there(LOGIN_FILES)];
  const place =
    likely.length > 0
      ? `${likely.join(' or ')} of the account`
      : `What ${clean(name, 40)} or sshd runs for the account`;
  return `${place} ${advice}`;
}

/** What the host's answer adds: which file, or that it is not the shell. */
export function refineNoise(finding: Finding, symptoms: Symptoms, facts: HostFacts): Finding {
  if (facts.noisy) return { ...finding, hint: shellHint(facts) };
  const prefix = remoteProgram(symptoms)?.prefix;
  return {
    ...finding,
    hint:
      prefix === undefined || prefix === 'rsync'
        ? 'Other commands of the account print nothing of the kind: look at the program called rsync there (a wrapper script?).'
        : `Other commands of the account print nothing of the kind: it comes from --rsync-path=${quoted(clean(prefix, 80))}.`,
  };
}
