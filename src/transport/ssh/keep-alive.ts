import type { Carrier } from './tunnel.ts';

/**
 * Cuts a dead connection. ssh2 asks the server for a sign of life every interval; any byte that comes counts as one,
 * and so does a backlog of ours that shrinks: on a slow link the question itself waits behind megabytes of data.
 *
 * `interval` in seconds, 0 for never; `most` is how many intervals may pass in silence.
 */
export function watchSilence(
  carrier: Carrier,
  interval: number,
  most: number,
  cut: (seconds: number) => void,
): void {
  if (interval === 0) return;
  let silent = 0;
  let read = -1;
  let written = -1;
  const timer = setInterval(() => {
    const sent = carrier.bytesWritten - carrier.writableLength;
    const alive = carrier.bytesRead !== read || (carrier.writableLength > 0 && sent !== written);
    silent = alive ? 0 : silent + 1;
    read = carrier.bytesRead;
    written = sent;
    if (silent >= most) {
      cut(silent * interval);
      carrier.destroy();
    }
  }, interval * 1000);
  timer.unref();
  carrier.once('close', () => clearInterval(timer));
}
