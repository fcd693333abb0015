import { describe, expect, it } from 'vitest';
import { Throttle } from '../../src/session/throttle.ts';

class Port {
  written = Buffer.alloc(0);
  full = false;
  write(bytes: Uint8Array): boolean {
    this.written = Buffer.concat([this.written, bytes]);
    return !this.full;
  }
  pause(): void {}
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('Throttle', () => {
  it('passes everything in order, no faster than the rate after the first tenth of a second', async () => {
    const port = new Port();
    let drained = 0;
    const throttle = new Throttle(port, 100, () => drained++);
    const bytes = Buffer.from(Array.from({ length: 30_000 }, (_, k) => k & 0xff));
    const started = performance.now();
    expect(throttle.write(bytes.subarray(0, 20_000))).toBe(false);
    expect(throttle.write(bytes.subarray(20_000))).toBe(false);
    await new Promise<void>((resolve) => throttle.whenEmpty(resolve));
    // 30,000 bytes at 102,400 a second, less 100 ms and the last piece of 12,800 that is not waited for.
    expect(performance.now() - started).toBeGreaterThan(50);
    expect(port.written.equals(bytes)).toBe(true);
    expect(drained).toBeGreaterThan(0);
  });

  it('does not run ahead of a port that is full', async () => {
    const port = new Port();
    port.full = true;
    const throttle = new Throttle(port, 1000, () => {});
    throttle.write(Buffer.alloc(400_000));
    const first = port.written.length;
    await later(150);
    expect(port.written.length).toBe(first);
    port.full = false;
    throttle.drained();
    await later(50);
    expect(port.written.length).toBeGreaterThan(first);
    throttle.stop();
  });

  it('writes nothing after it was stopped', async () => {
    const port = new Port();
    const throttle = new Throttle(port, 10, () => {});
    throttle.write(Buffer.alloc(10_000));
    const before = port.written.length;
    throttle.stop();
    await later(200);
    expect(port.written.length).toBe(before);
    expect(before).toBeLessThan(10_000);
  });

  it('whenEmpty calls back at once when there is nothing to write', () => {
    let called = false;
    new Throttle(new Port(), 10, () => {}).whenEmpty(() => {
      called = true;
    });
    expect(called).toBe(true);
  });
});
