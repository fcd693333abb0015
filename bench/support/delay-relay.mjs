import { connect, createServer } from 'node:net';
import { parentPort, Worker, workerData } from 'node:worker_threads';

/**
 * A TCP relay on a loopback port that hands on every byte `delay` milliseconds after it has come, in each direction, and
 * holds back nothing else: a long link without loss and of any width. It runs in a thread of its own.
 */
export async function delayRelay(port, delay) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { port, delay } });
  const own = await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return { port: own, stop: () => worker.terminate() };
}

function delayed(from, to, delay) {
  const queue = [];
  let timer;
  const flush = () => {
    timer = undefined;
    const now = performance.now();
    while (queue.length > 0 && queue[0].due <= now) {
      const { chunk } = queue.shift();
      if (chunk === undefined) to.end();
      else to.write(chunk);
    }
    if (queue.length > 0) timer = setTimeout(flush, Math.max(0, queue[0].due - now));
  };
  const add = (chunk) => {
    queue.push({ chunk, due: performance.now() + delay });
    if (timer === undefined) timer = setTimeout(flush, delay);
  };
  from.on('data', add);
  from.on('end', () => add(undefined));
  from.on('error', () => to.destroy());
  from.on('close', () => setTimeout(() => to.destroy(), delay + 100));
}

if (parentPort !== null && workerData?.port !== undefined) {
  const { port, delay } = workerData;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    near.setNoDelay(true);
    far.setNoDelay(true);
    delayed(near, far, delay);
    delayed(far, near, delay);
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
}
