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
  private readonly prefix: ByteString | undefined;

  /** @param rootPath  where the names are, if the filters of a module are to be asked as well */
  constructor(ctx: RoleContext, filter: FilterSet, side: Side, rootPath?: ByteString) {
    this.ctx = ctx;
    this.filter = filter;
    this.words = WORDS[side];
    this.prefix = rootPath === undefined || rootPath.endsWith('/') ? rootPath : `${rootPath}/`;
  }

  isExcluded(name: ByteString, isDirectory: boolean, scope?: FilterScope): boolean {
    const { prefix } = this;
    if (prefix !== undefined && this.ctx.policy?.hides(prefix + name, isDirectory) === true) return true;
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
