import type { ByteString } from '../core/bytes.ts';
import { DirectoryTable } from '../core/directory-table.ts';
import { EXIT, protocolError, RsyncError } from '../core/errors.ts';
import { ENTRY, FileList } from '../core/file-list.ts';
import { LIMITS } from '../core/limits.ts';
import { isMissing } from '../core/mode.ts';
import type { Located } from '../files/copy.ts';
import type { Destination } from '../files/destination.ts';
import type { Root } from '../files/root.ts';
import { keepsPaths } from '../options/files-from.ts';
import { FileEntryReader } from '../protocol/file-entry.ts';
import { IdListReader } from '../protocol/id-list.ts';
import { IOERR, type RoleContext } from './context.ts';
import { entryContext } from './entry-context.ts';
import { countList } from './entry-details.ts';
import { HardLinks } from './hard-links.ts';
import { IdMap } from './id-map.ts';
import { type Keeping, NOTHING_KEPT } from './keeping.ts';
import { KeptLinks } from './kept-links.ts';
import type { EntryRef } from './sourced-list.ts';

/** Judges a name that a sender put into its list; throws if it must not be there. Client receivers only. */
export type NameCheck = (list: FileList, i: number) => void;

/** A list that the receiving side holds. */
export interface ReceivedList {
  readonly list: FileList;
  /** Entries of all lists before this one. */
  readonly before: number;
  /** With incremental recursion: the entry of the directory that the list describes; none if the list has no `.`. */
  readonly directory: EntryRef | undefined;
  /** Transfers asked for and not finished: answers to come, redos to ask for, links that wait for data. */
  open: number;
  /** Its DONE has been sent: its indexes are dead for the generator. */
  closed: boolean;
}

/** What was asked of the sender about an index, and not answered yet. */
export interface Request {
  held: ReceivedList;
  /** The list that has the entry: not `held.list` for a directory that its own list stands for. */
  list: FileList;
  i: number;
  /** Item flags as asked. */
  iflags: number;
  /** Undefined for an item without data. */
  transfer: TransferRequest | undefined;
}

/** Old content that the blocks of a request refer to. */
export interface Basis extends Located {
  /** BASIS.DESTINATION, ...: docs/protocol/3-transfer.md, 2.4. */
  type: number;
  /** Of a fuzzy basis: its last component. */
  xname?: ByteString;
}

export interface TransferRequest {
  /** Undefined: there is none. */
  basis: Basis | undefined;
  /** What is there stays, the rest is appended: the blocks have no sums. */
  append: boolean;
  count: number;
  blength: number;
  remainder: number;
  redo: boolean;
}

/** Wakes the one task that waits. */
export class Signal {
  private resolve: (() => void) | undefined;
  private reject: ((error: unknown) => void) | undefined;
  private failure: { error: unknown } | undefined;
  private set = false;

  notify(): void {
    this.set = true;
    this.resolve?.();
    this.resolve = undefined;
  }

  fail(error: unknown): void {
    this.failure ??= { error };
    this.reject?.(error);
  }

  /** Returns after the next `notify`, or at once if there was one since the last wait. */
  wait(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure.error);
    if (this.set) {
      this.set = false;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.resolve = () => {
        this.set = false;
        resolve();
      };
      this.reject = reject;
    });
  }
}

/**
 * What the generator and the receiver of one run share: the lists held, the destination, the requests without an
 * answer. Both are tasks of one process; only the generator writes to the data stream, only the receiver reads.
 */
export class ReceivingSide {
  readonly ctx: RoleContext;
  readonly ids: IdMap;
  readonly lists: ReceivedList[] = [];
  /** Lists that have come and that the generator has not begun. */
  readonly fresh: ReceivedList[] = [];
  /** No more lists will come. */
  complete = false;
  /** Entries received so far. */
  known = 0;
  readonly requests = new Map<number, Request[]>();
  /** Files to ask for once more, by index. */
  readonly redo: { ndx: number; held: ReceivedList; i: number }[] = [];
  /** Phase ends and list ends that the generator has written. */
  dones = 0;
  /** Phase ends that the sender has echoed, and all DONEs that have come from it. */
  echoes = 0;
  donesReceived = 0;
  /** For the generator: a list came, a file was finished, a phase was echoed. */
  readonly progress = new Signal();
  readonly links = new HardLinks();
  readonly keptLinks: KeptLinks;
  destination: Destination = {
    root: undefined,
    path: '.',
    rename: undefined,
    created: false,
    announced: false,
  };
  /** Other places than the destination itself that files come from or go to. */
  keeping: Keeping = NOTHING_KEPT;

  private readonly entries: FileEntryReader;
  private readonly directories = new DirectoryTable();
  private readonly check: NameCheck | undefined;
  private entryIoError = 0;

  constructor(ctx: RoleContext, check: NameCheck | undefined) {
    this.ctx = ctx;
    this.check = check;
    this.keptLinks = new KeptLinks(ctx.options);
    this.ids = new IdMap(ctx.options.numericIds);
    this.entries = new FileEntryReader(entryContext(ctx), {
      uidName: (id, name) => this.ids.uidName(id, name),
      gidName: (id, name) => this.ids.gidName(id, name),
    });
  }

  /** The root of the destination; undefined when it does not exist (dry run). */
  get root(): Root | undefined {
    return this.destination.root;
  }

  /** The name of an entry below the root: its own, unless the destination named a file. */
  localName(list: FileList, i: number): ByteString {
    return this.destination.rename ?? list.name(i);
  }

  // ---- lists ----

  async receiveFirstList(): Promise<void> {
    const { ctx } = this;
    const before = ctx.wire.bytesIn - ctx.wire.reader.remaining;
    const list = new FileList(ctx.negotiated.incRecurse ? 1 : 0);
    await this.receiveEntries(list);
    if (!ctx.negotiated.incRecurse) {
      this.complete = true;
      await this.receiveTrailer();
    }
    ctx.stats.fileListSize += ctx.wire.bytesIn - ctx.wire.reader.remaining - before;
    const dot = list.count > 0 && list.name(list.at(0)) === '.';
    this.hold(list, dot ? { list, i: list.at(0) } : undefined);
  }

  /** A sub-list: `dirIndex` comes from its marker. */
  async receiveSubList(dirIndex: number): Promise<void> {
    if (!this.ctx.negotiated.incRecurse) throw protocolError('a sub-list without incremental recursion');
    if (this.complete) throw protocolError('a sub-list after the last one');
    const last = this.lists[this.lists.length - 1];
    if (last === undefined) throw protocolError('a sub-list after all lists were finished');
    const start = this.nextStart;
    const list = this.directories.open(dirIndex, start);
    const directory = { list: this.directories.list(dirIndex)!, i: this.directories.row(dirIndex) };
    this.directories.release(dirIndex);
    const before = this.ctx.wire.bytesIn - this.ctx.wire.reader.remaining;
    await this.receiveEntries(list);
    this.ctx.stats.fileListSize += this.ctx.wire.bytesIn - this.ctx.wire.reader.remaining - before;
    this.hold(list, directory);
  }

  /** NDX_FLIST_EOF. */
  endOfLists(): void {
    if (!this.ctx.negotiated.incRecurse || this.complete) throw protocolError('unexpected end of file lists');
    this.complete = true;
    this.progress.notify();
  }

  private nextStart = 0;

  private hold(list: FileList, directory: EntryRef | undefined): void {
    const held = { list, before: this.known, directory, open: 0, closed: false };
    this.nextStart = list.ndxStart + list.count + 1;
    this.known += list.count;
    if (this.known > LIMITS.FILE_LIST_ENTRIES) {
      throw new RsyncError('RSYNC_LIMIT', `more than ${LIMITS.FILE_LIST_ENTRIES} files in the list`, {
        exitCode: EXIT.MALLOC,
        origin: 'remote',
      });
    }
    if (this.ctx.negotiated.incRecurse) this.directories.append(list);
    countList(list, this.ctx.stats);
    this.lists.push(held);
    this.fresh.push(held);
    this.progress.notify();
  }

  private async receiveEntries(list: FileList): Promise<void> {
    const { wire } = this.ctx;
    while (!this.entries.readInto(wire.reader, list)) await wire.more();
    if (this.entries.ioError !== this.entryIoError) {
      this.entryIoError = this.entries.ioError;
      this.ctx.ioError |= this.entryIoError;
    }
    list.sort();
    if (!this.ctx.negotiated.incRecurse) checkParents(list);
    if (this.check !== undefined) for (let i = 0; i < list.count; i++) this.check(list, i);
    list.dropDuplicates();
    if (keepsPaths(this.ctx.options)) list.stripLeadingSlashes();
  }

  /** What follows a single list: id lists, and at protocol 29 the sender's I/O error. */
  private async receiveTrailer(): Promise<void> {
    const { options, negotiated, wire } = this.ctx;
    if (!options.numericIds) {
      const context = { protocol: negotiated.protocol, id0Names: negotiated.hasId0Names };
      const receive = async (apply: (id: number, name: ByteString) => void): Promise<void> => {
        const ids = new IdListReader(context);
        while (!ids.read(wire.reader)) await wire.more();
        for (const [id, name] of ids.names) apply(id, name);
      };
      if (options.owner) await receive((id, name) => this.ids.uidName(id, name));
      if (options.group) await receive((id, name) => this.ids.gidName(id, name));
    }
    if (negotiated.protocol < 30) {
      this.ctx.ioError |=
        (await wire.read((r) => r.int())) & (IOERR.GENERAL | IOERR.VANISHED | IOERR.DEL_LIMIT);
    }
  }

  // ---- indexes ----

  /** The list and wire position of an index; undefined if no held list has it. */
  find(ndx: number): { held: ReceivedList; i: number } | undefined {
    const { lists } = this;
    for (let k = 0; k < lists.length; k++) {
      const held = lists[k]!;
      const position = ndx - held.list.ndxStart;
      if (position >= 0 && position < held.list.count) return { held, i: held.list.at(position) };
    }
    return undefined;
  }

  addRequest(ndx: number, request: Request): void {
    const waiting = this.requests.get(ndx);
    if (waiting === undefined) this.requests.set(ndx, [request]);
    else waiting.push(request);
  }

  /**
   * The oldest request for an index that a reply with these flags can answer.
   * Throws a protocol error (exit 2) if nothing of the kind was asked.
   */
  takeRequest(ndx: number, isTransfer: boolean): Request {
    const waiting = this.requests.get(ndx) ?? [];
    const at = waiting.findIndex((r) => (r.transfer !== undefined) === isTransfer);
    const request = waiting[at];
    if (request === undefined) throw protocolError(`reply for index ${ndx}, which was not asked for`);
    if (waiting.length === 1) this.requests.delete(ndx);
    else waiting.splice(at, 1);
    return request;
  }

  /**
   * One thing less to wait for in a list. The generator is woken for the last one, or if links may be waiting for this
   * one; not for each of many small files.
   */
  settle(held: ReceivedList): void {
    held.open--;
    if (held.open === 0 || this.links.areWaiting) this.progress.notify();
  }

  /** `--no-implied-dirs`: a directory that is only on the way to something, and stays as it is. */
  isLeftAlone(list: FileList, i: number): boolean {
    return !this.ctx.options.impliedDirs && (list.flags(i) & ENTRY.IMPLIED_DIR) !== 0;
  }

  /** True if deletion may look into this directory. */
  isContentDirectory(list: FileList, i: number): boolean {
    return (list.flags(i) & ENTRY.CONTENT_DIR) !== 0 && !list.isDead(i);
  }
}

/**
 * A whole list names every directory that something is in, and names it as a directory: else a symlink of the same
 * list could lead out of the destination (docs/protocol/2-file-list.md, 10). With incremental recursion the reader of
 * the entries sees to it.
 */
function checkParents(list: FileList): void {
  const directories = new Set<ByteString>();
  let last = '';
  for (let position = 0; position < list.count; position++) {
    const i = list.at(position);
    // A name to be deleted needs no directory: nothing is made in it.
    if (isMissing(list.mode(i))) continue;
    const parent = list.dirname(i);
    if (parent !== last) {
      if (parent !== '.' && parent !== '' && parent !== '/' && !directories.has(parent))
        throw protocolError(`${list.name(i)} is in no directory of the file list`);
      last = parent;
    }
    if (list.isDirectory(i)) directories.add(list.name(i));
  }
}
