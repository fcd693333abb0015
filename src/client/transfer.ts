import { fromText } from '../core/bytes.ts';
import { WholeDisk } from '../files/places.ts';
import { ruleFileReader } from '../files/rule-file.ts';
import { buildFilterList } from '../filter/filter-list.ts';
import type { FilterRule } from '../filter/rule.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { runClientSession } from '../session/client-session.ts';
import { cvsIgnores } from '../session/filter.ts';
import { refuseUnsafeMunging } from '../session/munging.ts';
import { readNameList } from '../session/name-list.ts';
import { checkDaemonOptions, connectDaemon, daemonTerms, usesRemoteShell } from './daemon.ts';
import type { LocalEnd } from './local.ts';
import { connectShell } from './remote-shell.ts';
import type { TransferRequest, TransferResult } from './transfer-request.ts';

export type { TransferRequest, TransferResult } from './transfer-request.ts';

/**
 * Runs one transfer: over a remote shell, with a daemon, or within this machine.
 * @returns how it ended, also when single files failed (`exitCode` 23, 24, 25)
 * @throws RsyncError for what ended it early: usage, connection, protocol, disk, interrupt
 */
export async function transfer(request: TransferRequest): Promise<TransferResult> {
  const { direction } = request;
  const options = request.local === true ? localOptions(request.options) : request.options;
  const emit = request.onEvent ?? (() => {});
  checkDaemonOptions(request);
  const daemon = request.daemon === undefined ? undefined : daemonTerms(request);
  // Mistakes in the rules must show before anything is connected.
  const rules = buildFilterList(options.filters, {
    deleteExcluded: options.deleteExcluded,
    readFile: ruleFileReader(),
    cvsIgnores: () => cvsIgnores(new WholeDisk()),
    onWarning: (text) => emit({ type: 'message', level: 'warning', text: fromText(text), remote: false }),
  });
  refuseUnsafeMunging(new WholeDisk(), options);
  const names = readNameList(options, new WholeDisk(), direction === 'push' ? 'sender' : 'receiver');
  const { channel, handover } = await open({ ...request, options }, rules);
  const result = await runClientSession({
    channel,
    handover,
    options,
    direction,
    daemon,
    remotePaths: request.remotePaths,
    localPaths: request.localPaths,
    rules,
    names,
    root: request.root,
    guard: request.guard,
    hearsPeer: request.hearsPeer,
    emit,
    signal: request.signal,
  });
  if (result.kind === 'listed') {
    const { protocol, stats } = result;
    return { exitCode: 0, stats, listedModules: true, protocol, checksum: 'none', compressor: 'none' };
  }
  return {
    exitCode: result.exitCode,
    stats: result.stats,
    protocol: result.negotiated.protocol,
    checksum: result.negotiated.transferChecksum,
    compressor: result.negotiated.compressor,
  };
}

async function open(request: TransferRequest, rules: readonly FilterRule[]): Promise<LocalEnd> {
  if (request.channel !== undefined) return { channel: request.channel, handover: undefined };
  // The other end is loaded only where it is in this process.
  if (request.local === true) return (await import('./local.ts')).openLocal(request, rules);
  const channel = await (usesRemoteShell(request) ? connectShell(request) : connectDaemon(request));
  return { channel, handover: undefined };
}

/** What a copy within one machine does without: a shell in between, and delta transfer unless it is asked for. */
function localOptions(options: TransferOptions): TransferOptions {
  // What is continued is not sent whole.
  const wholeFile = options.wholeFile ?? (options.append > 0 ? undefined : true);
  return { ...options, secludedArgs: false, oldArgs: 0, wholeFile };
}
