/** A disk without room, here or there. */
import { EXIT, isRsyncError, RsyncError } from '../../core/errors.ts';
import type { Finding } from './finding.ts';
import { allWords, type Symptoms } from './symptoms.ts';
import { clean } from './words.ts';

const REASON = /No space left on device|Disk quota exceeded|Read-only file system|File too large/;
const LINE = new RegExp(`^.*?"([^"\\n]+)"[^"\\n]*?: (${REASON.source})|^.*?(${REASON.source})`, 'm');
const AGAIN = 'run it again: what has arrived whole is not sent a second time.';

function advice(reason: string, place: 'here' | 'there'): { state: string; remedy: string } {
  switch (reason) {
    case 'No space left on device':
      return {
        state: `the disk ${place} is full`,
        remedy: `Free some space ${place} (df -h and df -i show what is left), or choose another destination; then ${AGAIN}`,
      };
    case 'Disk quota exceeded':
      return {
        state: `the disk quota ${place} is used up`,
        remedy: `Delete something of that user ${place}, or have the quota raised; then ${AGAIN}`,
      };
    case 'File too large':
      return {
        state: `a file is too large for the file system ${place}, or for the limits of the account (ulimit -f)`,
        remedy: `Choose another file system (FAT takes no file of 4 GiB), or leave it out with --max-size; then ${AGAIN}`,
      };
    default:
      return {
        state: `the file system ${place} is read-only`,
        remedy: 'Choose another destination, or mount that one for writing.',
      };
  }
}

/** Only what ended the run, with code 11: single files that failed for it are told by the roles. */
export function recogniseDisk(symptoms: Symptoms): Finding | undefined {
  const words = allWords(symptoms);
  const fatal = symptoms.exit?.code === EXIT.FILEIO || /\(code 11\)/.test(words + symptoms.complaint);
  const match = fatal ? LINE.exec(words) : null;
  if (match === null) return undefined;
  const reason = match[2] ?? match[3]!;
  const { state, remedy } = advice(reason, 'there');
  const path = match[1] === undefined ? undefined : clean(match[1]);
  return {
    code: 'RSYNC_REMOTE_EXIT',
    exitCode: EXIT.FILEIO,
    what: `${state}: ${path === undefined ? reason : `"${path}": ${reason}`}`,
    hint: remedy,
    ...(path === undefined ? {} : { path }),
  };
}

/** The same failure of this side: the error says what, this adds what to do. Undefined: another kind of error. */
export function explainLocalDisk(error: unknown): RsyncError | undefined {
  if (!isRsyncError(error) || error.origin !== 'local' || error.code !== 'RSYNC_FILE_IO') return undefined;
  const reason = REASON.exec(error.message)?.[0];
  if (reason === undefined || error.hint !== undefined) return undefined;
  const { state, remedy } = advice(reason, 'here');
  return new RsyncError(error.code, error.message, {
    exitCode: error.exitCode,
    origin: 'local',
    ...(error.path === undefined ? {} : { path: error.path }),
    hint: `${state.charAt(0).toUpperCase()}${state.slice(1)}. ${remedy}`,
    cause: error.cause,
  });
}
