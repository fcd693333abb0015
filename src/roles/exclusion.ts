import type { ByteString } from '../core/bytes.ts';
import type { FilterScope, FilterSet, Side } from '../filter/filter-list.ts';
import type { RoleContext } from './context.ts';

const WORDS = {
  sender: { role: 'sender', excluded: 'hiding', included: 'showing' },
  receiver: { role: 'generator', excluded: 'protecting', included: 'risking' },
} as const;

/** Asks the filter of one side, and with `-vv` tells which rule decided. */
export class Exclusion {
  private readonly ctx: RoleContext;
  private readonly filter: FilterSet;
  private readonly words: (typeof WORDS)[Side];

  constructor(ctx: RoleContext, filter: FilterSet, side: Side) {
    this.ctx = ctx;
    this.filter = filter;
    this.words = WORDS[side];
  }

  isExcluded(name: ByteString, isDirectory: boolean, scope?: FilterScope): boolean {
    const rule = this.filter.decide(name, isDirectory, scope);
    if (rule === undefined) return false;
    if (this.ctx.options.verbose > 1) {
      const { role, included, excluded } = this.words;
      const kind = isDirectory ? 'directory' : 'file';
      const pattern = rule.dirOnly ? `${rule.pattern}/` : rule.pattern;
      this.ctx.info(
        `[${role}] ${rule.include ? included : excluded} ${kind} ${name} because of pattern ${pattern}`,
      );
    }
    return !rule.include;
  }
}
