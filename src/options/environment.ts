/**
 * The environment variables that stand for options: docs/protocol/4-filters-and-options.md, F. Those of options that
 * are refused are refused as well where leaving them unheeded would change which files are written.
 */
import { type ByteString, fromText } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import type { Draft } from './table.ts';
import type { TransferOptions } from './transfer-options.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** True if the first path ends the options, as POSIX wants it. */
export function firstPathEndsOptions(env: Environment): boolean {
  return env.POSIXLY_CORRECT !== undefined || env.POSIX_ME_HARDER !== undefined;
}

/** The default of `-e`. */
export function defaultShell(env: Environment): string | undefined {
  const shell = env.RSYNC_RSH;
  return shell === '' ? undefined : shell;
}

/**
 * How remote words are sent, from the options and, where they say nothing, from RSYNC_OLD_ARGS and RSYNC_PROTECT_ARGS.
 * `-s` has the variables forgotten. RSYNC_OLD_ARGS, if it is looked at, has RSYNC_PROTECT_ARGS forgotten, even with 0.
 */
export function wordForm(
  given: Pick<Draft, 'oldArgs' | 'secludedArgs'>,
  env: Environment,
): Pick<TransferOptions, 'oldArgs' | 'secludedArgs'> {
  let { oldArgs, secludedArgs } = given;
  if (oldArgs === undefined && secludedArgs !== true && env.RSYNC_OLD_ARGS) {
    const level = numberOf(env.RSYNC_OLD_ARGS);
    oldArgs = level === 0 ? 0 : level > 1 ? 2 : 1;
    secludedArgs = false;
  }
  if (secludedArgs === undefined) {
    secludedArgs = !oldArgs && env.RSYNC_PROTECT_ARGS !== undefined && numberOf(env.RSYNC_PROTECT_ARGS) !== 0;
  }
  return { oldArgs: oldArgs ?? 0, secludedArgs };
}

/** @throws RsyncError RSYNC_UNSUPPORTED, exit 4. */
export function checkEnvironment(env: Environment): void {
  if (env.RSYNC_ICONV) throw refused('RSYNC_ICONV', 'names are not converted');
}

/** `--partial` keeps files in RSYNC_PARTIAL_DIR, where nothing else says where. */
export function partialDirOf(env: Environment, options: TransferOptions): ByteString | undefined {
  if (options.partialDir !== undefined || options.delayUpdates || !options.partial) return options.partialDir;
  return env.RSYNC_PARTIAL_DIR ? fromText(env.RSYNC_PARTIAL_DIR) : undefined;
}

/** The variable is a number; anything that is not one counts as 0, as for C's atoi. */
function numberOf(value: string): number {
  return Number.parseInt(value, 10) || 0;
}

function refused(name: string, reason: string): RsyncError {
  return new RsyncError('RSYNC_UNSUPPORTED', `rsyncjs: ${name} is set: ${reason}`, {
    exitCode: EXIT.UNSUPPORTED,
    origin: 'local',
    hint: `Run it with ${name} unset.`,
  });
}
