import { fromText } from '../core/bytes.ts';
import { WholeDisk } from '../files/places.ts';
import { ruleFileReader } from '../files/rule-file.ts';
import { buildFilterList } from '../filter/filter-list.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { remoteCommandLine, remoteWords, secludedWords } from '../protocol/remote-words.ts';
import { buildServerArgs } from '../protocol/server-args.ts';
import { runClientSession } from '../session/client-session.ts';
import { readNameList } from '../session/name-list.ts';
import type { Channel } from '../transport/channel.ts';
import { familyWords, openRemoteShell } from '../transport/remote-shell.ts';
import type { LocalEnd } from './local.ts';
import type { TransferRequest, TransferResult } from './transfer-request.ts';

export type { TransferRequest, TransferResult } from './transfer-request.ts';

/**
 * Runs one transfer, over a remote shell or within this machine.
 * @returns how it ended, also when single files failed (`exitCode` 23, 24, 25)
 * @throws RsyncError for what ended it early: usage, connection, protocol, disk, interrupt
 */
export async function transfer(request: TransferRequest): Promise<TransferResult> {
  const { direction } = request;
  const options = request.local === true ? localOptions(request.options) : request.options;
  const emit = request.onEvent ?? (() => {});
  // Mistakes in the rules must show before anything is connected.
  const rules = buildFilterList(options.filters, {
    deleteExcluded: options.deleteExcluded,
    readFile: ruleFileReader(),
    onWarning: (text) => emit({ type: 'message', level: 'warning', text: fromText(text), remote: false }),
  });
  const names = readNameList(options, new WholeDisk());
  const { channel, handover } = await open({ ...request, options });
  const result = await runClientSession({
    channel,
    handover,
    options,
    direction,
    remotePaths: request.remotePaths,
    localPaths: request.localPaths,
    rules,
    names,
    emit,
    signal: request.signal,
  });
  return {
    exitCode: result.exitCode,
    stats: result.stats,
    protocol: result.negotiated.protocol,
    checksum: result.negotiated.transferChecksum,
    compressor: result.negotiated.compressor,
  };
}

/** The other end is loaded only where it is in this process. */
async function open(request: TransferRequest): Promise<LocalEnd> {
  if (request.channel !== undefined) return { channel: request.channel, handover: undefined };
  if (request.local !== true) return { channel: await connect(request), handover: undefined };
  return (await import('./local.ts')).openLocal(request);
}

/** What a copy within one machine does without: a shell in between, and delta transfer unless it is asked for. */
function localOptions(options: TransferOptions): TransferOptions {
  return { ...options, secludedArgs: false, oldArgs: 0, wholeFile: options.wholeFile ?? true };
}

function connect(request: TransferRequest): Promise<Channel> {
  const { options, remote } = request;
  const pulls = request.direction !== 'push';
  const args = buildServerArgs(options, pulls ? 'sender' : 'receiver');
  const words = [options.rsyncPath, ...remoteWords(args, request.remotePaths, options)];
  const secluded = options.secludedArgs ? secludedWords(args, request.remotePaths) : [];
  if (options.verbose > 1) tellCommand(request, words, secluded);
  return openRemoteShell({
    host: remote.host,
    user: remote.user,
    command: fromText(remoteCommandLine(options.rsyncPath, args, request.remotePaths, options)),
    words: words.map(fromText),
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
  });
}

/** What rsync prints with `-vv`: the remote shell as it would be started, and how many words it is given. */
function tellCommand(
  { options, remote, onEvent }: TransferRequest,
  words: readonly string[],
  secluded: readonly string[],
): void {
  const user = remote.user === undefined ? [] : ['-l', remote.user];
  const shell = (options.rsh ?? 'ssh').split(' ').filter(Boolean);
  const quoted = (word: string): string => (/[^\w,.\-=+@/]/.test(word) ? `"${word}"` : word);
  const family = familyWords(shell[0] ?? '', options.addressFamily || undefined);
  const tell = (what: string, line: readonly string[]): void => {
    const text = fromText(`${what}: ${line.join(' ')}  (${line.length} args)`);
    onEvent?.({ type: 'message', level: 'info', text, remote: false });
  };
  tell('opening connection using', [...shell, ...user, ...family, remote.host, ...words.map(quoted)]);
  if (options.secludedArgs) tell('protected args', secluded.map(quoted));
}
