import type { ByteString } from '../core/bytes.ts';
import type { FileList } from '../core/file-list.ts';
import type { InfoLevels } from '../options/info-levels.ts';
import type { Comparison } from './comparison.ts';
import type { RoleContext } from './context.ts';
import type { Deletion } from './deletion.ts';
import type { LocalItems } from './local-items.ts';
import type { ReceivingSide } from './receiving-side.ts';
import type { RequestWriter } from './request-writer.ts';

/** What the parts of the generator work with. */
export interface Workbench {
  side: ReceivingSide;
  writer: RequestWriter;
  comparison: Comparison;
  deletion: Deletion;
  items: LocalItems;
  info: InfoLevels;
}

/** A part of the generator: one kind of entry, or the choice between them. */
export abstract class GeneratorPart {
  protected readonly side: ReceivingSide;
  protected readonly ctx: RoleContext;
  protected readonly writer: RequestWriter;
  protected readonly comparison: Comparison;
  protected readonly deletion: Deletion;
  protected readonly items: LocalItems;
  protected readonly info: InfoLevels;

  constructor(bench: Workbench) {
    this.side = bench.side;
    this.ctx = bench.side.ctx;
    this.writer = bench.writer;
    this.comparison = bench.comparison;
    this.deletion = bench.deletion;
    this.items = bench.items;
    this.info = bench.info;
  }

  /** The hard-link group of an entry; negative: it has none that matters. */
  protected groupOf(list: FileList, i: number): number {
    return this.ctx.options.hardLinks ? list.hlink(i) : -1;
  }

  /** Nothing is done about this entry; nobody may wait for it. */
  protected leave(list: FileList, i: number, ndx: number): undefined {
    const group = this.groupOf(list, i);
    if (group >= 0) this.side.links.skipped(group, ndx);
    return undefined;
  }

  /** The item is in place: the rest of its hard-link group can be linked to it. */
  protected arrived(list: FileList, i: number, name: ByteString): void {
    const group = this.groupOf(list, i);
    if (group >= 0) this.side.links.arrived(group, name);
  }
}
