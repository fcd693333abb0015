import { streamError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Reader } from './reader.ts';

/**
 * Multiplexing, docs/protocol/1-session.md, 1.7.
 *
 *     frame := length (3 bytes, little-endian), tag (1 byte: 7 + code), `length` bytes
 *
 * DATA frames concatenated are the data stream; every other frame is a message out of band.
 */
export const MSG = {
  DATA: 0,
  ERROR_XFER: 1,
  INFO: 2,
  ERROR: 3,
  WARNING: 4,
  IO_ERROR: 22,
  IO_TIMEOUT: 33,
  NOOP: 42,
  ERROR_EXIT: 86,
  SUCCESS: 100,
  DELETED: 101,
  NO_SEND: 102,
} as const;

const MPLEX_BASE = 7;
export const FRAME_HEADER_LENGTH = 4;

/** Writes the header of a frame at `at`. */
export function putFrameHeader(buffer: Uint8Array, at: number, code: number, length: number): void {
  buffer[at] = length;
  buffer[at + 1] = length >>> 8;
  buffer[at + 2] = length >>> 16;
  buffer[at + 3] = MPLEX_BASE + code;
}

/** A whole message frame. */
export function encodeMessage(code: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_LENGTH + payload.length);
  putFrameHeader(frame, 0, code, payload.length);
  frame.set(payload, FRAME_HEADER_LENGTH);
  return frame;
}

/** Takes one whole frame, header included. Throws NEED_MORE with nothing taken. */
export function readFrame(r: Reader): Uint8Array {
  r.need(FRAME_HEADER_LENGTH);
  const [low, middle, high] = r.buffer.subarray(r.pos, r.pos + 3);
  return r.bytes(FRAME_HEADER_LENGTH + (low! | (middle! << 8) | (high! << 16)));
}

/** The payload of IO_ERROR, SUCCESS, NO_SEND, ERROR_EXIT: a 4-byte int. */
export function intPayload(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

export function payloadInt(payload: Uint8Array): number {
  return payload[0]! | (payload[1]! << 8) | (payload[2]! << 16) | (payload[3]! << 24);
}

export interface DemuxSink {
  /** Bytes of the data stream; a view of the fed chunk. Empty: a keep-alive. */
  data(bytes: Uint8Array): void;
  /** A message other than DATA; the payload is the sink's own. */
  message(code: number, payload: Uint8Array): void;
}

/** Length rule of a message: [min, max] bytes; undefined: not a code that may come from a peer. */
function messageLength(code: number, protocol: number): readonly [number, number] | undefined {
  switch (code) {
    case MSG.ERROR_XFER:
    case MSG.INFO:
    case MSG.DELETED:
      return [0, LIMITS.MESSAGE_LENGTH];
    case MSG.ERROR:
    case MSG.WARNING:
      return protocol >= 30 ? [0, LIMITS.MESSAGE_LENGTH] : undefined;
    case MSG.SUCCESS:
      return [4, 4];
    case MSG.IO_ERROR:
    case MSG.NO_SEND:
      return protocol >= 30 ? [4, 4] : undefined;
    case MSG.NOOP:
      return protocol >= 30 ? [0, 0] : undefined;
    case MSG.IO_TIMEOUT:
      return protocol >= 31 ? [4, 4] : undefined;
    case MSG.ERROR_EXIT:
      return protocol >= 31 ? [0, 4] : undefined;
    default:
      return undefined;
  }
}

export interface DemuxOptions {
  /**
   * A single zero byte in front of the first frame is skipped: C daemons send one at times (docs/protocol/1-session.md,
   * 1.10). It can not be the start of a frame, whose fourth byte would then be no tag.
   */
  strayZero?: boolean;
}

/** Takes frames apart, however the bytes were cut. DATA is streamed, never gathered. */
export class Demux {
  private readonly protocol: number;
  private readonly sink: DemuxSink;
  private readonly header = new Uint8Array(FRAME_HEADER_LENGTH);
  private headerLength = 0;
  /** Payload bytes still to come of the frame under way. */
  private left = 0;
  private code = -1;
  private payload: Uint8Array | undefined;
  /** The next header is the first one, and may have a zero byte in front. */
  private mayStray: boolean;

  constructor(protocol: number, sink: DemuxSink, { strayZero = false }: DemuxOptions = {}) {
    this.protocol = protocol;
    this.sink = sink;
    this.mayStray = strayZero;
  }

  /** True between frames: the only place where the stream may end. */
  get atBoundary(): boolean {
    return this.headerLength === 0 && this.code === -1;
  }

  /** Throws a stream error (exit 12) on an unknown code or a wrong length. */
  feed(chunk: Uint8Array): void {
    let at = 0;
    for (;;) {
      if (this.code === -1) {
        if (at >= chunk.length) return;
        if (this.headerLength === 0 && !this.mayStray && chunk.length - at >= FRAME_HEADER_LENGTH) {
          this.start(chunk, at);
          at += FRAME_HEADER_LENGTH;
        } else {
          this.header[this.headerLength++] = chunk[at++]!;
          if (this.headerLength < FRAME_HEADER_LENGTH) continue;
          if (this.dropStray()) continue;
          this.headerLength = 0;
          this.start(this.header, 0);
        }
      }
      const take = Math.min(this.left, chunk.length - at);
      const payload = this.payload;
      if (payload === undefined) {
        if (take > 0) this.sink.data(chunk.subarray(at, at + take));
      } else {
        payload.set(chunk.subarray(at, at + take), payload.length - this.left);
      }
      at += take;
      this.left -= take;
      if (this.left > 0) return;
      const code = this.code;
      this.code = -1;
      this.payload = undefined;
      if (payload !== undefined) this.sink.message(code, payload);
      else if (take === 0) this.sink.data(chunk.subarray(at, at));
    }
  }

  /** True: the first byte of the first header was none of it. */
  private dropStray(): boolean {
    const strays = this.mayStray && this.header[0] === 0 && this.header[3]! < MPLEX_BASE;
    this.mayStray = false;
    if (strays) {
      this.header.copyWithin(0, 1);
      this.headerLength--;
    }
    return strays;
  }

  private start(bytes: Uint8Array, at: number): void {
    const length = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    const code = bytes[at + 3]! - MPLEX_BASE;
    if (code !== MSG.DATA) {
      const allowed = messageLength(code, this.protocol);
      if (allowed === undefined) throw streamError(`unexpected tag ${code} in the multiplexed stream`);
      const oddExit = code === MSG.ERROR_EXIT && length !== 0 && length !== 4;
      if (length < allowed[0] || length > allowed[1] || oddExit) {
        throw streamError(`message with tag ${code} has an invalid length of ${length} bytes`);
      }
      this.payload = new Uint8Array(length);
    }
    this.code = code;
    this.left = length;
  }
}
