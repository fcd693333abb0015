import type { ByteString } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import type { Located } from '../files/copy.ts';
import { optionPath } from '../files/option-paths.ts';
import type { Root } from '../files/root.ts';
import { partialDirectory } from '../options/implied.ts';
import { Alternates } from './alternates.ts';
import { Backups } from './backups.ts';
import type { RoleContext } from './context.ts';
import { Namesakes } from './namesakes.ts';
import { PartialFiles } from './partial-files.ts';

/** A finished file that waits for the end of the transfer (`--delay-updates`). */
export interface DelayedFile {
  at: Located;
  name: ByteString;
  /** What is to be done once it is in its place. */
  arrived: () => void;
  failed: () => void;
}

/**
 * The places beside the destination that options name: where old files are kept, where new ones are made, and what may
 * stand in for them. Undefined: not asked for, or (in a dry run) there is no destination yet.
 */
export interface Keeping {
  alternates: Alternates | undefined;
  backups: Backups | undefined;
  partials: PartialFiles | undefined;
  namesakes: Namesakes | undefined;
  /** `--temp-dir`. */
  temporary: Root | undefined;
  /** In the order in which they were finished. */
  delayed: DelayedFile[];
  close(): void;
}

export const NOTHING_KEPT: Keeping = {
  alternates: undefined,
  backups: undefined,
  partials: undefined,
  namesakes: undefined,
  temporary: undefined,
  delayed: [],
  close: () => {},
};

/**
 * @param root         of the destination, if it exists
 * @param destination  its path, as Places takes it
 * @throws RsyncError exit 1 for a directory that has to be there and is not
 */
export function openKeeping(ctx: RoleContext, root: Root | undefined, destination: ByteString): Keeping {
  const { options, places } = ctx;
  // Nothing leads through a destination that does not exist (dry run): then the text has to tell.
  const find = (directory: ByteString): ByteString => {
    const path = optionPath(destination, directory);
    return root === undefined ? places.display(path) : path;
  };
  const keeping: Keeping = {
    ...NOTHING_KEPT,
    delayed: [],
    close() {
      this.alternates?.close();
      this.backups?.close();
      this.partials?.close();
      this.temporary?.close();
    },
  };
  try {
    if (options.tempDir !== undefined)
      keeping.temporary = openTemporary(ctx, find(options.tempDir), options.tempDir);
    keeping.alternates = Alternates.open(ctx, find);
    if (root === undefined) return keeping;
    if (options.backup) keeping.backups = new Backups(ctx, root, destination);
    const partial = partialDirectory(options);
    if (partial !== undefined) keeping.partials = new PartialFiles(ctx, root, destination, partial);
    if (options.fuzzy > 0)
      keeping.namesakes = new Namesakes(root, options.fuzzy > 1 ? keeping.alternates : undefined, ctx.policy);
    return keeping;
  } catch (error) {
    keeping.close();
    throw error;
  }
}

function openTemporary(ctx: RoleContext, path: ByteString, directory: ByteString): Root {
  const stat = ctx.places.stat(path);
  if (stat?.isDirectory) return ctx.places.open(path);
  const fault = stat === undefined ? 'does not exist' : 'is not a directory';
  throw new RsyncError('RSYNC_USAGE', `The temp-dir ${fault}: ${directory}`, {
    exitCode: EXIT.SYNTAX,
    origin: 'local',
    hint: 'Make the directory, or name another one for --temp-dir.',
  });
}
