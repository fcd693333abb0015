/** From the arguments of an admitted client to the end of its session. */
import type { Readable, Writable } from 'node:stream';
import { type ByteString, fromText, toText } from '../../core/bytes.ts';
import { EXIT, isRsyncError, RsyncError } from '../../core/errors.ts';
import type { ConfinedPlaces } from '../../files/places.ts';
import type { FilterRule } from '../../filter/rule.ts';
import { runServerSession } from '../../session/server-session.ts';
import { exitLine } from '../../text/exit.ts';
import { stdioChannel } from '../../transport/stdio.ts';
import type { ClientHost } from './access/hosts.ts';
import { ModuleFilter } from './access/module-filter.ts';
import type { Dialogue } from './dialogue.ts';
import type { DaemonLog } from './log/daemon-log.ts';
import { TransferLog } from './log/transfer-log.ts';
import type { ModuleView } from './module/module-view.ts';
import { limitOptions } from './module/option-limits.ts';
import { checkOptionPaths } from './module/option-paths.ts';
import type { Supervisor } from './process/supervisor.ts';
import { pathsInModule } from './request/paths.ts';
import { type Judgement, judge, type Request, readRequest } from './request/request.ts';
import type { DaemonSettings } from './settings.ts';

/** Who has got past everything, and to where. */
export interface Admitted {
  module: ModuleView;
  /** The version that the greetings have come to. */
  protocol: number;
  rules: readonly FilterRule[];
  places: ConfinedPlaces;
  /** '' if nobody was asked for a name. */
  user: ByteString;
  host: ClientHost;
  readOnly: boolean;
  numericIds: boolean;
  mungesSymlinks: boolean;
  sanitizesSymlinks: boolean;
}

export interface TransferInit {
  input: Readable;
  output: Writable;
  dialogue: Dialogue;
  settings: DaemonSettings;
  supervisor: Supervisor;
  log: DaemonLog;
  signal: AbortSignal;
  admitted: Admitted;
}

/** Milliseconds for a client to take in why it gets nothing, before the connection is cut. */
const FAREWELL = 3000;

/** @returns the exit code of the server */
export async function transfer(init: TransferInit): Promise<number> {
  try {
    return await serve(init);
  } finally {
    init.admitted.places.close();
  }
}

async function serve(init: TransferInit): Promise<number> {
  const { dialogue, admitted, settings, signal } = init;
  const { module, protocol, places } = admitted;
  const log = (line: ByteString): void => init.log.line(line);
  const request = await readRequest(dialogue, protocol);
  dialogue.release();
  const filter = new ModuleFilter(
    admitted.rules,
    request.options.includes('--sender') ? 'sender' : 'receiver',
    places,
  );
  const { command, refusal } = await prepare(init, request, filter);
  const sends = command.role === 'sender';
  const options = limitOptions(command.options, {
    module,
    sends,
    bwlimit: settings.bwlimit,
    numericIds: admitted.numericIds,
    mungesSymlinks: admitted.mungesSymlinks,
  });
  const transferLog = new TransferLog({
    log,
    format: logFormat(module, settings),
    connection: {
      address: admitted.host.address,
      host: admitted.host.name,
      module: module.name,
      path: module.path,
      user: admitted.user,
    },
    sends,
    options,
    sources: command.paths.map((path) => sourceInside(path, places)),
  });
  const outcome = await runServerSession({
    channel: stdioChannel(init.input, init.output),
    role: command.role,
    options,
    capabilities: command.capabilities,
    paths: command.paths,
    places,
    refusal,
    agreedProtocol: protocol,
    commonTimeout: options.timeout > 0 ? options.timeout : undefined,
    policy: {
      hides: (path, isDirectory) => filter.hides(path, isDirectory),
      ignoresErrors: module.values.ignoreErrors,
      skipsNonreadable: module.values.ignoreNonreadable,
      sanitizesSymlinks: admitted.sanitizesSymlinks,
      receivesInto: (directory) => transferLog.receiveInto(directory),
    },
    onEvent: transferLog.onEvent,
    signal,
  });
  if (outcome.error !== undefined) log(fromText(errorText(outcome.error)));
  if (outcome.stats !== undefined) transferLog.finish(outcome.stats);
  if (outcome.exitCode !== EXIT.OK) {
    log(fromText(exitLine(outcome.exitCode, sends ? 'sender' : 'Receiver', settings.version)));
  }
  places.close();
  await farewell(init.input);
  return outcome.exitCode;
}

/** What will be done, and in which places; or why nothing will. */
async function prepare(init: TransferInit, request: Request, filter: ModuleFilter): Promise<Judgement> {
  const { admitted } = init;
  const { module, host, user, places } = admitted;
  const judged = judge(request, module, admitted.readOnly);
  const shown = request.paths.join(' ');
  const verb = judged.command.role === 'sender' ? 'on' : 'to';
  const by = user === '' ? '' : `${user}@`;
  init.log.line(`rsync ${verb} ${shown} from ${by}${host.name} (${host.address})`);
  if (judged.refusal !== undefined) return judged;
  try {
    const hides = (path: ByteString, isDirectory: boolean): boolean => filter.hides(path, isDirectory);
    const paths = pathsInModule(request.paths, module.name, places, hides);
    judged.command.paths = judged.command.role === 'receiver' ? paths.slice(0, 1) : paths;
    if (judged.command.role === 'sender' && paths.length === 0) judged.command.paths = ['.'];
    const destination = judged.command.role === 'receiver' ? (paths[0] ?? '.') : '.';
    checkOptionPaths(judged.command.options, destination, (path) => hides(places.display(path), true));
    await before(init, request, judged.command.paths);
    return judged;
  } catch (error) {
    if (!isRsyncError(error)) throw error;
    return { ...judged, refusal: error };
  }
}

/** `pre-xfer exec`. @throws RsyncError RSYNC_UNSUPPORTED, exit 4, with what the hook says */
async function before(
  init: TransferInit,
  { options, paths }: Request,
  inside: readonly ByteString[],
): Promise<void> {
  const words = ['rsyncd', ...options, '.', ...inside];
  const named = words.map((word, at) => [`RSYNC_ARG${at}`, toText(word)] as const);
  const { rawStatus, output } = await init.supervisor.runBefore({
    ...Object.fromEntries(named),
    RSYNC_REQUEST: toText(paths.join(' ')),
  });
  if (rawStatus === 0) return;
  const said = toText(output).trimEnd();
  throw new RsyncError(
    'RSYNC_UNSUPPORTED',
    `pre-xfer exec returned failure (${rawStatus})${said === '' ? '' : `:\n${said}`}`,
    { exitCode: EXIT.UNSUPPORTED, origin: 'remote' },
  );
}

/** `--log-file-format` turns the logging of transfers on, or with an empty value off. */
function logFormat(module: ModuleView, { logFormat: given }: DaemonSettings): ByteString | undefined {
  if (given !== undefined) return given === '' ? undefined : fromText(given);
  return module.values.transferLogging ? module.text('logFormat') : undefined;
}

/** As the log tells it: from the root of the module, and whether its content or the directory itself is sent. */
function sourceInside(path: ByteString, places: ConfinedPlaces): ByteString {
  const sendsContent = /(?:^|\/)(?:\.\.?)?$/.test(path);
  return places.display(path) + (sendsContent ? '/' : '');
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Waits until the client has hung up: a connection that is cut with bytes of it unread is reset, and what was said last
 * may be lost with it.
 */
function farewell(input: Readable): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, FAREWELL);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    for (const event of ['end', 'close', 'error']) input.once(event, done);
    if (input.readableEnded || input.destroyed) done();
    input.resume();
  });
}
