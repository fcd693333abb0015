import { type ByteString, fromText } from '../core/bytes.ts';
import { ENTRY, FileList } from '../core/file-list.ts';
import { isDirectory, isRegular, isSymlink, S_IFLNK, S_IFMT } from '../core/mode.ts';
import { errnoText } from '../files/errors.ts';
import { platform } from '../files/platform/index.ts';
import type { Root } from '../files/root.ts';
import type { DirectoryScan } from '../files/scan.ts';
import { scanDirectory } from '../files/scan.ts';
import type { Stat } from '../files/stat.ts';
import { IOERR, type RoleContext } from './context.ts';

/** One source argument, docs/protocol/2-file-list.md, 1.2, non-relative mode. */
export interface Source {
  /** The working directory of the argument: names are relative to it. */
  root: Root;
  /** The transmitted name; '.' for a dot-dir argument, whose contents are sent. */
  name: ByteString;
}

/** Answers whether the filter rules hide a name on the sender. */
export type Hides = (name: ByteString, isDirectory: boolean, origin: number) => boolean;

/** An entry of a list, by wire position. */
export interface EntryRef {
  list: FileList;
  i: number;
}

/** A list with, for each entry (wire position), the source it comes from. */
export class SourcedList {
  readonly list: FileList;
  /** The entry of the directory that a sub-list describes, in its parent's list. */
  readonly directory: EntryRef | undefined;
  private readonly origins: number[] = [];

  constructor(list: FileList, directory?: EntryRef) {
    this.list = list;
    this.directory = directory;
  }

  setOrigin(i: number, origin: number): void {
    this.origins[i] = origin;
  }

  origin(i: number): number {
    return this.origins[i]!;
  }
}

/** A directory whose sub-list has not been sent: under one name, contents of one or more sources. */
interface PendingDirectory {
  dirIndex: number;
  name: ByteString;
  entry: EntryRef;
  origins: number[];
}

/**
 * Builds the file list of a sender: the whole of it, or list by list with incremental recursion
 * (docs/protocol/2-file-list.md, 1 and 5). Errors of single names are reported through the context and become
 * I/O error flags, so that the other side deletes nothing for them.
 */
export class ListBuilder {
  private readonly ctx: RoleContext;
  private readonly sources: readonly Source[];
  private readonly hides: Hides;
  private readonly deviceOf: (bigint | undefined)[] = [];
  /** Directories numbered so far, docs/protocol/2-file-list.md, 4.5. */
  private directoryCount = 0;
  /** Depth-first: the next directory is at the end. */
  private readonly pending: PendingDirectory[] = [];
  /** Device and inode of a hard-linked item to its group, for the whole session. */
  private readonly groups = new Map<string, number>();
  private nextStart: number;

  constructor(ctx: RoleContext, sources: readonly Source[], hides: Hides) {
    this.ctx = ctx;
    this.sources = sources;
    this.hides = hides;
    this.nextStart = ctx.negotiated.incRecurse ? 1 : 0;
  }

  /** The first list: everything without incremental recursion, else the arguments and the contents of dot-dirs. */
  first(): SourcedList {
    const target = new SourcedList(new FileList(this.nextStart));
    const whole = this.ctx.options.recursive && !this.ctx.negotiated.incRecurse;
    for (let origin = 0; origin < this.sources.length; origin++) {
      const source = this.sources[origin]!;
      const stat = this.statArgument(source);
      if (stat === undefined) continue;
      const isDir = stat.isDirectory;
      if (source.name !== '.' && this.hides(source.name, isDir, origin)) continue;
      if (isDir && !this.ctx.options.recursive) {
        this.ctx.info(`skipping directory ${source.name}`);
        continue;
      }
      this.deviceOf[origin] = stat.dev;
      const flags = isDir ? ENTRY.TOP_DIR | ENTRY.CONTENT_DIR : 0;
      this.add(target, origin, source.name, stat, flags);
      if (isDir && (whole || source.name === '.')) this.addContents(target, origin, source.name, whole);
    }
    return this.complete(target);
  }

  /** True while `next` has more. Always false without incremental recursion. */
  get hasNext(): boolean {
    return this.pending.length > 0;
  }

  /** The sub-list of the next directory, depth-first. */
  next(): SourcedList {
    const directory = this.pending.pop()!;
    const target = new SourcedList(
      new FileList(this.nextStart, directory.dirIndex, directory.name),
      directory.entry,
    );
    for (const origin of directory.origins) this.addContents(target, origin, directory.name, false);
    return this.complete(target);
  }

  private complete(target: SourcedList): SourcedList {
    const { list } = target;
    list.sort();
    this.nextStart += list.count + 1;
    if (this.ctx.negotiated.incRecurse) this.queueDirectories(target);
    return target;
  }

  /** Numbers the directories of a list and queues their sub-lists: one for all of the same name. */
  private queueDirectories(target: SourcedList): void {
    const { list } = target;
    const found: PendingDirectory[] = [];
    for (let position = 0; position < list.count; position++) {
      const i = list.at(position);
      if (!list.isDirectory(i)) continue;
      const dirIndex = this.directoryCount++;
      const name = list.name(i);
      if (name === '.') continue;
      const origins = list.flags(i) & ENTRY.CONTENT_DIR ? [target.origin(i)] : [];
      const previous = found[found.length - 1];
      if (previous?.name === name) previous.origins.push(...origins);
      else found.push({ dirIndex, name, entry: { list, i }, origins });
    }
    for (let k = found.length - 1; k >= 0; k--) this.pending.push(found[k]!);
  }

  private statArgument(source: Source): Stat | undefined {
    const shown = source.name === '.' ? source.root.path : source.root.display(source.name);
    try {
      const stat = source.root.lstat(source.name);
      if (stat !== undefined) return stat;
      // A missing argument is an error of the run, but no reason to stop deleting (docs/protocol/2-file-list.md, 1.2).
      this.ctx.error(`rsync: [sender] link_stat "${shown}" failed: No such file or directory (2)`);
    } catch (error) {
      this.ctx.ioError |= IOERR.GENERAL;
      this.ctx.error(`rsync: [sender] link_stat "${shown}" failed: ${fromText(errnoText(error))}`);
    }
    return undefined;
  }

  /** The contents of a directory, and with `whole` those of its directories too. */
  private addContents(target: SourcedList, origin: number, directory: ByteString, whole: boolean): void {
    const { root } = this.sources[origin]!;
    const scan = scanDirectory(root, directory);
    this.reportScan(root, directory, scan);
    const prefix = directory === '.' ? '' : `${directory}/`;
    const below: ByteString[] = [];
    for (let k = 0; k < scan.names.length; k++) {
      const name = prefix + scan.names[k]!;
      const stat = scan.stats[k]!;
      const isDir = stat.isDirectory;
      if (this.hides(name, isDir, origin)) continue;
      if (name.length > 4095) {
        this.ctx.ioError |= IOERR.GENERAL;
        this.ctx.error(`rsync: [sender] filename overflows max-path len by ${name.length - 4095}: ${name}`);
        continue;
      }
      let flags = isDir ? ENTRY.CONTENT_DIR : 0;
      if (isDir && this.ctx.options.oneFileSystem > 0 && stat.dev !== this.deviceOf[origin]) {
        if (this.ctx.options.oneFileSystem > 1) continue;
        flags = 0;
      }
      this.add(target, origin, name, stat, flags);
      if (flags & ENTRY.CONTENT_DIR) below.push(name);
    }
    if (whole) for (const name of below) this.addContents(target, origin, name, true);
  }

  private reportScan(root: Root, directory: ByteString, scan: DirectoryScan): void {
    if (scan.failure !== undefined) {
      this.ctx.ioError |= IOERR.GENERAL;
      const text = fromText(scan.failure.text);
      this.ctx.error(`rsync: [sender] opendir "${root.display(directory)}" failed: ${text}`);
    }
    for (const error of scan.errors) {
      const path = root.display(directory === '.' ? error.name : `${directory}/${error.name}`);
      if (error.kind === 'vanished') {
        this.ctx.ioError |= IOERR.VANISHED;
        this.ctx.warning(`file has vanished: "${path}"`);
      } else {
        this.ctx.ioError |= IOERR.GENERAL;
        this.ctx.error(`rsync: [sender] readlink_stat("${path}") failed: ${fromText(error.text)}`);
      }
    }
  }

  private add(target: SourcedList, origin: number, name: ByteString, stat: Stat, flags: number): void {
    const { options } = this.ctx;
    const { list } = target;
    const mode = stat.mode;
    let link: ByteString | undefined;
    if (isSymlink(mode) && options.links) {
      link = this.readLink(origin, name);
      if (link === undefined) return;
    }
    const hasData = isRegular(mode) || isDirectory(mode) || isSymlink(mode);
    const i = list.add({
      name,
      mode: isSymlink(mode) ? S_IFLNK | (mode & ~S_IFMT) : mode,
      size: hasData ? stat.size : 0,
      mtime: stat.mtime,
      nsec: stat.mtimeNsec,
      uid: stat.uid,
      gid: stat.gid,
      flags,
      target: link,
    });
    target.setOrigin(i, origin);
    if (!hasData) list.setRdev(i, platform.rdevMajor(stat.rdev), platform.rdevMinor(stat.rdev));
    if (options.hardLinks && !isDirectory(mode) && stat.nlink > 1) this.joinGroup(list, i, stat);
  }

  private joinGroup(list: FileList, i: number, stat: Stat): void {
    const key = `${stat.dev}:${stat.ino}`;
    const known = this.groups.get(key);
    const group = known ?? list.ndxStart + i;
    if (known === undefined) this.groups.set(key, group);
    list.setHlink(i, group);
    list.setFlags(i, known === undefined ? ENTRY.HLINKED | ENTRY.HLINK_FIRST : ENTRY.HLINKED);
  }

  private readLink(origin: number, name: ByteString): ByteString | undefined {
    const { root } = this.sources[origin]!;
    try {
      return root.readlink(name);
    } catch (error) {
      this.ctx.ioError |= IOERR.GENERAL;
      this.ctx.error(
        `rsync: [sender] readlink_stat("${root.display(name)}") failed: ${fromText(errnoText(error))}`,
      );
      return undefined;
    }
  }
}
