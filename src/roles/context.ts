import { type ByteString, fromText } from '../core/bytes.ts';
import { EXIT, protocolError } from '../core/errors.ts';
import type { EventSink, TransferStats } from '../core/events.ts';
import type { Handover } from '../files/handover.ts';
import type { Places } from '../files/places.ts';
import type { Stat } from '../files/stat.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { intPayload, MSG } from '../protocol/mux.ts';
import type { Negotiated } from '../protocol/negotiated.ts';
import type { Wire } from '../protocol/wire.ts';
import type { Coming, ItemGuard } from './item-guard.ts';
import type { ModulePolicy } from './policy.ts';

/** I/O error flags, docs/protocol/2-file-list.md, 2.11. */
export const IOERR = { GENERAL: 1, VANISHED: 2, DEL_LIMIT: 4 } as const;

/** What a sender tells of the root of a transfer in place of what its own looks like. */
export interface RootAttributes {
  /** Permission bits. */
  mode: number;
  /** Seconds since 1970, UTC. */
  mtime: number;
  mtimeNsec: number;
}

/** Everything that the roles of one session share. */
export class RoleContext {
  readonly wire: Wire;
  readonly negotiated: Negotiated;
  readonly options: TransferOptions;
  /** This end was started by the other one. */
  readonly isServer: boolean;
  readonly emit: EventSink;
  /** Where this end's paths lead. */
  readonly places: Places;
  /** Whole files may be given to the other end, which is in this process. */
  readonly handover: Handover | undefined;
  /** Of a daemon's module. */
  readonly policy: ModulePolicy | undefined;
  /** What the root of the destination is to look like, if not like the root of the source. */
  readonly root: RootAttributes | 'kept' | undefined;
  readonly guard: ItemGuard | undefined;
  /** Bytes on the wire when the handshake was over: rsync counts from there. */
  readonly startBytes: { readonly sent: number; readonly received: number };
  readonly stats: TransferStats = emptyStats();
  /** IOERR flags, of this end and of the peer's lists and messages. */
  ioError = 0;
  /** Something was reported that makes the run end with 23. */
  hadErrors = false;
  /** Deletions left out because of `--max-delete`. */
  skippedDeletions = 0;
  /** Called once all files are through and only last words are left to be exchanged. */
  onGoodbye: () => void = () => {};
  /** MSG_SUCCESS: the sender's, if it removes what has arrived. */
  onSuccess: (ndx: number) => void = () => {};
  /** MSG_NO_SEND: the receiver's, once there is one. */
  onNotSent: (ndx: number) => void = (ndx) => {
    throw protocolError(`no data for index ${ndx}, which was not asked for`);
  };

  constructor(init: {
    wire: Wire;
    negotiated: Negotiated;
    options: TransferOptions;
    isServer: boolean;
    emit: EventSink;
    places: Places;
    handover?: Handover | undefined;
    startBytes: { sent: number; received: number };
    policy?: ModulePolicy | undefined;
    root?: RootAttributes | 'kept' | undefined;
    guard?: ItemGuard | undefined;
  }) {
    this.wire = init.wire;
    this.negotiated = init.negotiated;
    this.options = init.options;
    this.isServer = init.isServer;
    this.emit = init.emit;
    this.places = init.places;
    this.handover = init.handover;
    this.startBytes = init.startBytes;
    this.policy = init.policy;
    this.root = init.root;
    this.guard = init.guard;
  }

  /** The exit code of a run that reached its end: later rows win (docs/protocol/1-session.md, 1.9). */
  get exitCode(): number {
    if (this.hadErrors || this.ioError & IOERR.GENERAL) return EXIT.PARTIAL;
    if (this.ioError & IOERR.VANISHED) return EXIT.VANISHED;
    if (this.ioError & IOERR.DEL_LIMIT || this.skippedDeletions > 0) return EXIT.DEL_LIMIT;
    return EXIT.OK;
  }

  /**
   * The item is in its place: a sender that removes its sources may do so.
   * @param wasSent  it was not there before (`--remove-sent-files` means no others)
   */
  tellSuccess(ndx: number, wasSent: boolean): void {
    const { removeSourceFiles, removeSentFiles, dryRun } = this.options;
    if ((removeSourceFiles || (removeSentFiles && wasSent)) && !dryRun)
      this.wire.sendMessage(MSG.SUCCESS, intPayload(ndx));
  }

  /**
   * What is at a place is not to be touched (`ItemGuard.mayChange`).
   * @param found   undefined: nothing is there, and nothing is lost
   * @param coming  asked only if somebody guards; undefined: it would be removed
   */
  isGuarded(name: ByteString, found: Stat | undefined, coming?: () => Coming | undefined): boolean {
    if (this.guard?.mayChange === undefined || found === undefined) return false;
    return !this.guard.mayChange(name, found, coming?.());
  }

  /** A failure of one item: the run goes on and ends with 23. `text` may hold bytes of names. */
  error(text: ByteString): void {
    this.hadErrors = true;
    this.emit({ type: 'message', level: 'error', text, remote: false });
  }

  warning(text: ByteString): void {
    this.emit({ type: 'message', level: 'warning', text, remote: false });
  }

  info(text: ByteString): void {
    this.emit({ type: 'message', level: 'info', text, remote: false });
  }
}

/** The text of an unexpected error, as bytes. */
export function errorText(error: unknown): ByteString {
  return fromText(error instanceof Error ? error.message : String(error));
}

function noCounts(): TransferStats['files'] {
  return { total: 0, regular: 0, directories: 0, symlinks: 0, devices: 0, specials: 0 };
}

export function emptyStats(): TransferStats {
  return {
    files: noCounts(),
    created: noCounts(),
    deleted: noCounts(),
    transferredFiles: 0,
    totalSize: 0,
    transferredSize: 0,
    literalData: 0,
    matchedData: 0,
    fileListSize: 0,
    fileListBuildTime: 0,
    fileListTransferTime: 0,
    bytesSent: 0,
    bytesReceived: 0,
    elapsed: 0,
  };
}
