import { type ByteString, isAscii, toBuffer, toText } from '../core/bytes.ts';
import { EXIT, RsyncError, usageError } from '../core/errors.ts';
import type { Channel } from './channel.ts';
import { splitWords } from './shell-words.ts';
import { spawnChannel } from './spawn.ts';
import type { OnPrompt } from './ssh/auth/prompts.ts';
import { parseSshCommand } from './ssh/config/command.ts';
import type { GivenSetting } from './ssh/config/resolve.ts';
import type { SshDestination, SshFact } from './ssh/facts.ts';
import { type SshOptions, translateSshOptions } from './ssh/options.ts';
import type { SshTarget } from './ssh/plan.ts';

/** What is to be started on another host. */
export interface ShellCommand {
  /** What the remote login shell is to run: one string, already escaped for it. */
  command: ByteString;
  /** The same command in words, to follow HOST on the command line of a spawned remote shell. */
  words: readonly ByteString[];
}

/** Another host, and how it is reached. */
export interface ShellHost {
  user?: string | undefined;
  /** Without brackets. */
  host: string;
  /** The value of `-e` or RSYNC_RSH. Default: `ssh`. */
  rsh?: string | undefined;
  /** `ssh` is started as a program too, in place of the built-in one. */
  spawn?: boolean | undefined;
  /** `-4` or `-6`: for ssh, built in or not. */
  addressFamily?: 4 | 6 | undefined;
  /** For the built-in ssh. */
  ssh?: SshOptions | undefined;
  /** `Match exec` of ssh_config may run its command. Default false: such a line is refused where it matters. */
  matchExec?: boolean | undefined;
  /** For the spawned program; HOME, SSH_AUTH_SOCK and the variables of ssh_config for the built-in ssh. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Who answers questions (unknown host, passphrase, password). Without it such a connection is refused. */
  onPrompt?: OnPrompt | undefined;
  /** Ends the attempt to connect. An open channel is ended with its `destroy`. */
  signal?: AbortSignal | undefined;
  /** Progress for people, a line at a time; never holds a secret. */
  trace?: ((line: string) => void) | undefined;
  /** Tell `trace` only if `ssh -v` or a LogLevel asks for it. Default false: always. */
  traceIfAsked?: boolean | undefined;
  /** Told what the built-in ssh comes to know on its way to the host. */
  onFact?: ((fact: SshFact) => void) | undefined;
}

export interface RemoteShellTarget extends ShellHost, ShellCommand {}

/** A host where commands are started, one login for all of them if the shell is the built-in ssh. */
export interface RemoteShell {
  /** @throws RsyncError as `openRemoteShell` */
  start(command: ShellCommand): Promise<Channel>;
  /** The built-in ssh, step by step. Undefined: a program makes the connection. */
  readonly ssh?: { destination(): Promise<SshDestination>; login(): Promise<void> };
  /** Ends what is still open. */
  close(): void;
}

/**
 * A host for several commands. Nothing is connected before the first of them.
 * @throws RsyncError RSYNC_USAGE, as `openRemoteShell`
 */
export async function remoteShell(host: ShellHost): Promise<RemoteShell> {
  const [program, ...args] = shellWords(host);
  if (!isBuiltIn(host, program)) {
    return { start: (command) => openRemoteShell({ ...host, ...command }), close: () => {} };
  }
  const { SshSession } = await import('./ssh/session.ts');
  const session = new SshSession(sshTarget(host, args));
  return { start: ({ command }) => session.start(command), close: () => session.close(), ssh: session };
}

/**
 * Starts `rsync --server` (or anything else) on another host: docs/protocol/1-session.md, 1.2 and
 * 4-filters-and-options.md, E.1. A remote shell named `ssh` is the built-in one, with the options of its command line;
 * every other program is started as `RSH-WORDS [-l USER] HOST WORDS...`, without a local shell.
 *
 * @throws RsyncError RSYNC_USAGE (exit 1), RSYNC_UNSUPPORTED (exit 4), RSYNC_REMOTE_SHELL (exit 14 or 255),
 *   RSYNC_CONNECT, RSYNC_HOST_KEY, RSYNC_AUTH (exit 255), RSYNC_ABORTED (exit 20).
 */
export async function openRemoteShell(target: RemoteShellTarget): Promise<Channel> {
  const { user, host, signal, addressFamily } = target;
  const [program, ...args] = shellWords(target);
  const env = target.env ?? process.env;

  if (isBuiltIn(target, program)) {
    // Loaded when needed: the library takes longer to load than a local copy takes to run.
    const { openSsh } = await import('./ssh/open.ts');
    return openSsh(sshTarget(target, args), target.command);
  }

  if (target.ssh !== undefined && Object.values(target.ssh).some((value) => value !== undefined)) {
    throw usageError(
      `the settings of the built-in ssh mean nothing to ${program}`,
      'Leave out rsh (and rshSpawn), or the settings.',
    );
  }
  const family = familyWords(program, addressFamily);
  const login = user === undefined ? [] : ['-l', user];
  if (target.traceIfAsked !== true) target.trace?.(`starting ${program}`);
  return spawnChannel({
    program,
    args: [...args, ...login, ...family, host, ...target.words.map(asArgument)],
    env: withoutDisplay(env),
    command: toText(target.command),
    signal,
  });
}

/** The program of the remote shell and its words; the host is looked at too. */
function shellWords({ user, host, rsh }: ShellHost): [string, ...string[]] {
  // A host such as -oProxyCommand=... would be read as an option by a spawned shell.
  if (host === '' || host.startsWith('-')) throw usageError(`invalid host name: "${host}"`);
  if (user?.startsWith('-')) throw usageError(`invalid user name: "${user}"`);
  const [program, ...args] = splitWords(rsh ?? 'ssh');
  if (program === undefined || program === '') throw usageError('the remote shell command (-e) is empty');
  return [program, ...args];
}

function isBuiltIn({ spawn }: ShellHost, program: string): boolean {
  return isSsh(program) && spawn !== true;
}

/** @throws RsyncError RSYNC_USAGE, RSYNC_UNSUPPORTED: words of ssh that are none, or are not understood */
function sshTarget(target: ShellHost, args: readonly string[]): SshTarget {
  const { user, host, onPrompt, signal, addressFamily, env = process.env } = target;
  const words = parseSshCommand(args);
  const options = translateSshOptions(target.ssh ?? {});
  if (words.verbose && target.trace === undefined) {
    throw usageError('ssh -v has nowhere to report to', 'Leave out -v, or give `trace`.');
  }
  const family: GivenSetting[] =
    addressFamily === undefined
      ? []
      : [
          {
            keyword: 'AddressFamily',
            value: addressFamily === 4 ? 'inet' : 'inet6',
            source: `-${addressFamily}`,
          },
        ];
  return {
    host,
    user,
    given: [...options.given, ...family, ...words.given],
    configFile: options.configFile ?? words.configFile,
    allowExec: target.matchExec,
    secrets: options.secrets,
    env,
    onPrompt,
    signal,
    trace: target.trace,
    traceIfAsked: target.traceIfAsked === true && !words.verbose,
    verbose: words.verbose,
    onFact: target.onFact,
  };
}

/** `ssh`, `/usr/bin/ssh`, `C:\...\ssh.exe`. */
function isSsh(program: string): boolean {
  const base = process.platform === 'win32' ? program.replace(/^.*[\\/]/, '') : program.replace(/^.*\//, '');
  return base === 'ssh' || base.toLowerCase() === 'ssh.exe';
}

/** `-4` or `-6` for a program that is exactly `ssh`: others may not know them. */
export function familyWords(program: string, addressFamily: 4 | 6 | undefined): string[] {
  return addressFamily !== undefined && /(?:^|\/)ssh$/.test(program) ? [`-${addressFamily}`] : [];
}

/** Node passes arguments as UTF-8 text only. */
function asArgument(word: ByteString): string {
  if (isAscii(word)) return word;
  const bytes = toBuffer(word);
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes)) return text;
  throw new RsyncError(
    'RSYNC_UNSUPPORTED',
    'a name that is not UTF-8 can not be passed to a spawned remote shell',
    {
      exitCode: EXIT.UNSUPPORTED,
      origin: 'local',
      path: text,
      hint: 'Use the built-in ssh (leave out -e), or --secluded-args, which sends names over the connection.',
    },
  );
}

/** No window is to ask for a password behind the caller's back, unless SSH_ASKPASS says which one. */
function withoutDisplay(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env.SSH_ASKPASS !== undefined) return env;
  const { DISPLAY: _, ...rest } = env;
  return rest;
}
