import type { ByteString } from '../core/bytes.ts';

/** What a daemon has decided about a module, whatever its clients ask for: docs/protocol/4-filters-and-options.md, G. */
export interface ModulePolicy {
  /**
   * The filters of the module: what they hide is not there for a client that reads, and not to be touched by one that
   * writes. Tells the same for a directory and for everything below it.
   * @param path  as `Root.display` tells it
   */
  hides(path: ByteString, isDirectory: boolean): boolean;
  /** Deletes also if a directory of the sender could not be read. */
  readonly ignoresErrors: boolean;
  /** Does not show what this process may not read. */
  readonly skipsNonreadable: boolean;
  /** Symlinks that are stored and not munged do not lead out of the destination. */
  readonly sanitizesSymlinks: boolean;
  /** Is told where received entries go: the directory as `Root.display` tells it, once it is open. */
  receivesInto(directory: ByteString): void;
}
