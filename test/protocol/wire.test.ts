import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { MSG } from '../../src/protocol/mux.ts';
import { NEED_MORE, type Reader } from '../../src/protocol/reader.ts';
import { Wire } from '../../src/protocol/wire.ts';

class Port {
  written: Buffer[] = [];
  paused: boolean[] = [];
  full = false;

  write(bytes: Uint8Array): boolean {
    this.written.push(Buffer.from(bytes));
    return !this.full;
  }

  pause(paused: boolean): void {
    this.paused.push(paused);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.written);
  }
}

function wired(): { wire: Wire; port: Port } {
  const port = new Port();
  return { wire: new Wire(port), port };
}

const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let done = false;
  promise.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  await new Promise(setImmediate);
  return done;
};

describe('input', () => {
  it('a decoder runs when its bytes have come, from the start of its item', async () => {
    const { wire } = wired();
    const read = wire.read((r) => [r.shortint(), r.shortint()]);
    for (const byte of [1, 0, 2]) {
      wire.receive(Uint8Array.of(byte));
      expect(await settled(read)).toBe(false);
    }
    wire.receive(Uint8Array.of(0, 9));
    expect(await read).toEqual([1, 2]);
    expect(wire.reader.remaining).toBe(1);
    expect(wire.bytesIn).toBe(5);
  });

  it('framing begins at a byte in the middle of a chunk', async () => {
    for (let cut = 0; cut <= 14; cut++) {
      const { wire } = wired();
      const told: number[] = [];
      wire.onMessage = (code) => told.push(code);
      // A raw int, then frames: 2 bytes of data, a NOOP.
      const stream = Buffer.from('07000000 02000007 aabb 00000031'.replaceAll(' ', ''), 'hex');
      wire.receive(stream.subarray(0, Math.max(cut, 4)));
      expect(await wire.read((r) => r.int())).toBe(7);
      wire.frameInput(32);
      wire.receive(stream.subarray(Math.max(cut, 4)));
      expect(await wire.read((r) => [...r.bytes(2)])).toEqual([0xaa, 0xbb]);
      expect(told).toEqual([MSG.NOOP]);
    }
  });

  it('pauses the port over the mark, and wakes it when the reader wants more', async () => {
    const { wire, port } = wired();
    const chunk = new Uint8Array(64 * 1024).fill(7);
    let sent = 0;
    while (port.paused.length === 0 && sent < 4 * LIMITS.INPUT_HIGH_WATER) {
      wire.receive(chunk);
      sent += chunk.length;
    }
    expect(sent).toBeLessThanOrEqual(LIMITS.INPUT_HIGH_WATER + chunk.length);
    expect(port.paused).toEqual([true]);
    wire.receive(chunk);
    expect(port.paused).toEqual([true]);
    await wire.read((r) => void r.view(r.remaining));
    const more = wire.more();
    expect(port.paused).toEqual([true, false]);
    wire.receive(Uint8Array.of(1));
    await more;
  });

  it('keeps views apart from what comes later, across growth and compaction', async () => {
    const { wire } = wired();
    const total = 3_000_000;
    let next = 0;
    let seen = 0;
    while (seen < total) {
      const chunk = Uint8Array.from({ length: Math.min(70_001, total - next) }, (_, k) => (next + k) % 251);
      next += chunk.length;
      wire.receive(chunk);
      const take = Math.min(wire.reader.remaining, 50_003);
      const bytes = await wire.read((r) => r.bytes(take));
      const k = bytes.findIndex((byte, at) => byte !== (seen + at) % 251);
      expect(k).toBe(-1);
      seen += take;
      if (next === total && take === 0) break;
    }
    expect(seen).toBe(total);
  });

  it('an early end rejects who waits and who will wait; what has come can still be read', async () => {
    const { wire } = wired();
    wire.onEnd = () => new Error('gone');
    wire.receive(Uint8Array.of(1, 2));
    const read = wire.read((r) => r.int());
    wire.receiveEnd();
    await expect(read).rejects.toThrow('gone');
    expect(wire.atEnd).toBe(false);
    expect(await wire.read((r) => r.shortint())).toBe(0x0201);
    expect(wire.atEnd).toBe(true);
    await expect(wire.read((r) => r.byte())).rejects.toThrow('gone');
  });

  it('a broken frame fails the wire for good', async () => {
    const { wire } = wired();
    wire.frameInput(32);
    wire.receive(Uint8Array.of(0, 0, 0, 99));
    await expect(wire.read((r) => r.byte())).rejects.toMatchObject({ exitCode: 12 });
    wire.receive(Uint8Array.of(1, 0, 0, 7, 5));
    await expect(wire.more()).rejects.toMatchObject({ exitCode: 12 });
  });

  it('reads at once what has come, and takes nothing of what has not', async () => {
    const { wire } = wired();
    const item = (r: Reader): number => r.byte() * 256 + r.byte();
    wire.receive(Uint8Array.of(1));
    expect(wire.readNow(item)).toBeUndefined();
    expect(wire.reader.remaining).toBe(1);
    wire.receive(Uint8Array.of(2, 3));
    expect(wire.readNow(item)).toBe(0x102);
    expect(wire.reader.remaining).toBe(1);
    const fault = new Error('wrong');
    expect(() =>
      wire.readNow((): number => {
        throw fault;
      }),
    ).toThrow(fault);
  });

  it('an error of a decoder is not taken for a want of bytes', async () => {
    const { wire } = wired();
    await expect(
      wire.read(() => {
        throw new RangeError('decoder');
      }),
    ).rejects.toThrow('decoder');
    let calls = 0;
    const read = wire.read(() => {
      calls++;
      if (calls === 1) throw NEED_MORE;
      return calls;
    });
    wire.receive(Uint8Array.of(0));
    expect(await read).toBe(2);
  });
});

describe('output', () => {
  it('raw, then in frames from the exact byte', () => {
    const { wire, port } = wired();
    wire.writer.int(5);
    wire.frameOutput();
    wire.writer.byte(0xaa);
    wire.flush();
    wire.flush();
    wire.writer.byte(0xbb);
    wire.sendMessage(MSG.INFO, Buffer.from('x'));
    wire.sendKeepAlive();
    expect(port.bytes.toString('hex')).toBe(
      '05000000' + '01000007aa' + '01000007bb' + '0100000978' + '00000007',
    );
    expect(wire.bytesOut).toBe(port.bytes.length);
  });

  it('large data leaves in frames that can be put together again', () => {
    const { wire, port } = wired();
    wire.frameOutput();
    const all: number[] = [];
    for (let k = 0; k < 100; k++) {
      const piece = Uint8Array.from({ length: 1 + ((k * 977) % 5000) }, (_, i) => (k + i) & 0xff);
      all.push(...piece);
      wire.writer.bytes(piece);
      wire.flushIfLarge();
    }
    wire.flush();
    const data: number[] = [];
    const { bytes } = port;
    for (let at = 0; at < bytes.length; ) {
      expect(bytes[at + 3]).toBe(7);
      const length = bytes.readUIntLE(at, 3);
      expect(length).toBeLessThan(64 * 1024);
      data.push(...bytes.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    expect(Buffer.from(data).equals(Buffer.from(all))).toBe(true);
  });

  it('a full port stops the writer until it has drained', async () => {
    const { wire, port } = wired();
    port.full = true;
    wire.writer.int(1);
    wire.flush();
    expect(wire.isFull).toBe(true);
    const waiting = [wire.drain(), wire.drain()];
    expect(await settled(Promise.race(waiting))).toBe(false);
    wire.drained();
    await Promise.all(waiting);
    expect(wire.isFull).toBe(false);
    await wire.drain();
  });

  it('the end of the input releases a writer that waits for a port nobody empties', async () => {
    const { wire, port } = wired();
    wire.onEnd = () => new Error('gone');
    port.full = true;
    wire.writer.int(1);
    wire.flush();
    const waiting = wire.drain();
    wire.receiveEnd();
    await expect(waiting).rejects.toThrow('gone');
    await expect(wire.drain()).rejects.toThrow('gone');
  });

  it('a failed wire stops a writer that never meets a full port', async () => {
    const { wire, port } = wired();
    wire.fail(new Error('stopped'));
    wire.fail(new Error('second'));
    expect(wire.isFull).toBe(true);
    await expect(wire.drain()).rejects.toThrow('stopped');
    wire.writer.int(1);
    wire.flush();
    expect(port.written).toEqual([]);
    // The last word still goes out.
    wire.sendLastMessage(MSG.ERROR_EXIT, Uint8Array.of(2, 0, 0, 0));
    expect(port.bytes.toString('hex')).toBe('0400005d02000000');
  });
});
