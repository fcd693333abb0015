import type { ByteString } from '../core/bytes.ts';
import type { Stat } from '../files/stat.ts';

/** What is to take the place of something. */
export interface Coming {
  /** Unix mode with the type bits. */
  mode: number;
  /** Bytes: as the file list has it, or of the content that has come. */
  size: number;
}

/**
 * Keeps single items out of a run that somebody has decided on by what he saw before it. Nothing is told of such an item,
 * and the exit code is not changed: whoever says no knows about it. Names are relative to the root of the transfer.
 */
export interface ItemGuard {
  /**
   * Receiving side: whether what is there now may be replaced, changed or, if nothing is coming, removed. For a file it is
   * asked twice: before its data is asked for, and again just before the new one takes its place. Default: yes.
   */
  mayChange?(name: ByteString, found: Stat, coming: Coming | undefined): boolean;
  /** Sending side: whether the content of a file may go out. Default: yes. */
  maySend?(name: ByteString): boolean;
}
