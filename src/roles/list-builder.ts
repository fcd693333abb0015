import { type ByteString, fromText } from '../core/bytes.ts';
import { isRsyncError } from '../core/errors.ts';
import { ENTRY, FileList } from '../core/file-list.ts';
import { errnoText } from '../files/errors.ts';
import { type DirectoryScan, scanDirectory } from '../files/scan.ts';
import { Stat } from '../files/stat.ts';
import { keepsPaths, transfersDirs } from '../options/files-from.ts';
import { IOERR, type RoleContext } from './context.ts';
import { EntryAdder } from './entry-adder.ts';
import { LinkFollower } from './link-follower.ts';
import { isDotDir, type Origin, type SourceArgument, type Sources } from './source.ts';
import { SourcedList, type SourcedRef } from './sourced-list.ts';

/** The filter rules of the sender. */
export interface Hides {
  /** A directory is going to be read: the rules in its files come into force. */
  enter(directory: ByteString, origin: number): void;
  /** Answers whether a name in the directory that was entered is hidden. */
  found(name: ByteString, isDirectory: boolean, origin: number): boolean;
  /** Answers for a name that was asked for: files in directories have no say. */
  asked(name: ByteString, isDirectory: boolean, origin: number): boolean;
}

/** A directory whose sub-list has not been sent: under one name, contents of one or more origins. */
interface PendingDirectory {
  dirIndex: number;
  name: ByteString;
  entry: SourcedRef;
  origins: number[];
  /** Arguments of `-R` somewhere below it. */
  args: readonly SourceArgument[];
}

/**
 * Builds the file list of a sender: the whole of it, or list by list with incremental recursion
 * (docs/protocol/2-file-list.md, 1 and 5). Errors of single names are reported through the context and become
 * I/O error flags, so that the other side deletes nothing for them.
 */
export class ListBuilder {
  private readonly ctx: RoleContext;
  private readonly origins: readonly Origin[];
  private readonly args: readonly SourceArgument[];
  private readonly hides: Hides;
  private readonly adder: EntryAdder;
  private readonly links: LinkFollower;
  private readonly transfersDirs: boolean;
  /** Directories numbered so far, docs/protocol/2-file-list.md, 4.5. */
  private directoryCount = 0;
  /** Depth-first: the next directory is at the end. */
  private readonly pending: PendingDirectory[] = [];
  /** `-R`: directories that are in the list because something below them is. */
  private readonly implied = new Set<ByteString>();
  /** `-R` with incremental recursion: what the sub-list of a directory has to hold because it was asked for. */
  private readonly asked = new Map<ByteString, SourceArgument[]>();
  private hasDot = false;
  private nextStart: number;

  constructor(ctx: RoleContext, { origins, args }: Sources, hides: Hides) {
    this.ctx = ctx;
    this.origins = origins;
    this.args = args;
    this.hides = hides;
    this.adder = new EntryAdder(ctx, origins);
    this.links = new LinkFollower(ctx);
    this.transfersDirs = transfersDirs(ctx.options);
    this.nextStart = ctx.negotiated.incRecurse ? 1 : 0;
  }

  /** The first list: everything without incremental recursion, else the arguments and the contents of dot-dirs. */
  async first(): Promise<SourcedList> {
    const target = new SourcedList(new FileList(this.nextStart));
    for (const arg of this.args) {
      await this.argument(target, arg);
      await this.room();
    }
    return this.complete(target);
  }

  /** True while `next` has more. Always false without incremental recursion. */
  get hasNext(): boolean {
    return this.pending.length > 0;
  }

  /** The sub-list of the next directory, depth-first. */
  async next(): Promise<SourcedList> {
    const directory = this.pending.pop()!;
    const { name } = directory;
    const target = new SourcedList(new FileList(this.nextStart, directory.dirIndex, name), directory.entry);
    for (const origin of directory.origins) {
      await this.addContents(target, origin, name, false, this.deviceOf(origin, name));
    }
    for (const arg of directory.args) {
      this.hides.enter(name, arg.origin);
      await this.place(target, arg, name.length + 1);
    }
    return this.complete(target);
  }

  /** Waits until the connection takes more: much can be said of what is not in the list. */
  private async room(): Promise<void> {
    const { wire } = this.ctx;
    if (wire.isFull) await wire.drain();
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
      if (isDotDir(name)) continue;
      const origin = target.origin(i);
      const origins = list.flags(i) & ENTRY.CONTENT_DIR ? [origin] : [];
      const previous = found[found.length - 1];
      if (previous?.name === name) {
        previous.origins.push(...origins);
        continue;
      }
      found.push({ dirIndex, name, entry: { list, i, origin }, origins, args: this.asked.get(name) ?? [] });
      this.asked.delete(name);
    }
    for (let k = found.length - 1; k >= 0; k--) this.pending.push(found[k]!);
  }

  // ---- arguments ----

  private async argument(target: SourcedList, arg: SourceArgument): Promise<void> {
    const { name, origin } = arg;
    if (arg.hasDot) this.addDot(target, origin);
    const stat = this.statArgument(arg);
    if (stat === undefined) return;
    const isDir = stat !== 'missing' && stat.isDirectory;
    if (!isDotDir(name) && this.hides.asked(name, isDir, origin)) return;
    if (isDir && !this.transfersDirs) {
      this.ctx.info(`skipping directory ${name}`);
      return;
    }
    await this.place(target, arg, name.startsWith('/') ? 1 : 0, stat);
  }

  /** `-R ./name`: the entry `.` once a session, as a directory above the name. */
  private addDot(target: SourcedList, origin: number): void {
    if (this.hasDot) return;
    this.hasDot = true;
    if (this.transfersDirs) this.addImplied(target, origin, '.');
    else this.ctx.info('skipping directory .');
  }

  /**
   * Puts an argument into a list, with the directories above it (docs/protocol/2-file-list.md, 1.3); with incremental
   * recursion only the next one of them, in whose sub-list it goes on.
   * @param from  where in its name the components begin that the list does not stand for
   * @param stat  what is there, if that is known already
   */
  private async place(
    target: SourcedList,
    arg: SourceArgument,
    from: number,
    stat?: Stat | 'missing',
  ): Promise<void> {
    const { name, origin } = arg;
    const incremental = this.ctx.negotiated.incRecurse;
    for (let slash = name.indexOf('/', from); slash > 0; slash = name.indexOf('/', slash + 1)) {
      const isThere = this.ensureImplied(target, origin, name.slice(0, slash));
      // What is to be deleted may be below something that is gone as well: a whole list can tell of it.
      if (!isThere && (incremental || stat !== 'missing')) return;
      if (!incremental) continue;
      this.ask(name.slice(0, slash), arg);
      return;
    }
    const found = stat ?? this.statArgument(arg);
    // As rsync: in a sub-list the files of the directories above have a say.
    if (found instanceof Stat && from > 1 && this.hides.found(name, found.isDirectory, origin)) return;
    if (found === 'missing') this.adder.addMissing(target, origin, name);
    else if (found !== undefined) await this.addArgument(target, arg, found);
  }

  private async addArgument(target: SourcedList, arg: SourceArgument, stat: Stat): Promise<void> {
    const { name, origin, isContent } = arg;
    const { recursive } = this.ctx.options;
    const hasContent = stat.isDirectory && (recursive || isContent);
    // At protocol 29 TOP_DIR alone makes the other side take the content for complete.
    this.adder.add(target, origin, name, stat, hasContent ? ENTRY.TOP_DIR | ENTRY.CONTENT_DIR : 0);
    if (!hasContent) return;
    if (keepsPaths(this.ctx.options)) this.implied.add(name);
    const whole = recursive && !this.ctx.negotiated.incRecurse;
    if (whole || !recursive || isDotDir(name)) await this.addContents(target, origin, name, whole, stat.dev);
  }

  /** Undefined, after a report if there is something to report: nothing goes into the list. */
  private statArgument(arg: SourceArgument): Stat | 'missing' | undefined {
    const { ignoreMissingArgs, deleteMissingArgs } = this.ctx.options;
    const origin = this.origins[arg.origin]!;
    const shown = origin.display(arg.name);
    try {
      const stat = origin.root.lstat(origin.at(arg.name));
      const isShown = stat !== undefined && !this.isHidden(origin, arg.name, stat);
      if (isShown && stat.isSymlink && origin.root.follow !== 'never')
        return this.links.resolve(origin, arg.name, stat, arg.isContent);
      if (isShown) return stat;
      if (deleteMissingArgs) return 'missing';
      // A missing argument is an error of the run, but no reason to stop deleting (docs/protocol/2-file-list.md, 1.2).
      if (!ignoreMissingArgs)
        this.ctx.error(`rsync: [sender] link_stat "${shown}" failed: No such file or directory (2)`);
    } catch (error) {
      this.ctx.ioError |= IOERR.GENERAL;
      const text = isRsyncError(error) ? error.message : errnoText(error);
      this.ctx.error(`rsync: [sender] link_stat "${shown}" failed: ${fromText(text)}`);
    }
    return undefined;
  }

  /** A daemon does not show it, not even by name. */
  private isHidden(origin: Origin, name: ByteString, stat: Stat): boolean {
    const isHidden = this.ctx.policy?.hides(origin.display(name), stat.isDirectory) === true;
    return isHidden || this.isUnreadable(origin, name, stat);
  }

  private isUnreadable(origin: Origin, name: ByteString, stat: Stat): boolean {
    if (this.ctx.policy?.skipsNonreadable !== true || stat.isSymlink) return false;
    return !origin.root.isReadable(origin.at(name));
  }

  // ---- implied directories ----

  /** False, after a report: the directory is not there any more, so that nothing below it can be sent. */
  private ensureImplied(target: SourcedList, origin: number, name: ByteString): boolean {
    return this.implied.has(name) || this.addImplied(target, origin, name);
  }

  /** A directory that is sent because of what is below it: not filtered, and followed if it is a symlink. */
  private addImplied(target: SourcedList, origin: number, name: ByteString): boolean {
    const { negotiated, options } = this.ctx;
    this.implied.add(name);
    // Protocol 29 has no way to mark them.
    if (negotiated.protocol < 30 && !options.impliedDirs) return true;
    const place = this.origins[origin]!;
    try {
      const stat = place.root.stat(place.at(name));
      if (stat !== undefined) {
        this.adder.add(target, origin, name, stat, ENTRY.IMPLIED_DIR);
        return true;
      }
      this.ctx.ioError |= IOERR.VANISHED;
      this.ctx.warning(`file has vanished: "${place.display(name)}"`);
    } catch (error) {
      this.ctx.ioError |= IOERR.GENERAL;
      const text = isRsyncError(error) ? error.message : errnoText(error);
      this.ctx.error(`rsync: [sender] link_stat "${place.display(name)}" failed: ${fromText(text)}`);
    }
    this.implied.delete(name);
    return false;
  }

  private ask(directory: ByteString, arg: SourceArgument): void {
    const waiting = this.asked.get(directory);
    if (waiting === undefined) this.asked.set(directory, [arg]);
    else waiting.push(arg);
  }

  // ---- contents ----

  /** The device that `-x` stays on in a directory. */
  private deviceOf(origin: number, directory: ByteString): bigint | undefined {
    if (this.ctx.options.oneFileSystem === 0) return undefined;
    const place = this.origins[origin]!;
    try {
      return place.root.lstat(place.at(directory))?.dev;
    } catch {
      // The scan will say what is wrong.
      return undefined;
    }
  }

  /** The contents of a directory, and with `whole` those of its directories too. */
  private async addContents(
    target: SourcedList,
    origin: number,
    directory: ByteString,
    whole: boolean,
    device: bigint | undefined,
  ): Promise<void> {
    const { oneFileSystem, recursive } = this.ctx.options;
    const place = this.origins[origin]!;
    this.hides.enter(directory, origin);
    const scan = scanDirectory(place.root, place.at(directory));
    await this.reportScan(place, directory, scan);
    const prefix = isDotDir(directory) ? directory.slice(0, -1) : `${directory}/`;
    const below: ByteString[] = [];
    for (let k = 0; k < scan.names.length; k++) {
      if (this.ctx.wire.isFull) await this.room();
      const name = prefix + scan.names[k]!;
      let stat = scan.stats[k]!;
      if (this.links.isActive && stat.isSymlink) {
        const resolved = this.links.resolve(place, name, stat);
        if (resolved === undefined) continue;
        stat = resolved;
      }
      const isDir = stat.isDirectory;
      if (this.hides.found(name, isDir, origin) || this.isUnreadable(place, name, stat)) continue;
      if (name.length > 4095) {
        this.ctx.ioError |= IOERR.GENERAL;
        this.ctx.error(`rsync: [sender] filename overflows max-path len by ${name.length - 4095}: ${name}`);
        continue;
      }
      let flags = isDir && recursive ? ENTRY.CONTENT_DIR : 0;
      if (isDir && oneFileSystem > 0 && stat.dev !== device) {
        if (oneFileSystem > 1) continue;
        flags = 0;
      }
      this.adder.add(target, origin, name, stat, flags);
      if (flags & ENTRY.CONTENT_DIR) below.push(name);
    }
    if (whole) for (const name of below) await this.addContents(target, origin, name, true, device);
  }

  private async reportScan(place: Origin, directory: ByteString, scan: DirectoryScan): Promise<void> {
    if (scan.failure !== undefined) {
      this.ctx.ioError |= IOERR.GENERAL;
      const text = fromText(scan.failure.text);
      this.ctx.error(`rsync: [sender] opendir "${place.display(directory)}" failed: ${text}`);
    }
    for (const error of scan.errors) {
      await this.room();
      const path = place.display(isDotDir(directory) ? error.name : `${directory}/${error.name}`);
      if (error.kind === 'vanished') {
        this.ctx.ioError |= IOERR.VANISHED;
        this.ctx.warning(`file has vanished: "${path}"`);
      } else {
        this.ctx.ioError |= IOERR.GENERAL;
        this.ctx.error(`rsync: [sender] readlink_stat("${path}") failed: ${fromText(error.text)}`);
      }
    }
  }
}
