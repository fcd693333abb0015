/** What a module makes of the options of its clients: docs/protocol/4-filters-and-options.md, G.2 and G.6. */
import { type ByteString, fromBuffer, toBuffer } from '../../../core/bytes.ts';
import { sanitizedTarget } from '../../../core/sanitized-target.ts';
import type { TransferOptions } from '../../../options/transfer-options.ts';
import { Refusals } from '../access/refusals.ts';
import type { ModuleView } from './module-view.ts';

export interface OptionLimits {
  module: ModuleView;
  /** The daemon sends. */
  sends: boolean;
  /** KiB a second; 0: none of the daemon's own. */
  bwlimit: number;
  numericIds: boolean;
  mungesSymlinks: boolean;
}

export function limitOptions(given: Readonly<TransferOptions>, limits: OptionLimits): TransferOptions {
  const { module, sends, bwlimit } = limits;
  const { values } = module;
  const options: TransferOptions = { ...given };
  options.verbose = Math.min(options.verbose, Math.max(0, values.maxVerbosity));
  options.timeout = lower(options.timeout, Math.max(0, values.timeout));
  options.bwlimit = lower(options.bwlimit, bwlimit);
  if (limits.numericIds) options.numericIds = true;
  options.mungeLinks = limits.mungesSymlinks;
  options.backupDir = belowDestination(options.backupDir);
  options.tempDir = belowDestination(options.tempDir);
  const tempDir = module.text('tempDir');
  if (tempDir !== '') options.tempDir = tempDir;
  if (options.deleteMode === 'default') options.deleteMode = deleteMode(module, options.deleteMode);
  // What C does with this list goes no further than the lone star either.
  if (sends && module.text('dontCompress').trim() === '*') options.compressLevel = 1;
  return options;
}

/** As in C, a relative `--backup-dir` or `--temp-dir` does not climb out of the destination. */
function belowDestination(path: ByteString | undefined): ByteString | undefined {
  return path === undefined || path.startsWith('/') ? path : fromBuffer(sanitizedTarget(toBuffer(path), 0));
}

/** 0 stands for none. */
function lower(a: number, b: number): number {
  return a === 0 || b === 0 ? a || b : Math.min(a, b);
}

/** A plain `--delete` deletes at the time that is not refused. */
function deleteMode(module: ModuleView, mode: TransferOptions['deleteMode']): TransferOptions['deleteMode'] {
  const refusals = new Refusals(module.text('refuseOptions'));
  if (refusals.isRefused('delete-before')) return 'during';
  return refusals.isRefused('delete-during') ? 'before' : mode;
}
