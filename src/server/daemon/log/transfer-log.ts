/** What a log tells of a transfer: `transfer logging`, `log format`, errors, and the figures at the end. */
import { type ChecksumName, DIGEST_LENGTH } from '../../../core/algorithms.ts';
import type { ByteString } from '../../../core/bytes.ts';
import type {
  DeletedEvent,
  EntryDetails,
  EventSink,
  ItemEvent,
  TransferStats,
} from '../../../core/events.ts';
import { isDirectory, isRegular } from '../../../core/mode.ts';
import { parseChecksumChoice } from '../../../options/choices.ts';
import { infoLevels } from '../../../options/info-levels.ts';
import type { TransferOptions } from '../../../options/transfer-options.ts';
import { ITEM } from '../../../protocol/item.ts';
import { DELETING, isRemarkable, itemize } from '../../../text/itemize.ts';
import { givenName, longNames, withSlash } from '../../../text/long-name.ts';
import {
  type ConnectionSubject,
  digestText,
  type FormatSubject,
  type OutFormat,
  parseFormat,
} from '../../../text/out-format.ts';

export interface TransferLogInit {
  log: (line: ByteString) => void;
  /** Undefined: items are not logged. */
  format: ByteString | undefined;
  connection: ConnectionSubject;
  /** The daemon sends. */
  sends: boolean;
  options: TransferOptions;
  /** Sources inside the module, with a slash at the end if only what is in them is sent. */
  sources: readonly ByteString[];
}

const NO_BYTES = { data: 0, sums: 0 };

export class TransferLog {
  private readonly init: TransferLogInit;
  private readonly format: OutFormat | undefined;
  private readonly tellsDeletions: boolean;
  /** From the name of an entry to the path below the root of the module. */
  private longName: (name: ByteString) => ByteString;
  /** Of the transfer. */
  private checksum: ChecksumName = 'md5';

  constructor(init: TransferLogInit) {
    this.init = init;
    this.format = init.format === undefined ? undefined : parseFormat(init.format, true);
    this.tellsDeletions = infoLevels(init.options).DEL > 0;
    this.longName = init.sends ? longNames(init.sources) : (name) => name;
  }

  /** From here on what is received goes there, a path from the root of the module. */
  receiveInto(directory: ByteString): void {
    const prefix = withSlash(directory);
    this.longName = (name) => prefix + name;
  }

  readonly onEvent: EventSink = (event) => {
    switch (event.type) {
      case 'negotiated':
        this.checksum = event.checksum as ChecksumName;
        break;
      case 'item':
        this.item(event);
        break;
      case 'deleted':
        this.deleted(event);
        break;
      case 'message':
        // What goes wrong is for whoever runs the daemon as well; information was asked for by the client.
        if (event.level !== 'info' && !event.remote) this.init.log(event.text);
        break;
      case 'flist':
        if (event.stage === 'start')
          this.init.log(this.init.sends ? 'building file list' : 'receiving file list');
        break;
      default:
        break;
    }
  };

  finish({ bytesSent, bytesReceived, totalSize }: TransferStats): void {
    this.init.log(`sent ${bytesSent} bytes  received ${bytesReceived} bytes  total size ${totalSize}`);
  }

  private item(event: ItemEvent): void {
    const { format } = this;
    if (format === undefined || this.init.options.dryRun) return;
    const transfers = (event.iflags & ITEM.TRANSFER) !== 0;
    // A transfer is told when it is over; other items only to who wants to know about them.
    if (event.stage !== (transfers ? 'end' : 'start')) return;
    if (!transfers && !(format.hasItemized && isRemarkable(event.iflags))) return;
    this.init.log(format.render(this.subject(event)));
  }

  private subject(event: ItemEvent): FormatSubject {
    const { sends, options } = this.init;
    const { entry, iflags } = event;
    return {
      ...this.common(entry, isDirectory(entry.mode)),
      operation: sends ? 'send' : 'recv',
      itemized: itemize(iflags, entry.mode, { sends, times: options.times, setsSymlinkTimes: true }),
      xname: event.xname,
      bytes: event.bytes ?? NO_BYTES,
      digest: this.digest(event),
    };
  }

  private deleted({ name, isDirectory: directory, mode = 0 }: DeletedEvent): void {
    const { format } = this;
    if (this.init.options.dryRun) return;
    const isFormatted = format !== undefined && (format.hasItemized || format.hasOperation);
    if (isFormatted) {
      const entry = { name, mode, size: 0, mtime: 0, mtimeNsec: 0 };
      const nothing = { uid: undefined, gid: undefined, target: undefined, checksum: undefined };
      this.init.log(
        format.render({
          ...this.common({ ...entry, ...nothing }, directory),
          operation: 'del.',
          itemized: DELETING,
          xname: undefined,
          bytes: NO_BYTES,
          digest: this.blankDigest(),
        }),
      );
    } else if (format !== undefined || this.tellsDeletions) {
      this.init.log(`deleting ${name}${directory ? '/' : ''}`);
    }
  }

  private common(entry: EntryDetails, directory: boolean) {
    return {
      entry,
      isDirectory: directory,
      longName: entry.given === undefined ? this.longName(entry.name) : givenName(entry.given, entry.name),
      defaultGroup: this.init.options.group ? '0' : 'DEFAULT',
      now: Date.now() / 1000,
      pid: process.pid,
      connection: this.init.connection,
    };
  }

  private digest({ entry, digest }: ItemEvent): string {
    const { options } = this.init;
    if (!isRegular(entry.mode)) return this.blankDigest();
    if (options.checksum && entry.checksum !== undefined) {
      const { preTransfer } = parseChecksumChoice(options.checksumChoice ?? 'auto');
      return digestText(entry.checksum, preTransfer ?? this.checksum);
    }
    return digest === undefined ? this.blankDigest() : digestText(digest, this.checksum);
  }

  private blankDigest(): string {
    return ' '.repeat(2 * DIGEST_LENGTH[this.checksum]);
  }
}
