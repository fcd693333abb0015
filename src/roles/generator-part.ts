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
}
