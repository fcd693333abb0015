import { randomInt } from 'node:crypto';
import type { Channel } from '../channel.ts';
import { clean } from './words.ts';

/** What the host answered to one more command. */
export interface HostFacts {
  /** The login shell of the account, $SHELL. */
  shell: string | undefined;
  /** Start-up files that are there, from the home directory ("~/.bashrc") or the root. */
  files: string[];
  /** Something was printed before our answer: the login shell does it to every command. */
  noisy: boolean;
  /** rsync programs in well-known places, most likely first. */
  found: string[];
  /** The account finds rsync by itself, in its PATH. */
  onPath: boolean;
  /** The program that was asked for is there, whatever it may be. */
  exists: boolean;
  /** "Linux", "Darwin"; the machine type. */
  system: string | undefined;
  machine: string | undefined;
  /** Name of the system for people, of /etc/os-release. */
  name: string | undefined;
  /** ID and ID_LIKE of /etc/os-release. */
  families: string[];
  /** Package managers that are there. */
  managers: string[];
  root: boolean;
}

/** The answer, or what can be told from there being none. */
export type ProbeAnswer = { kind: 'facts'; facts: HostFacts } | { kind: 'forced' } | { kind: 'nothing' };

export const PACKAGE_MANAGERS = [
  ...['apt-get', 'dnf', 'yum', 'zypper', 'pacman', 'apk', 'opkg', 'brew', 'port'],
  ...['pkg', 'pkgin', 'pkg_add', 'xbps-install', 'emerge', 'nix-env'],
] as const;

const PLACES = [
  ...[
    '/usr/bin',
    '/usr/local/bin',
    '/bin',
    '/opt/bin',
    '/opt/homebrew/bin',
    '/usr/local/sbin',
    '/usr/pkg/bin',
  ],
  ...['/opt/local/bin', '/opt/sbin', '/usr/syno/bin', '/share/CACHEDEV*_DATA/.qpkg/*/bin', '/ffp/bin'],
  ...['/run/current-system/sw/bin', '~/bin', '~/.local/bin', '~/.nix-profile/bin', '/usr/sbin'],
];
const START_FILES = [
  ...[
    '~/.bashrc',
    '~/.zshenv',
    '~/.config/fish/config.fish',
    '~/.config/fish/conf.d',
    '~/.tcshrc',
    '~/.cshrc',
  ],
  ...['~/.kshrc', '~/.mkshrc', '~/.profile', '~/.bash_profile', '~/.bash_login', '~/.zprofile', '~/.ssh/rc'],
  ...['/etc/bash.bashrc', '/etc/zsh/zshenv', '/etc/zshenv', '/etc/csh.cshrc', '/etc/ssh/sshrc'],
];
/** More than this is no answer of ours. */
const ITEMS = 50;

/**
 * The question as one line for any login shell: everything is in single quotes for sh, without what csh and fish see in
 * there (line feeds, "!", backslashes). The mark is a sum, so that a program that repeats the command does not hold it.
 */
export function probeCommand(program: string | undefined): { command: string; mark: string } {
  const [a, b] = [randomInt(1e8, 1e9), randomInt(1e8, 1e9)];
  // Only what no shell touches; a leading "~" is to be expanded.
  const known = program !== undefined && /^[\w@%+:,./~-]+$/.test(program) && program.includes('/');
  const script = [
    `echo "rsyncjs $((${a}+${b}))"`,
    'echo "shell=$SHELL"',
    ...['echo "system=$(uname -s)"', 'echo "machine=$(uname -m)"', 'echo "uid=$(id -u)"'],
    `for f in ${START_FILES.join(' ')}; do [ -e $f ] && echo "file=$f"; done`,
    'p=$(command -v rsync) && echo "found=$p" && echo onpath=yes',
    `for d in ${PLACES.join(' ')}; do [ -f $d/rsync ] && [ -x $d/rsync ] && echo "found=$d/rsync"; done`,
    ...(known ? [`[ -e ${program} ] && echo exists=yes`] : []),
    `for m in ${PACKAGE_MANAGERS.join(' ')}; do command -v $m >/dev/null && echo "manager=$m"; done`,
    'echo "home=$HOME"',
    'cat /etc/os-release',
    'true',
  ];
  return { command: `sh -c '{ ${script.join('; ')}; } 2>/dev/null'`, mark: `rsyncjs ${a + b}` };
}

/** Reads the answer. */
export function parseAnswer(stdout: string, mark: string): HostFacts | undefined {
  const lines = stdout.split(/\r?\n/);
  const start = lines.findIndex((line) => line.endsWith(mark));
  if (start < 0) return undefined;
  const values = new Map<string, string[]>();
  for (const line of lines.slice(start + 1)) {
    const [, key, value] = /^(\w+)=["']?(.*?)["']?$/.exec(line) ?? [];
    if (key === undefined || value === undefined || value === '') continue;
    const list = values.get(key) ?? [];
    if (list.length < ITEMS) list.push(clean(value));
    values.set(key, list);
  }
  const all = (key: string): string[] => values.get(key) ?? [];
  const one = (key: string): string | undefined => all(key)[0];
  const home = one('home');
  const short = (path: string): string =>
    home !== undefined && home.length > 1 && path.startsWith(`${home}/`)
      ? `~${path.slice(home.length)}`
      : path;
  return {
    shell: one('shell'),
    files: all('file').map(short),
    noisy: lines.slice(0, start).some((line) => line !== '') || lines[start] !== mark,
    found: [...new Set(all('found'))].filter((path) => /^\/[\w@%+=:,./-]+$/.test(path)),
    onPath: one('onpath') === 'yes',
    exists: one('exists') === 'yes',
    system: one('system'),
    machine: one('machine'),
    name: one('PRETTY_NAME') ?? one('NAME'),
    families: [...all('ID'), ...all('ID_LIKE').flatMap((list) => list.split(' '))],
    managers: all('manager'),
    root: one('uid') === '0',
  };
}

/** Asks the host. An answer without the mark comes from a program that runs in place of every command. */
export async function askHost(channel: Channel, program: string | undefined): Promise<ProbeAnswer> {
  if (channel.probe === undefined) return { kind: 'nothing' };
  const { command, mark } = probeCommand(program);
  const result = await channel.probe(command).catch(() => undefined);
  if (result === undefined) return { kind: 'nothing' };
  const facts = parseAnswer(result.stdout, mark);
  if (facts !== undefined) return { kind: 'facts', facts };
  // No shell called sh, or no way to a second command, is no sign of a forced one.
  if (/not found|not recognized|no such file|unknown command/i.test(result.stderr))
    return { kind: 'nothing' };
  return result.code === null && result.stdout === '' ? { kind: 'nothing' } : { kind: 'forced' };
}
