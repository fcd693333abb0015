import type { Socket } from 'node:net';

/**
 * Cuts a dead connection. ssh2 asks the server for a sign of life every interval; any byte that comes counts as one,
 * and so does a backlog of ours that shrinks: on a slow link the question itself waits behind megabytes of data.
 *
 * `interval` in seconds, 0 for never; `most` is how many intervals may pass in silence.
 */
export function watchSilence(
  socket: Socket,
  interval: number,
  most: number,
  cut: (seconds: number) => void,
): void {
  if (interval === 0) return;
  let silent = 0;
  let read = -1;
  let written = -1;
  const timer = setInterval(() => {
    const sent = socket.bytesWritten - socket.writableLength;
    const alive = socket.bytesRead !== read || (socket.writableLength > 0 && sent !== written);
    silent = alive ? 0 : silent + 1;
    read = socket.bytesRead;
    written = sent;
    if (silent >= most) {
      cut(silent * interval);
      socket.destroy();
    }
  }, interval * 1000);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}
