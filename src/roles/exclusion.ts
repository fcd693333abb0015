import type { ByteString } from '../core/bytes.ts';
import type { Filter, FilterScope, Position, Side } from '../filter/filter-list.ts';
import type { MatchRule } from '../filter/rule.ts';
import type { RoleContext } from './context.ts';

const WORDS = {
  sender: { role: 'sender', excluded: 'hiding', included: 'showing' },
  receiver: { role: 'generator', excluded: 'protecting', included: 'risking' },
} as const;

/** Asks the filter of one side, and with `-vv` tells which rule decided. */
export class Exclusion {
  private readonly ctx: RoleContext;
  private readonly filter: Filter;
  private readonly words: (typeof WORDS)[Side];
  private readonly prefix: ByteString | undefined;

  /** @param rootPath  where the names are, if the filters of a module are to be asked as well */
  constructor(ctx: RoleContext, filter: Filter, side: Side, rootPath?: ByteString) {
    this.ctx = ctx;
    this.filter = filter;
    this.words = WORDS[side];
    this.prefix = rootPath === undefined || rootPath.endsWith('/') ? rootPath : `${rootPath}/`;
  }

  /** To be called before what is in a directory is judged. Throws what is wrong with the rules in its files. */
  enter(directory: ByteString): void {
    this.filter.enter(directory);
  }

  /** Out of all directories, for names that were asked for and not found in one. */
  leave(): void {
    this.filter.leave();
  }

  get position(): Position {
    return this.filter.position;
  }

  resume(position: Position): void {
    this.filter.resume(position);
  }

  isExcluded(name: ByteString, isDirectory: boolean, scope?: FilterScope): boolean {
    const { prefix } = this;
    if (prefix !== undefined && this.ctx.policy?.hides(prefix + name, isDirectory) === true) return true;
    const rule = this.filter.decide(name, isDirectory, scope);
    if (rule === undefined) return false;
    if (this.ctx.options.verbose > 1) {
      const { role, included, excluded } = this.words;
      const kind = isDirectory ? 'directory' : 'file';
      this.ctx.info(
        `[${role}] ${rule.include ? included : excluded} ${kind} ${name} because of pattern ${shownPattern(rule)}`,
      );
    }
    return !rule.include;
  }
}

/** Text out of a file in the tree is not repeated: the one who reads it may be at the other end. */
function shownPattern({ pattern, dirOnly, readFrom }: MatchRule): ByteString {
  if (readFrom?.kind === 'per-directory') return `<rule from a file read earlier> [per-dir ${readFrom.file}]`;
  const shown = dirOnly ? `${pattern}/` : pattern;
  return readFrom === undefined ? shown : `${shown} [global CVS]`;
}
