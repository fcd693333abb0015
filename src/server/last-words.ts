import type { ByteString } from '../core/bytes.ts';
import { packageVersion } from '../files/package-version.ts';
import { exitLine } from '../text/exit.ts';
import { describeFailure } from '../text/failure.ts';
import type { ServeOutcome } from './serve.ts';

/**
 * What a server says at its end on standard error, unescaped: why, if nobody has been told, and the code that it ends with.
 * @param interrupted  its own user ended it
 */
export function lastWords(outcome: ServeOutcome, interrupted: boolean): ByteString[] {
  const { exitCode, error, command, isTold } = outcome;
  const lines: ByteString[] = [];
  if (error !== undefined && !isTold) {
    lines.push(...describeFailure(error, interrupted, (command?.options.verbose ?? 0) > 2).lines);
  }
  const role = command?.role === 'sender' ? 'sender' : command === undefined ? 'server' : 'Receiver';
  // The client of a sender sees the errors itself, and says so.
  if (exitCode !== 0 && (error !== undefined || role !== 'sender')) {
    lines.push(exitLine(exitCode, role, packageVersion()));
  }
  return lines;
}
