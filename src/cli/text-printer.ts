import { type ChecksumName, DIGEST_LENGTH } from '../core/algorithms.ts';
import { type ByteString, fromText } from '../core/bytes.ts';
import {
  createdDirectoryText,
  type DeletedEvent,
  type FileListEvent,
  type ItemEvent,
  type MessageEvent,
  type NegotiatedEvent,
  type TransferEvent,
  type TransferStats,
} from '../core/events.ts';
import { isDirectory, isRegular } from '../core/mode.ts';
import { parseChecksumChoice } from '../options/choices.ts';
import { transfersDirs } from '../options/files-from.ts';
import { type InfoLevels, infoLevels } from '../options/info-levels.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { ITEM } from '../protocol/item.ts';
import { escapeLine } from '../text/escape.ts';
import { DELETING, isRemarkable, itemize } from '../text/itemize.ts';
import { listingLine } from '../text/listing.ts';
import { givenName, longNames } from '../text/long-name.ts';
import { digestText, type FormatSubject, type OutFormat, parseFormat } from '../text/out-format.ts';
import type { Output } from './output.ts';
import { ProgressMeter } from './progress.ts';
import { statsText, summaryText } from './summary.ts';

export interface TextPrinterInit {
  options: TransferOptions;
  direction: 'pull' | 'push' | 'list';
  /** Both sides are on this machine: then data always comes in. Default false. */
  local?: boolean | undefined;
  output: Output;
  /** Sources of a push, for `%f`. */
  sources?: readonly string[];
  /** The terminal shows UTF-8; default true. */
  utf8?: boolean;
  /** Milliseconds since 1970; default the clock. */
  now?: () => number;
  /** `%p`; default that of this process. */
  pid?: number;
}

const NO_BYTES = { data: 0, sums: 0 };

/**
 * Prints a transfer as rsync does: docs/protocol/3-transfer.md, 11, and 2-file-list.md, 9. Give `onEvent` to the
 * transfer, then call `finish` with its result.
 */
export class TextPrinter {
  readonly #options: TransferOptions;
  readonly #output: Output;
  readonly #info: InfoLevels;
  readonly #sends: boolean;
  readonly #isLocal: boolean;
  readonly #lists: boolean;
  /** How items are printed; undefined: not at all. */
  readonly #format: OutFormat | undefined;
  readonly #longName: (name: ByteString) => ByteString;
  readonly #progress: ProgressMeter;
  readonly #utf8: boolean;
  readonly #now: () => number;
  readonly #pid: number;
  #negotiated: NegotiatedEvent | undefined;

  /** The last line is `building file list ... `, without its end. */
  #openLine = false;

  constructor(init: TextPrinterInit) {
    const { options, direction } = init;
    this.#options = options;
    this.#output = init.output;
    this.#info = infoLevels(options);
    this.#sends = direction === 'push';
    this.#isLocal = init.local === true;
    this.#lists = direction === 'list' || options.listOnly;
    const format = formatOf(options, this.#info);
    this.#format = format === undefined ? undefined : parseFormat(format);
    this.#longName = this.#sends ? longNames((init.sources ?? []).map(fromText)) : (name) => name;
    this.#utf8 = init.utf8 ?? true;
    this.#now = init.now ?? Date.now;
    this.#pid = init.pid ?? process.pid;
    this.#progress = new ProgressMeter({
      humanReadable: options.humanReadable,
      receives: !this.#sends,
      now: this.#now(),
    });
  }

  readonly onEvent = (event: TransferEvent): void => {
    switch (event.type) {
      case 'item':
        this.#item(event);
        break;
      case 'progress':
        if (this.#info.PROGRESS > 0) this.#output.out(this.#progress.show(event, this.#now()));
        break;
      case 'deleted':
        this.#deleted(event);
        break;
      case 'listed':
        if (!this.#options.quiet) this.#line(listingLine(event.entry, this.#options.humanReadable));
        break;
      case 'message':
        this.#message(event);
        break;
      case 'daemon-text':
        if (this.#options.motd && !this.#options.quiet) this.#line(event.text);
        break;
      case 'stderr':
        this.#closeProgress();
        this.#output.relay(event.bytes);
        break;
      case 'flist':
        this.#fileList(event);
        break;
      case 'created-directory':
        if (this.#info.NAME > 0 || this.#format?.hasItemized === true) {
          this.#line(createdDirectoryText(event));
        }
        break;
      case 'negotiated':
        this.#negotiated = event;
        break;
    }
  };

  /** The figures at the end, of a run that reached it. */
  finish(result: { stats: TransferStats; protocol: number; listedModules?: true }): void {
    this.#closeProgress();
    if (result.listedModules === true) return;
    const { humanReadable, dryRun } = this.#options;
    if (this.#info.STATS > 1) this.#output.out(statsText(result.stats, humanReadable, result.protocol));
    if (this.#info.STATS > 0) this.#output.out(summaryText(result.stats, humanReadable, dryRun));
  }

  /** The run ends early: what comes next starts on a line of its own. */
  interrupt(): void {
    this.#closeProgress();
  }

  /** A line of standard output. */
  #line(text: ByteString): void {
    this.#closeProgress();
    this.#output.out(`${escapeLine(text, this.#utf8)}\n`);
  }

  /** A progress line that something else interrupts stays as it is. */
  #closeProgress(): void {
    if (this.#progress.interrupt()) this.#output.out('\n');
  }

  #message({ level, text }: MessageEvent): void {
    if (level !== 'info') {
      this.#closeProgress();
      this.#output.err(`${escapeLine(text, this.#utf8)}\n`);
    } else if (!this.#options.quiet) {
      if (this.#openLine) this.#output.out('\n');
      this.#openLine = false;
      this.#line(text);
    }
  }

  /** Goes on in the line that `building file list ... ` has begun, or in one of its own if others came between. */
  #endFileList(text: string): void {
    this.#openLine = false;
    this.#line(text);
  }

  #fileList({ stage, direction, incremental, count }: FileListEvent): void {
    const level = this.#info.FLIST;
    // Where no directories are transferred there is nothing to wait for.
    if (level === 0 || !(transfersDirs(this.#options) || this.#lists)) return;
    const sends = direction === 'send' || this.#isLocal;
    if (incremental) {
      if (stage === 'start') this.#line(`${sends ? 'sending' : 'receiving'} incremental file list`);
    } else if (stage === 'start') {
      this.#output.out(`${sends ? 'building' : 'receiving'} file list ... `);
      this.#openLine = true;
      if (level > 1 && sends) this.#output.out('\n 0 files...\r');
    } else if (level === 1) this.#endFileList('done');
    else this.#endFileList(count === 1 ? '1 file to consider' : `${count} files to consider`);
  }

  #item(event: ItemEvent): void {
    const { iflags, stage } = event;
    const transfers = (iflags & ITEM.TRANSFER) !== 0;
    if (transfers && stage === 'start' && this.#info.PROGRESS > 0) this.#progress.begin(this.#now());
    const format = this.#format;
    if (format === undefined) return;
    // Of a dry run's transfers there is no end.
    const at = transfers && format.needsData && !this.#options.dryRun ? 'end' : 'start';
    if (stage !== at || !(transfers || this.#isShown(event, format))) return;
    this.#line(format.render(this.#subject(event)));
  }

  /** Items without data: 11.3. */
  #isShown({ iflags, entry, xname }: ItemEvent, format: OutFormat): boolean {
    const { itemize: level, verbose } = this.#options;
    const remarkable = isRemarkable(iflags);
    if (xname) return true;
    if (format.hasItemized && (remarkable || level > 1 || verbose > 1)) return true;
    return remarkable && ((iflags & ITEM.LOCAL_CHANGE) !== 0 || isDirectory(entry.mode));
  }

  #subject(event: ItemEvent): FormatSubject {
    const { entry, iflags } = event;
    return {
      operation: this.#sends ? 'send' : 'recv',
      itemized: itemize(iflags, entry.mode, {
        sends: this.#sends && !this.#isLocal,
        times: this.#options.times,
        setsSymlinkTimes: this.#negotiated?.setsSymlinkTimes ?? true,
      }),
      entry,
      isDirectory: isDirectory(entry.mode),
      longName: entry.given === undefined ? this.#longName(entry.name) : givenName(entry.given, entry.name),
      // Of a transfer it names the basis, which is nobody's business.
      xname: iflags & ITEM.TRANSFER ? undefined : event.xname,
      bytes: event.bytes ?? NO_BYTES,
      digest: this.#format?.needsData === true ? this.#digest(event) : '',
      defaultGroup: 'DEFAULT',
      now: this.#now() / 1000,
      pid: this.#pid,
    };
  }

  #deleted({ name, isDirectory: directory, mode = 0 }: DeletedEvent): void {
    const format = this.#format;
    if (format !== undefined && (format.hasItemized || format.hasOperation)) {
      this.#line(
        format.render({
          operation: 'del.',
          itemized: DELETING,
          entry: {
            name,
            mode,
            size: 0,
            mtime: 0,
            mtimeNsec: 0,
            uid: undefined,
            gid: undefined,
            target: undefined,
            checksum: undefined,
          },
          isDirectory: directory,
          longName: name,
          xname: undefined,
          bytes: NO_BYTES,
          digest: ' '.repeat(this.#digestColumns()),
          defaultGroup: this.#options.group ? '0' : 'DEFAULT',
          now: this.#now() / 1000,
          pid: this.#pid,
        }),
      );
    } else if (this.#info.DEL > 0 || format !== undefined) {
      this.#line(`deleting ${name}${directory ? '/' : ''}`);
    }
  }

  /** `%C`: of the list with `-c`, else of the transfer; zeros for one that a dry run leaves out. */
  #digest({ entry, iflags, digest }: ItemEvent): string {
    const columns = this.#digestColumns();
    if (!isRegular(entry.mode)) return ' '.repeat(columns);
    const transferName = this.#negotiated?.checksum ?? 'md5';
    if (this.#options.checksum && entry.checksum !== undefined) {
      const { preTransfer } = parseChecksumChoice(this.#options.checksumChoice ?? 'auto');
      return digestText(entry.checksum, preTransfer ?? transferName);
    }
    if (digest !== undefined) return digestText(digest, transferName);
    return (iflags & ITEM.TRANSFER ? '0' : ' ').repeat(columns);
  }

  #digestColumns(): number {
    const name = this.#negotiated?.checksum as ChecksumName | undefined;
    return 2 * DIGEST_LENGTH[name ?? 'md5'];
  }
}

/** 11.3: the format in force, undefined if items are not printed. */
function formatOf(options: TransferOptions, info: InfoLevels): ByteString | undefined {
  if (options.quiet || options.listOnly) return undefined;
  if (options.outFormat !== undefined) return fromText(options.outFormat);
  if (options.itemize > 0) return '%i %n%L';
  return info.NAME > 0 ? '%n%L' : undefined;
}
