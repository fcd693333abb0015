import { ENTRY } from '../core/file-list.ts';
import { omitsDirectoryTimes } from '../options/implied.ts';
import type { InfoLevels } from '../options/info-levels.ts';
import { writeDeleteStats } from '../protocol/goodbye.ts';
import { NDX_DEL_STATS, NDX_DONE } from '../protocol/ndx.ts';
import { Comparison } from './comparison.ts';
import { type Deletion, listedNames } from './deletion.ts';
import { entryDetails } from './entry-details.ts';
import { EntryGenerator } from './entry-generator.ts';
import { LocalItems } from './local-items.ts';
import type { ReceivedList, ReceivingSide } from './receiving-side.ts';
import { RequestWriter } from './request-writer.ts';

/** Entries to know before a list is begun with `-H`, so that groups have a chance to be whole. */
const LINK_LOOK_AHEAD = 500;

/**
 * The asking half of the receiving side: goes through the lists, asks for what is needed, closes lists and phases.
 * The phase program is docs/protocol/3-transfer.md, 1.3.
 */
export class Generator {
  readonly entries: EntryGenerator;
  private readonly side: ReceivingSide;
  private readonly writer: RequestWriter;
  private readonly deletion: Deletion;
  /** Lists begun and not closed, oldest first; the receiver drops a closed one when the sender has echoed its DONE. */
  private readonly unclosed: ReceivedList[] = [];
  private yielded = performance.now();

  constructor(side: ReceivingSide, deletion: Deletion, info: InfoLevels) {
    this.side = side;
    this.deletion = deletion;
    this.writer = new RequestWriter(side, info);
    const comparison = new Comparison(side.ctx, side.ids);
    const items = new LocalItems(side, info);
    this.entries = new EntryGenerator({ side, writer: this.writer, comparison, deletion, items, info });
  }

  async run(): Promise<void> {
    const { ctx } = this.side;
    if (ctx.options.verbose > 1 && !ctx.options.listOnly) this.tellMode();
    if (ctx.negotiated.incRecurse) await this.allLists();
    else await this.singleList();
    this.writer.index(NDX_DONE);
    if (this.side.links.areWaiting || ctx.options.delayUpdates) {
      // Their leader was asked for twice, or waited for the end: it is here when the sender has echoed the end of the
      // redo phase.
      await this.echoed(2);
      await this.leftovers();
    }
    this.writer.index(NDX_DONE);
    const late = this.deletion.when === 'after' || this.deletion.when === 'delay';
    if (ctx.negotiated.hasDeleteStats && !late) this.endOfDeletions();
    await this.echoed(3);
    if (late) {
      if (this.deletion.when === 'after') await this.cleanAll();
      else if (this.side.root !== undefined) await this.deletion.removeDecided(this.side.root);
      if (ctx.negotiated.hasDeleteStats) this.endOfDeletions();
    }
    // While the client of a daemon still listens.
    if (ctx.skippedDeletions > 0) {
      ctx.warning(`Deletions stopped due to --max-delete limit (${ctx.skippedDeletions} skipped)`);
    }
    ctx.onGoodbye();
    if (ctx.negotiated.hasDeleteStats) await this.echoed(4);
    if (!ctx.negotiated.incRecurse) await this.touchUpAll();
    this.writer.index(NDX_DONE);
    ctx.wire.flush();
  }

  private tellMode(): void {
    const { ctx } = this.side;
    const off = ctx.options.wholeFile === true;
    ctx.info(
      off ? 'delta-transmission disabled for local transfer or --whole-file' : 'delta-transmission enabled',
    );
  }

  /** Waits until the sender has echoed the end of phase `count`. */
  private async echoed(count: number): Promise<void> {
    this.side.ctx.wire.flush();
    while (this.side.echoes < count) await this.side.progress.wait();
  }

  private endOfDeletions(): void {
    const { ctx } = this.side;
    if ((this.deletion.when !== undefined || ctx.options.force) && !ctx.options.listOnly) {
      this.writer.index(NDX_DEL_STATS);
      writeDeleteStats(ctx.wire.writer, ctx.stats.deleted);
    }
    this.writer.index(NDX_DONE);
  }

  // ---- one list ----

  private async singleList(): Promise<void> {
    const held = this.side.fresh.shift()!;
    if (this.deletion.when === 'before') await this.cleanAll();
    await this.generate(held);
    this.writer.index(NDX_DONE);
    await this.echoed(1);
    await this.leftovers();
  }

  // ---- incremental recursion ----

  private async allLists(): Promise<void> {
    const { side } = this;
    for (;;) {
      await this.leftovers();
      this.closeLists();
      await this.room();
      const linkable = !side.ctx.options.hardLinks || side.complete || side.known >= LINK_LOOK_AHEAD;
      if (side.fresh.length > 0 && linkable) await this.generate(side.fresh.shift()!);
      else if (side.complete && side.fresh.length === 0 && this.unclosed.length === 0) break;
      else {
        side.ctx.wire.flush();
        await side.progress.wait();
      }
    }
    await this.echoed(1);
  }

  /** DONE for every list that is finished, oldest first. */
  private closeLists(): void {
    const { side } = this;
    for (;;) {
      const held = this.unclosed[0];
      if (held === undefined || held.open > 0) return;
      const isLast = this.unclosed.length === 1 && side.fresh.length === 0;
      if (isLast && !side.complete) return;
      this.unclosed.shift();
      held.closed = true;
      if (held.directory !== undefined)
        this.entries.directories.touchUp(held.directory.list, held.directory.i);
      this.writer.index(NDX_DONE);
    }
  }

  /** Second tries, and hard links whose data has come. */
  private async leftovers(): Promise<void> {
    const { side } = this;
    for (;;) {
      const again = side.redo.shift();
      if (again === undefined) break;
      await this.entries.ask(again.held, again.i, again.ndx, true);
    }
    for (const work of this.side.links.work()) {
      if ('ask' in work) {
        const { held, i, ndx } = work.ask;
        held.open--;
        await this.entries.ask(held, i, ndx, false);
      } else {
        await this.entries.link(work.link, work.leader);
        work.link.held.open--;
        await this.room();
      }
    }
  }

  // ---- a list ----

  private async generate(held: ReceivedList): Promise<void> {
    const { side } = this;
    const { list } = held;
    const { options, negotiated } = side.ctx;
    if (negotiated.incRecurse) this.unclosed.push(held);
    if (options.listOnly) return this.show(held);
    if (options.hardLinks) this.learnGroups(held);
    const early = negotiated.incRecurse && options.times && !omitsDirectoryTimes(options);
    if (negotiated.incRecurse) await this.startDirectory(held);
    for (let position = 0; position < list.count; position++) {
      const i = list.at(position);
      if (list.isDead(i)) continue;
      if (!list.isDirectory(i)) {
        const work = this.entries.entry(held, i, list.ndxStart + position);
        if (work !== undefined) await work;
      } else if (!negotiated.incRecurse) {
        await this.wholeDirectory(held, i, list.ndxStart + position);
      } else if (early && list.name(i) !== '.') {
        this.entries.directories.makeEarly(list, i);
      }
      if (side.ctx.wire.isFull) await this.room();
      if (performance.now() - this.yielded > 10) await this.breathe();
    }
  }

  /** Surplus names are looked for when their directory is reached. */
  private get cleansEarly(): boolean {
    return this.deletion.when === 'during' || this.deletion.when === 'delay';
  }

  /** With incremental recursion: the directory that the list describes. */
  private async startDirectory(held: ReceivedList): Promise<void> {
    const { directory, list } = held;
    if (directory === undefined || this.side.isLeftAlone(directory.list, directory.i)) return;
    if (!this.entries.directories.directory(held, directory.list, directory.i, list.ndxStart - 1)) return;
    if (this.cleansEarly && this.side.isContentDirectory(directory.list, directory.i)) {
      await this.clean(directory.list, directory.i, listedNames(list));
    }
  }

  /** Without incremental recursion: a directory where it stands in the list. */
  private async wholeDirectory(held: ReceivedList, i: number, ndx: number): Promise<void> {
    const { list } = held;
    if (this.side.isLeftAlone(list, i) || !this.entries.directories.directory(held, list, i, ndx)) return;
    if (this.cleansEarly && this.side.isContentDirectory(list, i)) await this.clean(list, i, this.listed());
  }

  private learnGroups(held: ReceivedList): void {
    // Groups of lists that have come but are not begun count too: the last member known asks for the data.
    for (const known of [held, ...this.side.fresh]) {
      if (this.learned.has(known)) continue;
      this.learned.add(known);
      const { list } = known;
      for (let position = 0; position < list.count; position++) {
        const i = list.at(position);
        if (list.flags(i) & ENTRY.HLINKED && !list.isDead(i))
          this.side.links.add(list.hlink(i), list.ndxStart + position);
      }
    }
  }

  private readonly learned = new WeakSet<ReceivedList>();

  /** Decisions are synchronous: let bytes come and go every few milliseconds. */
  private async breathe(): Promise<void> {
    this.side.ctx.wire.flush();
    await new Promise(setImmediate);
    this.yielded = performance.now();
  }

  /** Waits until the connection takes more: a peer that reads nothing is not talked at without end. */
  private async room(): Promise<void> {
    const { wire } = this.side.ctx;
    if (wire.isFull) await wire.drain();
  }

  private async show(held: ReceivedList): Promise<void> {
    const { ctx } = this.side;
    const incremental = ctx.negotiated.incRecurse;
    if (incremental && held.directory !== undefined) {
      ctx.emit({ type: 'listed', entry: entryDetails(held.directory.list, held.directory.i, ctx.options) });
    }
    const { list } = held;
    for (let position = 0; position < list.count; position++) {
      const i = list.at(position);
      if (list.isDead(i) || (incremental && list.isDirectory(i))) continue;
      ctx.emit({ type: 'listed', entry: entryDetails(list, i, ctx.options) });
      if (ctx.wire.isFull) await this.room();
    }
  }

  // ---- deletion ----

  private async clean(
    list: ReceivedList['list'],
    i: number,
    isListed: (name: string) => boolean,
  ): Promise<void> {
    const { root } = this.side;
    if (root === undefined || this.entries.directories.isAbsent(list.name(i))) return;
    await this.deletion.clean(root, this.side.localName(list, i), isListed);
  }

  /** Every content directory of the whole list: `--delete-before`, `--delete-after`. */
  private async cleanAll(): Promise<void> {
    const { ctx } = this.side;
    const { list } = this.side.lists[0]!;
    for (let position = 0; position < list.count; position++) {
      const i = list.at(position);
      if (!list.isDirectory(i) || !this.side.isContentDirectory(list, i)) continue;
      if (ctx.options.verbose > 1 && list.flags(i) & ENTRY.TOP_DIR) ctx.info(`deleting in ${list.name(i)}`);
      await this.clean(list, i, this.listed());
    }
  }

  private wholeListed: ((name: string) => boolean) | undefined;

  private listed(): (name: string) => boolean {
    this.wholeListed ??= listedNames(this.side.lists[0]!.list);
    return this.wholeListed;
  }

  private async touchUpAll(): Promise<void> {
    const { list } = this.side.lists[0]!;
    for (let position = 0; position < list.count; position++) {
      const i = list.at(position);
      if (!list.isDirectory(i)) continue;
      this.entries.directories.touchUp(list, i);
      if (this.side.ctx.wire.isFull) await this.room();
    }
  }
}
