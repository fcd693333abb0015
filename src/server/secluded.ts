import type { Readable } from 'node:stream';
import { type ByteString, fromBuffer } from '../core/bytes.ts';
import { EXIT, RsyncError, streamError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

/**
 * The arguments that a client with `--secluded-args` sends before anything else: docs/protocol/1-session.md, 1.2.
 *
 *     (WORD 00)... 00
 *
 * What comes after them is put back. The first word, a name, is left out.
 * @param patience  seconds until they must be there; 0: as long as it takes
 * @throws RsyncError RSYNC_STREAM, exit 12, if the input ends before; RSYNC_LIMIT, exit 22, if there is no end to it;
 *   RSYNC_TIMEOUT, exit 30
 */
export function readSecludedArguments(input: Readable, patience = 0): Promise<ByteString[]> {
  return new Promise((resolve, reject) => {
    const words: ByteString[] = [];
    let word = '';
    let total = 0;
    const timer =
      patience > 0 ? setTimeout(() => settle(() => reject(tooLate())), patience * 1000) : undefined;
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      input.off('data', onData);
      input.off('end', onEnd);
      input.off('error', onEnd);
      input.pause();
      act();
    };
    const onEnd = (): void => settle(() => reject(streamError('the connection ended within the arguments')));
    const onData = (chunk: Buffer): void => {
      let at = 0;
      while (at < chunk.length) {
        const nul = chunk.indexOf(0, at);
        const end = nul < 0 ? chunk.length : nul;
        total += end - at + 1;
        if (total > LIMITS.ARGUMENT_BYTES || words.length > LIMITS.ARGUMENTS) {
          settle(() => reject(tooMany()));
          return;
        }
        word += fromBuffer(chunk, at, end);
        if (nul < 0) return;
        at = nul + 1;
        if (word === '' && words.length > 0) {
          settle(() => {
            if (at < chunk.length) input.unshift(chunk.subarray(at));
            resolve(words.slice(1));
          });
          return;
        }
        words.push(word);
        word = '';
      }
    };
    input.on('data', onData);
    input.on('end', onEnd);
    input.on('error', onEnd);
  });
}

function tooLate(): RsyncError {
  return new RsyncError('RSYNC_TIMEOUT', 'the client has not sent its arguments', {
    exitCode: EXIT.TIMEOUT,
    origin: 'remote',
  });
}

function tooMany(): RsyncError {
  return new RsyncError('RSYNC_LIMIT', 'the arguments that the client sends have no end', {
    exitCode: EXIT.MALLOC,
    origin: 'remote',
  });
}
