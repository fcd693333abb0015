import { type ByteString, fromText, toText } from '../core/bytes.ts';
import { isRsyncError } from '../core/errors.ts';
import { applyAttributes } from '../files/attributes.ts';
import type { TempFile } from '../files/cleanup.ts';
import { copyToTemp, type Located, nameCopy, removeTemp } from '../files/copy.ts';
import { errnoCode, errnoText } from '../files/errors.ts';
import { tempFileMode } from '../files/modes.ts';
import type { Stat } from '../files/stat.ts';
import { FileSink } from '../files/writer.ts';
import { BASIS } from '../protocol/item.ts';
import type { Comparison } from './comparison.ts';
import type { RoleContext } from './context.ts';
import type { Coming } from './item-guard.ts';
import { moveNow } from './partial-files.ts';
import type { ReceivingSide, Request } from './receiving-side.ts';

/** Where the new content of a file goes. The holder closes `fd`. */
export interface Target extends Located {
  fd: number;
  sink: FileSink;
  /** Undefined: an existing name is written to. */
  temp: TempFile | undefined;
  /** That name is the file's own (`--inplace`, `--append`), not that of its partial file. */
  isFinal: boolean;
  /** The file that was there before; asked only where its mode matters (without `-p`). */
  existing: Stat | undefined;
}

/** `delayed`: it waits in the partial directory. */
export type Placement = 'done' | 'delayed' | 'failed';

/**
 * The files that a receiver writes, from their opening to their place: docs/protocol/3-transfer.md, 4.2, 4.3 and 4.6. The
 * old file or the new one is there at every moment, except with `--inplace`.
 */
export class FileTargets {
  private readonly side: ReceivingSide;
  private readonly ctx: RoleContext;
  private readonly comparison: Comparison;

  constructor(side: ReceivingSide, comparison: Comparison) {
    this.side = side;
    this.ctx = side.ctx;
    this.comparison = comparison;
  }

  /**
   * @param position  where the first byte goes: behind what is there, with `--append`
   * @returns undefined, after reporting, if it cannot be written
   */
  open(request: Request, name: ByteString, position: number): Target | undefined {
    const { options, negotiated } = this.ctx;
    const root = this.side.root!;
    let shown = name;
    try {
      const { list, i } = request;
      if (options.inplace && this.isGuarded(name, () => ({ mode: list.mode(i), size: list.size(i) })))
        return undefined;
      const existing = options.perms ? undefined : root.lstat(name);
      const basis = request.transfer?.basis;
      // Content that did not come out right is written anew from the beginning: what it comes to is not known before.
      const isRewritten = options.append > 0 && position === 0 && this.ctx.guard?.mayChange !== undefined;
      if (options.inplace && !isRewritten) return this.inplace({ root, name }, true, existing, position);
      if (basis?.type === BASIS.PARTIAL_DIR && negotiated.updatesPartialInPlace) {
        shown = basis.name;
        return this.inplace(basis, false, existing, 0);
      }
      const { temporary } = this.side.keeping;
      const mode = tempFileMode(list.mode(i));
      const temp =
        temporary === undefined ? root.createTemp(name, mode) : temporary.createTemp(name, mode, 'temp-dir');
      const sink = this.sink(temp.fd, { root, name }, { oldSize: 0 });
      return { root: temp.root, name: temp.name, fd: temp.fd, sink, temp, isFinal: false, existing };
    } catch (error) {
      const what = options.inplace || shown !== name ? 'open' : 'mkstemp';
      this.tell(`${what} "${root.display(shown)}"`, error);
      return undefined;
    }
  }

  private inplace(
    { root, name }: Located,
    isFinal: boolean,
    existing: Stat | undefined,
    position: number,
  ): Target {
    const fd = root.openInplace(name, isFinal);
    const sink = this.sink(fd, { root, name }, { position });
    return { root, name, fd, sink, temp: undefined, isFinal, existing };
  }

  /** @param at  the file that is to be, for messages */
  private sink(fd: number, at: Located, more: { oldSize?: number; position?: number }): FileSink {
    const { sparse } = this.ctx.options;
    return new FileSink(fd, { path: toText(at.root.display(at.name)), sparse, ...more });
  }

  /** The content is complete: gives it its attributes while it is open, so that nobody sees it without, and its name. */
  async place(target: Target, request: Request, name: ByteString, whenDelayed: Delayed): Promise<Placement> {
    const { list, i } = request;
    const { root, fd, existing, temp } = target;
    try {
      const current = root.fstat(fd);
      const mode = this.comparison.mode(list, i, existing?.isRegular ? existing.mode : undefined);
      const wanted = this.comparison.wanted(list, i, mode, undefined);
      for (const failure of applyAttributes(root, target.name, current, wanted, fd))
        this.ctx.error(`rsync: [receiver] ${fromText(failure.text)}`);
      if (target.isFinal) return 'done';
      const { delayed, partials } = this.side.keeping;
      if (this.ctx.options.delayUpdates) {
        const at = temp === undefined ? target : partials!.prepare(name);
        if (temp !== undefined) await this.move({ root: temp.root, name: temp.name }, at);
        delayed.push({ at: { root: at.root, name: at.name }, name, ...whenDelayed });
        return 'delayed';
      }
      const { backups } = this.side.keeping;
      // The old file is not to be touched, or would be lost.
      if (
        this.isGuarded(name, () => root.fstat(fd)) ||
        (backups !== undefined && !(await backups.keepLarge(name)))
      ) {
        if (temp !== undefined) removeTemp(temp);
        return 'failed';
      }
      const moving = this.move({ root, name: target.name }, { root: this.side.root!, name });
      if (moving !== undefined) await moving;
      if (temp === undefined) partials?.tidy(name);
      else if (request.transfer?.basis?.type === BASIS.PARTIAL_DIR) partials?.remove(name);
      return 'done';
    } catch (error) {
      this.tell(`rename "${root.display(target.name)}" -> "${name}"`, error);
      if (temp !== undefined) removeTemp(temp);
      return 'failed';
    }
  }

  /** What is there is not to be touched: it may have come, or changed, since the generator asked. */
  private isGuarded(name: ByteString, coming: () => Coming | undefined): boolean {
    if (this.ctx.guard?.mayChange === undefined) return false;
    return this.ctx.isGuarded(name, this.side.root!.lstat(name), coming);
  }

  /** `--delay-updates`: the files that wait get their places, in the order in which they came. */
  async placeDelayed(): Promise<void> {
    const { delayed, backups, partials } = this.side.keeping;
    const root = this.side.root!;
    for (const { at, name, arrived, failed } of delayed.splice(0)) {
      try {
        if (this.isGuarded(name, () => at.root.lstat(at.name))) {
          at.root.unlink(at.name);
          partials?.tidy(name);
          failed();
          continue;
        }
        if (backups !== undefined && !(await backups.keepLarge(name))) {
          failed();
          continue;
        }
        await this.move(at, { root, name });
        partials?.tidy(name);
        arrived();
      } catch (error) {
        this.tell(`rename "${at.root.display(at.name)}" -> "${name}"`, error);
        failed();
      }
    }
  }

  /** As `moveNow`, but a large copy (the promise) does not hold up the connection. */
  private move(from: Located, to: Located): undefined | Promise<void> {
    try {
      from.root.rename(from.name, to.name, to.root);
      return undefined;
    } catch (error) {
      if (errnoCode(error) !== 'EXDEV') throw error;
      return this.moveAcross(from, to);
    }
  }

  private async moveAcross(from: Located, to: Located): Promise<void> {
    const { sparse, fsync } = this.ctx.options;
    nameCopy(await copyToTemp(from, to, { sparse, fsync }), to.name);
    from.root.unlink(from.name);
  }

  /** What an interrupted or failed transfer leaves behind: `--partial`, `--partial-dir`. Synchronous, for signals. */
  keep(temp: TempFile, name: ByteString, interrupted: boolean): void {
    const { partials } = this.side.keeping;
    try {
      if (partials !== undefined) {
        partials.keep(temp, name);
        return;
      }
      if (this.isGuarded(name, () => temp.root.fstat(temp.fd))) {
        removeTemp(temp);
        return;
      }
      // 1970 as its time, so that no comparison takes it for new.
      if (interrupted && this.ctx.options.times) temp.root.utimes(temp.name, 0, 0);
      moveNow(temp, { root: this.side.root!, name });
    } catch {
      removeTemp(temp);
    }
  }

  private tell(what: ByteString, error: unknown): void {
    const text = isRsyncError(error) ? error.message : errnoText(error);
    this.ctx.error(`rsync: [receiver] ${what} failed: ${fromText(text)}`);
  }
}

/** What is to be done when a file that waits has got its place, or cannot. */
export interface Delayed {
  arrived: () => void;
  failed: () => void;
}
