import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ErrorCode, type ErrorOrigin, EXIT, RsyncError, usageError } from '../../../src/core/errors.ts';
import { LostConnection } from '../../../src/session/witness.ts';
import { isRetryable, retryDelay, withRetries } from '../../../src/sync/remote/retry.ts';
import { tcpError } from '../../../src/transport/tcp-errors.ts';

const system = (code: string): Error => Object.assign(new Error(code), { code });
const failure = (code: ErrorCode, origin: ErrorOrigin, exitCode: number, cause?: unknown): RsyncError =>
  new RsyncError(code, code, { origin, exitCode, cause });
const LOST = failure('RSYNC_CONNECT', 'transport', 255);

describe('what is tried again', () => {
  test.each([
    ['no connection', LOST],
    ['refused', tcpError('a', system('ECONNREFUSED'), {})],
    ['the name server does not answer', tcpError('a', system('EAI_AGAIN'), {})],
    ['lost on the way', new LostConnection('end of stream')],
    ['no answer in time', failure('RSYNC_TIMEOUT', 'remote', EXIT.TIMEOUT)],
    ['no connection in time', failure('RSYNC_TIMEOUT', 'transport', EXIT.CONTIMEOUT)],
    ['the other side timed out', failure('RSYNC_REMOTE_EXIT', 'remote', EXIT.TIMEOUT)],
    ['a socket of Node', system('ECONNRESET')],
  ])('%s', (_, error) => expect(isRetryable(error)).toBe(true));

  test.each([
    ['a login', failure('RSYNC_AUTH', 'remote', 255)],
    ['a host key', failure('RSYNC_HOST_KEY', 'transport', 255)],
    ['usage', usageError('x')],
    ['the protocol', failure('RSYNC_PROTOCOL', 'remote', EXIT.PROTOCOL)],
    ['a stream that makes no sense', failure('RSYNC_STREAM', 'remote', EXIT.STREAMIO)],
    ['a disk', failure('RSYNC_FILE_IO', 'local', EXIT.FILEIO, system('ENOSPC'))],
    ['a guard', failure('RSYNC_GUARD', 'local', EXIT.GUARD)],
    ['a lock', failure('RSYNC_BUSY', 'remote', EXIT.BUSY)],
    ['the user', failure('RSYNC_ABORTED', 'local', EXIT.SIGNAL)],
    ['no rsync there', failure('RSYNC_REMOTE_SHELL', 'remote', 127)],
    ['a name that is none', tcpError('a', system('ENOTFOUND'), {})],
    ['an address that is not of this machine', tcpError('a', system('EADDRNOTAVAIL'), { localAddress: 'b' })],
    ['a fault of the program', new TypeError('x')],
    ['nothing', undefined],
  ])('not %s', (_, error) => expect(isRetryable(error)).toBe(false));
});

describe('retries', () => {
  test('wait twice as long each time, half of it by chance, and never too long', () => {
    const delays = (random: number) => [1, 2, 3, 4, 5, 6, 7, 50].map((n) => retryDelay(n, {}, () => random));
    expect(delays(0)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(delays(0.999999)).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, random) => {
          const found = retryDelay(n, { firstDelay: 100, longestDelay: 5000 }, () => random);
          return found >= 50 && found <= 5000;
        },
      ),
    );
  });

  async function attempt(failures: readonly unknown[], attempts: number) {
    const slept: number[] = [];
    const told: unknown[] = [];
    const result = withRetries(
      async (n) => {
        if (n <= failures.length) throw failures[n - 1];
        return n;
      },
      { attempts, firstDelay: 10 },
      {
        random: () => 0,
        sleep: async (milliseconds) => void slept.push(milliseconds),
        onRetry: (error, n, milliseconds) => told.push([error, n, milliseconds]),
      },
    );
    return { result: await result.catch((error) => error), slept, told };
  }

  test('until it goes well', async () => {
    const { result, slept, told } = await attempt([LOST, LOST], 5);
    expect(result).toBe(3);
    expect(slept).toEqual([5, 10]);
    expect(told).toEqual([
      [LOST, 1, 5],
      [LOST, 2, 10],
    ]);
  });

  test('so often, and no more', async () => {
    const last = failure('RSYNC_CONNECT', 'transport', 10);
    expect(await attempt([LOST, LOST, last, LOST], 3)).toMatchObject({ result: last, slept: [5, 10] });
    expect(await attempt([LOST], 1)).toMatchObject({ result: LOST, slept: [] });
  });

  test('end with a failure that stays', async () => {
    const login = failure('RSYNC_AUTH', 'remote', 255);
    expect(await attempt([LOST, login, LOST], 9)).toMatchObject({ result: login, slept: [5] });
  });

  test('a signal ends the waiting, and what it ended is not tried again', async () => {
    const controller = new AbortController();
    const waiting = withRetries(
      () => Promise.reject(LOST),
      { firstDelay: 1e6 },
      {
        signal: controller.signal,
        onRetry: () => setImmediate(() => controller.abort()),
      },
    );
    await expect(waiting).rejects.toMatchObject({ code: 'RSYNC_ABORTED', exitCode: EXIT.SIGNAL });
    let count = 0;
    const again = withRetries(
      () => {
        count++;
        return Promise.reject(LOST);
      },
      {},
      { signal: controller.signal },
    );
    await expect(again).rejects.toBe(LOST);
    expect(count).toBe(1);
  });
});
