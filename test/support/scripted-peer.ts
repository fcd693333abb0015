import { createHash } from 'node:crypto';
import { createPipe, type PipeEnd } from '../../src/transport/pipe.ts';

/**
 * A peer that says exactly the bytes it is told to, and an encoder of its own for them: what is tested must not write
 * its own test data.
 */

type Bytes = Uint8Array | readonly number[];

export function join(...parts: Bytes[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)));
}

export function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
}

export function short(value: number): Buffer {
  return Buffer.from([value & 0xff, value >>> 8]);
}

/** 0 to 2^21 - 1, and any negative number. */
export function varint(value: number): Buffer {
  if (value < 0) return join([0xf0], int(value));
  if (value < 0x80) return Buffer.from([value]);
  if (value < 0x4000) return Buffer.from([0x80 | (value >>> 8), value & 0xff]);
  return Buffer.from([0xc0 | (value >>> 16), value & 0xff, (value >>> 8) & 0xff]);
}

/** With a minimum of 3 bytes; 0 to 2^23 - 1. */
export function varlong3(value: number): Buffer {
  return Buffer.from([value >>> 16, value & 0xff, (value >>> 8) & 0xff]);
}

/** With a minimum of 4 bytes; 0 to 2^31 - 1. */
export function varlong4(value: number): Buffer {
  return Buffer.from([value >>> 24, value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff]);
}

export function vstring(text: string): Buffer {
  const head = text.length < 0x80 ? [text.length] : [0x80 | (text.length >>> 8), text.length & 0xff];
  return join(head, Buffer.from(text, 'latin1'));
}

export function frame(tag: number, payload: Bytes): Buffer {
  return join([payload.length & 0xff, (payload.length >>> 8) & 0xff, payload.length >>> 16, tag], payload);
}

/** Tags: 7 + code. */
export const TAG = {
  DATA: 7,
  ERROR_XFER: 8,
  INFO: 9,
  ERROR: 10,
  WARNING: 11,
  IO_ERROR: 29,
  IO_TIMEOUT: 40,
  NOOP: 49,
  ERROR_EXIT: 93,
  SUCCESS: 107,
  DELETED: 108,
  NO_SEND: 109,
} as const;

export const DIRECTORY = 0o40755;
export const REGULAR = 0o100644;
export const SYMLINK = 0o120777;

export interface Entry {
  name: string;
  mode?: number;
  size?: number;
  mtime?: number;
  target?: string;
  /** More wire flags. */
  flags?: number;
  /** Sent as length of the common prefix, in front of `name`. */
  prefix?: number;
}

/** One entry as a list with varint flags has it, without owners, at protocol 30 and later. */
export function entry(spec: Entry): Buffer {
  const { name, mode = REGULAR, size = 0, mtime = 1_000_000_000, target, prefix } = spec;
  let flags = spec.flags ?? (name === '.' ? 0x01 : 0);
  if (prefix !== undefined) flags |= 0x20;
  if (name.length > 255) flags |= 0x40;
  return join(
    varint(flags || 0x04),
    prefix === undefined ? [] : [prefix],
    name.length > 255 ? varint(name.length) : [name.length],
    Buffer.from(name, 'latin1'),
    varlong3(size),
    varlong4(mtime),
    int(mode),
    target === undefined ? [] : join(varint(target.length), Buffer.from(target, 'latin1')),
  );
}

export const DOT: Entry = { name: '.', mode: DIRECTORY };

/** A whole list and its end. */
export function list(entries: readonly Entry[], ioError = 0): Buffer {
  return join(...entries.map(entry), [0], varint(ioError));
}

export function sumHead(count = 0, blength = 0, s2length = 0, remainder = 0): Buffer {
  return join(int(count), int(blength), int(s2length), int(remainder));
}

export function literal(data: Bytes): Buffer {
  return join(int(data.length), data);
}

export function md5(data: Bytes): Buffer {
  return createHash('md5')
    .update(Buffer.from(data as Uint8Array))
    .digest();
}

export function statistics(...values: number[]): Buffer {
  return join(...[0, 1, 2, 3, 4].map((k) => varlong3(values[k] ?? 0)));
}

export const DONE = Buffer.from([0]);
/** NDX_FLIST_EOF and NDX_DEL_STATS as the first negative number of a stream. */
export const TRANSFER = 0x8000;
export const IS_NEW = 0x2000;

/** Indexes of one direction, protocol 30 and later. */
export class Indexes {
  private prevPos = -1;
  private prevNeg = 1;

  encode(value: number): Buffer {
    if (value === -1) return DONE;
    const head = value < 0 ? [0xff] : [];
    const v = Math.abs(value);
    const diff = v - (value < 0 ? this.prevNeg : this.prevPos);
    if (value < 0) this.prevNeg = v;
    else this.prevPos = v;
    if (diff >= 1 && diff <= 253) return join(head, [diff]);
    if (diff === 0 || (diff >= 254 && diff <= 32767)) return join(head, [0xfe, diff >>> 8, diff & 0xff]);
    return join(head, [0xfe, 0x80 | (v >>> 24), v & 0xff, (v >>> 8) & 0xff, (v >>> 16) & 0xff]);
  }
}

export interface Frame {
  tag: number;
  payload: Buffer;
}

/** Whole frames in `bytes`; what is not a whole frame at the end is left out. */
export function frames(bytes: Buffer): Frame[] {
  const found: Frame[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUIntLE(at, 3);
    if (at + 4 + length > bytes.length) break;
    found.push({ tag: bytes[at + 3]!, payload: bytes.subarray(at + 4, at + 4 + length) });
    at += 4 + length;
  }
  return found;
}

export function dataOf(found: readonly Frame[]): Buffer {
  return Buffer.concat(found.filter(({ tag }) => tag === TAG.DATA).map(({ payload }) => payload));
}

export class ScriptedPeer {
  /** What our side is given to speak on. */
  readonly channel: PipeEnd;
  readonly index = new Indexes();
  /** Raw bytes that our side writes before its frames begin. */
  handshakeLength = 4;
  /** Our side writes frames; false at protocol 29. */
  isFramed = true;
  /** Sum of all bytes taken from our side. */
  taken = 0;
  private readonly end: PipeEnd;
  private received: Buffer[] = [];
  private wake: () => void = () => {};
  private ended = false;

  /** `reads` false: nothing that our side writes is ever taken. */
  constructor(reads = true) {
    const [near, far] = createPipe('scripted peer');
    this.channel = near;
    this.end = far;
    if (!reads) return;
    far.input.on('data', (chunk: Buffer) => {
      this.received.push(chunk);
      this.taken += chunk.length;
      this.wake();
    });
    far.input.on('close', () => {
      this.ended = true;
      this.wake();
    });
    far.input.on('end', () => {
      this.ended = true;
      this.wake();
    });
  }

  /** Raw bytes. False: our side takes no more for now. */
  raw(...parts: Bytes[]): boolean {
    return this.end.output.write(join(...parts));
  }

  /** Waits until our side takes bytes again, or is gone. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.end.output.once('drain', resolve);
      this.end.output.once('close', resolve);
      this.end.output.once('error', () => resolve());
    });
  }

  /** Bytes of the data stream, in one frame. */
  data(...parts: Bytes[]): boolean {
    return this.raw(frame(TAG.DATA, join(...parts)));
  }

  message(tag: number, payload: Bytes): boolean {
    return this.raw(frame(tag, payload));
  }

  /** A server's start with an explicit checksum: no name lists. */
  serve(compatFlags = 0x1fe, protocol = 32, seed = 7): void {
    this.raw(int(protocol), protocol >= 30 ? varint(compatFlags) : [], int(seed));
  }

  /** All that our side has written. */
  get bytes(): Buffer {
    if (this.received.length > 1) this.received = [Buffer.concat(this.received)];
    return this.received[0] ?? Buffer.alloc(0);
  }

  get frames(): Frame[] {
    return frames(this.bytes.subarray(this.handshakeLength));
  }

  get dataStream(): Buffer {
    return this.isFramed ? dataOf(this.frames) : this.bytes.subarray(this.handshakeLength);
  }

  /** Waits until our side has written so many bytes of data. False: it ended before. */
  async until(length: number): Promise<boolean> {
    while (this.dataStream.length < length) {
      if (this.ended) return false;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return true;
  }

  /** Waits until our side has closed its output, or the whole connection. */
  async untilEnd(): Promise<void> {
    while (!this.ended) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** From here on nothing that our side writes is taken, until `listen`. */
  stopListening(): void {
    this.end.input.pause();
  }

  listen(): void {
    this.end.input.resume();
  }

  /** Ends as a process with this status does. */
  finish(code: number | null = 0): void {
    this.end.finish(code);
  }

  cut(): void {
    this.end.destroy();
  }
}
