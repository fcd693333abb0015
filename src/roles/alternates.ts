import type { ByteString } from '../core/bytes.ts';
import type { Root } from '../files/root.ts';
import type { Stat } from '../files/stat.ts';
import { alternateDirectories } from '../options/implied.ts';
import type { RoleContext } from './context.ts';
import type { ModulePolicy } from './policy.ts';

/** How much an item of an alternate directory has in common with an entry. */
export const LEVEL = {
  /** A regular file of that name, or another item of that kind. */
  KIND: 1,
  /** The content, or what stands for it, is the same. */
  CONTENT: 2,
  /** So are all attributes that are preserved. */
  ALL: 3,
} as const;

/** What an alternate directory has under the name of an entry. */
export interface AlternateItem {
  root: Root;
  /** Number of the directory: its basis type. */
  index: number;
  stat: Stat;
}

export interface AlternateMatch extends AlternateItem {
  /** One of LEVEL. */
  level: number;
}

/** Keeps the best of several items: the first of the highest level. */
class Best {
  match: AlternateMatch | undefined;

  /** @returns true if nothing can be better */
  consider(item: AlternateItem, sameContent: boolean, sameAttributes: () => boolean): boolean {
    const level = !sameContent ? LEVEL.KIND : sameAttributes() ? LEVEL.ALL : LEVEL.CONTENT;
    if (this.match === undefined || level > this.match.level) this.match = { ...item, level };
    return level === LEVEL.ALL;
  }
}

/** `--compare-dest`, `--copy-dest`, `--link-dest`: docs/protocol/3-transfer.md, 3.3. Looks only; acting is for others. */
export class Alternates {
  /** What is done with an item that is just as it should be. */
  readonly kind: 'compare' | 'copy' | 'link';
  /** In a dry run: what names would have been linked to. */
  readonly taken = new Map<ByteString, Stat>();
  /** Undefined: missing. */
  readonly roots: readonly (Root | undefined)[];

  private readonly policy: ModulePolicy | undefined;

  private constructor(
    kind: Alternates['kind'],
    roots: (Root | undefined)[],
    policy: ModulePolicy | undefined,
  ) {
    this.policy = policy;
    this.kind = kind;
    this.roots = roots;
  }

  /**
   * Opens the directories; one that cannot be used is told of and is as good as empty.
   * @param find  the path of a directory, as Places takes it
   */
  static open(ctx: RoleContext, find: (directory: ByteString) => ByteString): Alternates | undefined {
    const asked = alternateDirectories(ctx.options);
    if (asked === undefined) return undefined;
    const roots = asked.directories.map((directory) => {
      const path = find(directory);
      const option = `--${asked.kind}-dest`;
      try {
        const stat = ctx.places.stat(path);
        if (stat?.isDirectory) return ctx.places.open(path);
        const fault = stat === undefined ? 'does not exist' : 'is not a dir';
        ctx.warning(`${option} arg ${fault}: ${directory}`);
      } catch {
        ctx.warning(`${option} arg does not exist: ${directory}`);
      }
      return undefined;
    });
    return new Alternates(asked.kind, roots, ctx.policy);
  }

  close(): void {
    for (const root of this.roots) root?.close();
  }

  /** What the directories have under a name, in their order. */
  *items(name: ByteString): Generator<AlternateItem> {
    for (const [index, root] of this.roots.entries()) {
      const stat = root === undefined ? undefined : lookAt(root, name);
      if (stat !== undefined && this.policy?.hides(root!.display(name), stat.isDirectory) === true) continue;
      if (stat !== undefined) yield { root: root!, index, stat };
    }
  }

  /** The best match of an entry that is no regular file, or of a regular file whose content is told by its looks. */
  find(
    name: ByteString,
    isKind: (stat: Stat) => boolean,
    sameContent: (item: AlternateItem) => boolean,
    sameAttributes: (stat: Stat) => boolean,
  ): AlternateMatch | undefined {
    const best = new Best();
    for (const item of this.items(name)) {
      if (!isKind(item.stat)) continue;
      if (best.consider(item, sameContent(item), () => sameAttributes(item.stat))) break;
    }
    return best.match;
  }

  /** As `find`, for a regular file whose content has to be read (`-c`). */
  async findByContent(
    name: ByteString,
    sameContent: (item: AlternateItem) => Promise<boolean>,
    sameAttributes: (stat: Stat) => boolean,
  ): Promise<AlternateMatch | undefined> {
    const best = new Best();
    for (const item of this.items(name)) {
      if (!item.stat.isRegular) continue;
      if (best.consider(item, await sameContent(item), () => sameAttributes(item.stat))) break;
    }
    return best.match;
  }

  /** Something in an alternate directory that a member of a hard-link group can be compared with. */
  memberOf(
    name: ByteString,
    leader: Stat | undefined,
    isUnchanged: (stat: Stat) => boolean,
  ): Stat | undefined {
    for (const { stat } of this.items(name)) {
      if (this.kind !== 'link') {
        if (isUnchanged(stat)) return stat;
      } else if (leader !== undefined && stat.sameItem(leader)) return stat;
    }
    return undefined;
  }
}

/** A directory that a symlink stands for, or that cannot be read, has nothing to offer. */
function lookAt(root: Root, name: ByteString): Stat | undefined {
  try {
    return root.lstat(name);
  } catch {
    return undefined;
  }
}
