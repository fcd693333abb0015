import { createHash, randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPipe } from '../../src/transport/pipe.ts';
import { text } from './support.ts';

describe('createPipe', () => {
  it('carries bytes both ways and ends each way by itself', async () => {
    const [a, b] = createPipe();
    a.output.end('to b');
    expect(await text(b.input)).toBe('to b');
    b.output.end('to a');
    expect(await text(a.input)).toBe('to a');
  });

  it('keeps any bytes in any pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 100_000 }), { maxLength: 20 }),
        async (pieces) => {
          const [a, b] = createPipe();
          for (const piece of pieces) a.output.write(piece);
          a.output.end();
          expect(await text(b.input)).toBe(Buffer.concat(pieces).toString('latin1'));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is not disturbed by a writer that reuses its memory', async () => {
    const [a, b] = createPipe();
    const memory = Buffer.from('first');
    await new Promise((resolve) => a.output.write(memory, resolve));
    memory.write('XXXXX');
    a.output.end();
    expect(await text(b.input)).toBe('first');
  });

  it('holds a writer back until the reader reads', async () => {
    const [a, b] = createPipe();
    const sent = createHash('md5');
    let most = 0;
    const writing = (async () => {
      for (let i = 0; i < 200; i++) {
        const chunk = randomBytes(50_000);
        sent.update(chunk);
        if (!a.output.write(chunk)) await new Promise((resolve) => a.output.once('drain', resolve));
        most = Math.max(most, a.output.writableLength + b.input.readableLength);
      }
      a.output.end();
    })();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(a.output.writableNeedDrain).toBe(true);
    const received = createHash('md5');
    await pipeline(b.input, received);
    await writing;
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    expect(most).toBeLessThan(700_000);
  });

  it('resolves exit when the other end says how it finished', async () => {
    const [a, b] = createPipe('pair');
    b.output.write('last');
    b.finish(23);
    expect(await a.exit).toEqual({ code: 23, signal: null });
    expect(await text(a.input)).toBe('last');
    a.finish(null, 'SIGTERM');
    expect(await b.exit).toEqual({ code: null, signal: 'SIGTERM' });
    expect(a.label).toBe('pair');
  });

  it('looks like a cut connection to the other end when destroyed', async () => {
    const [a, b] = createPipe();
    a.output.write('before');
    await new Promise((resolve) => setImmediate(resolve));
    a.destroy(new Error('cut'));
    a.destroy();
    expect(await text(b.input)).toBe('before');
    expect(await a.exit).toEqual({ code: null, signal: null });
    expect(await b.exit).toEqual({ code: null, signal: null });
    const error = await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) =>
      b.output.write('x', resolve),
    );
    expect(error?.code).toBe('EPIPE');
  });

  it('releases a writer that waits when the other end is destroyed', async () => {
    const [a, b] = createPipe();
    const failed = new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => {
      a.output.write(Buffer.alloc(1 << 20), resolve);
    });
    b.destroy();
    expect((await failed)?.code).toBe('EPIPE');
  });

  it('releases a reader that waits when the other end is destroyed', async () => {
    const [a, b] = createPipe();
    const reading = text(b.input);
    a.destroy();
    expect(await reading).toBe('');
  });
});
