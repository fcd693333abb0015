import type { Readable, Writable } from 'node:stream';
import type { Channel } from './channel.ts';

/**
 * The standard streams of a server as a channel: its client is whoever started it. Node writes to a pipe without
 * blocking, so reading goes on while a write waits (docs/protocol/1-session.md, 1.1); a standard output in
 * non-blocking mode is waited for as well.
 */
export function stdioChannel(input: Readable, output: Writable): Channel {
  return {
    label: 'standard streams',
    input,
    output,
    stderr: undefined,
    exit: new Promise((resolve) => input.once('close', () => resolve({ code: null, signal: null }))),
    details: { kind: 'pipe' },
    destroy: () => {
      input.destroy();
      output.destroy();
    },
  };
}

/**
 * Ends the output and resolves when all of it has been handed over, or nobody takes it any more.
 * @param timeout  seconds that the last bytes may take; 0: as long as it takes
 */
export function finished(output: Writable, timeout: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = timeout > 0 ? setTimeout(resolve, timeout * 1000) : undefined;
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    output.once('error', done);
    output.once('close', done);
    if (output.destroyed) done();
    else output.end(done);
  });
}
