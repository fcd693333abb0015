import { type ByteString, fromText } from '../core/bytes.ts';
import { usageError } from '../core/errors.ts';
import { errnoText } from '../files/errors.ts';
import type { SourcePlace } from '../files/places.ts';
import { platform } from '../files/platform/index.ts';
import { keepsPaths } from '../options/files-from.ts';
import { IOERR, type RoleContext } from '../roles/context.ts';
import { isDotDir, Origin, type SourceArgument, type Sources } from '../roles/source.ts';
import { cleanListName } from './name-list.ts';

/** A source argument taken apart: the directory that names are relative to, and what of it is sent. */
export interface SplitSource extends Omit<SourceArgument, 'origin'> {
  directory: ByteString;
}

/**
 * docs/protocol/2-file-list.md, 1.2, non-relative mode. `dir/`, `dir/.`, `.` and `..` send the contents.
 */
export function splitSource(path: ByteString): SplitSource {
  const whole = (directory: ByteString): SplitSource => ({
    directory,
    name: '.',
    isContent: true,
    hasDot: false,
  });
  if (path === '' || path === '.' || path === '..') return whole(path || '.');
  if (path.endsWith('/')) return whole(path);
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  if (name === '.' || name === '..') return whole(path);
  const directory = slash < 0 ? '.' : slash === 0 ? '/' : path.slice(0, slash);
  return { directory, name, isContent: false, hasDot: false };
}

const DRIVE_OR_SHARE = /^(?:[a-z]:(?=\/)|\/\/[^/]+\/[^/]+)/i;

/**
 * docs/protocol/2-file-list.md, 1.2, relative mode: the whole path is sent, or what follows the first `/./`. On Windows
 * without drive or share.
 * @throws RsyncError RSYNC_USAGE, exit 1: `..` in what would be sent
 */
export function splitRelative(path: ByteString, windows: boolean = platform.isWindows): SplitSource {
  const marker = path.indexOf('/./');
  const volume = windows && marker < 0 ? (DRIVE_OR_SHARE.exec(path)?.[0] ?? '') : '';
  const rest = marker < 0 ? path.slice(volume.length) : path.slice(marker + 3);
  const components = rest.split('/');
  if (components.includes('..'))
    throw usageError(
      `found ".." dir in relative path: ${path}`,
      'With --relative write "/./" where the path to be kept begins.',
    );
  const isAbsolute = marker < 0 && rest.startsWith('/');
  const kept = components.filter((component) => component !== '' && component !== '.');
  const name = (isAbsolute ? '/' : '') + (kept.length === 0 ? '.' : kept.join('/'));
  const directory = marker >= 0 ? path.slice(0, marker) || '/' : isAbsolute ? `${volume}/` : '.';
  return {
    directory,
    name,
    isContent: /(^|\/)\.?$/.test(rest),
    hasDot: rest.startsWith('./') && !isDotDir(name),
  };
}

/** Without empty and `.` components: '', or with a slash at its end. */
function givenDirectory(directory: ByteString): ByteString {
  const kept = directory.split('/').filter((name) => name !== '' && name !== '.');
  const slash = directory.startsWith('/') ? '/' : '';
  return kept.length === 0 ? slash : `${slash}${kept.join('/')}/`;
}

/** Sources whose roots are to be closed. */
export interface OpenSources extends Sources {
  close(): void;
}

/** Opens what the source arguments name; one that cannot be opened is reported and left out. */
class Opener {
  readonly origins: Origin[] = [];
  readonly args: SourceArgument[] = [];
  private readonly ctx: RoleContext;
  private readonly places: SourcePlace[] = [];
  /** By directory; undefined: it cannot be opened. */
  private readonly known = new Map<ByteString, number | undefined>();
  private readonly followsFiles: boolean;
  /** Symlinks matter: in the paths of `-R`, or in the trees. */
  private readonly follows: boolean;

  constructor(ctx: RoleContext) {
    const { filesFrom, copyLinks, copyUnsafeLinks, copyDirlinks } = ctx.options;
    this.ctx = ctx;
    this.followsFiles = copyLinks || copyUnsafeLinks;
    this.follows = keepsPaths(ctx.options) || filesFrom !== undefined || this.followsFiles || copyDirlinks;
  }

  addPath(path: ByteString): void {
    const split = this.split(path);
    this.add(split, () => {
      const { places } = this.ctx;
      const place = this.follows
        ? places.openSource(split.directory)
        : { root: places.open(split.directory), prefix: '' };
      this.places.push(place);
      const given = keepsPaths(this.ctx.options) ? givenDirectory(split.directory) : undefined;
      return new Origin(place.root, place.prefix, this.followsFiles, given);
    });
  }

  /**
   * The names of --files-from, all below one directory.
   * @throws RsyncError RSYNC_FILE_SELECT, exit 3, if there is no such directory
   */
  addNames(base: ByteString, names: readonly ByteString[]): void {
    const place = this.ctx.places.openSource(base);
    this.places.push(place);
    for (const name of names) {
      const split = this.split(cleanListName(name));
      this.add(split, () => {
        const given = givenDirectory(split.directory);
        const prefix = place.prefix + given;
        // Fails now if it is not there, or no directory.
        if (given !== '') place.root.statterOf(prefix.slice(0, -1));
        return new Origin(place.root, prefix, this.followsFiles, given);
      });
    }
  }

  private split(path: ByteString): SplitSource {
    return keepsPaths(this.ctx.options) ? splitRelative(path) : splitSource(path);
  }

  private add(split: SplitSource, open: () => Origin): void {
    const { directory, ...arg } = split;
    if (!this.known.has(directory)) this.known.set(directory, this.opened(directory, open));
    const origin = this.known.get(directory);
    if (origin !== undefined) this.args.push({ ...arg, origin });
  }

  private opened(directory: ByteString, open: () => Origin): number | undefined {
    try {
      return this.origins.push(open()) - 1;
    } catch (error) {
      this.ctx.ioError |= IOERR.GENERAL;
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      this.ctx.error(
        `rsync: [sender] change_dir "${this.ctx.places.display(directory)}" failed: ${fromText(errnoText(cause))}`,
      );
      return undefined;
    }
  }

  close(): void {
    for (const { root } of this.places) root.close();
  }
}

/**
 * Opens the sources of a sender. What cannot be opened is reported and left out.
 * @param names  of --files-from; then there is one path, which they are relative to
 * @throws RsyncError exit 1 for a path that `-R` cannot keep, exit 3 if the directory of --files-from is missing
 */
export function openSources(
  ctx: RoleContext,
  paths: readonly ByteString[],
  names: readonly ByteString[] | undefined,
): OpenSources {
  const opener = new Opener(ctx);
  try {
    if (names === undefined) for (const path of paths) opener.addPath(path);
    else opener.addNames(paths[0] ?? '.', names);
  } catch (error) {
    opener.close();
    throw error;
  }
  return opener;
}
