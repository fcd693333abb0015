import { fromText } from '../core/bytes.ts';
import { remoteCommandLine, remoteWords, secludedWords, shownWord } from '../protocol/remote-words.ts';
import { buildServerArgs } from '../protocol/server-args.ts';
import type { Channel } from '../transport/channel.ts';
import { familyWords, openRemoteShell, type ShellHost } from '../transport/remote-shell.ts';
import { splitWords } from '../transport/shell-words.ts';
import { namedPort } from './daemon.ts';
import type { TransferRequest } from './transfer-request.ts';

/** What the remote shell is to start. */
interface RemoteCommand {
  user: string | undefined;
  /** One string for the login shell, and the same in words. */
  command: string;
  words: string[];
  /** What `--secluded-args` keeps from it. */
  secluded: string[];
  env: NodeJS.ProcessEnv | undefined;
}

/** Starts a server, or a daemon for this connection alone, through the remote shell. */
export function connectShell(request: TransferRequest): Promise<Channel> {
  const { user, command, words, secluded, env } =
    request.daemon === undefined ? serverCommand(request) : daemonCommand(request);
  if (request.options.verbose > 1) tellCommand(request, user, words, secluded);
  const started = { command: fromText(command), words: words.map(fromText) };
  if (request.shell !== undefined) return request.shell.start(started);
  return openRemoteShell({ ...shellHost(request), user, env, ...started });
}

/** The host of a request as the remote shell is told of it. */
export function shellHost(request: TransferRequest): ShellHost {
  const { options, remote } = request;
  return {
    host: remote.host,
    user: remote.user,
    rsh: options.rsh,
    spawn: options.rshSpawn,
    addressFamily: options.addressFamily || undefined,
    ssh: request.ssh,
    matchExec: options.sshMatchExec,
    env: request.env,
    onPrompt: request.onPrompt,
    signal: request.signal,
    trace: request.trace,
    traceIfAsked: request.traceIfAsked === true && !options.sshDebug,
  };
}

function serverCommand({ options, direction, remote, remotePaths, env }: TransferRequest): RemoteCommand {
  const args = buildServerArgs(options, direction === 'push' ? 'receiver' : 'sender');
  return {
    user: remote.user,
    command: remoteCommandLine(options.rsyncPath, args, remotePaths, options),
    words: [options.rsyncPath, ...remoteWords(args, remotePaths, options)],
    secluded: options.secludedArgs ? secludedWords(args, remotePaths) : [],
    env,
  };
}

/** Options and paths follow in the dialogue: docs/protocol/1-session.md, 1.10, "Daemon behind a remote shell". */
function daemonCommand(request: TransferRequest): RemoteCommand {
  const { options, remote, env = process.env } = request;
  const words = [options.rsyncPath, '--server', '--daemon', '.'];
  return {
    // The name is for the daemon; for the shell as well, unless that has one of its own.
    user: splitWords(options.rsh ?? '').includes('-l') ? undefined : remote.user,
    command: words.join(' '),
    words,
    secluded: [],
    env: { ...env, RSYNC_PORT: String(namedPort(request)) },
  };
}

/** What rsync prints with `-vv`: the remote shell as it would be started, and how many words it is given. */
function tellCommand(
  { options, remote, onEvent }: TransferRequest,
  user: string | undefined,
  words: readonly string[],
  secluded: readonly string[],
): void {
  const shell = (options.rsh ?? 'ssh').split(' ').filter(Boolean);
  const login = user === undefined ? [] : ['-l', user];
  const family = familyWords(shell[0] ?? '', options.addressFamily || undefined);
  const tell = (what: string, line: readonly string[]): void => {
    const text = fromText(`${what}: ${line.join(' ')}  (${line.length} args)`);
    onEvent?.({ type: 'message', level: 'info', text, remote: false });
  };
  tell('opening connection using', [...shell, ...login, ...family, remote.host, ...words.map(shownWord)]);
  if (secluded.length > 0) tell('protected args', secluded.map(shownWord));
}
