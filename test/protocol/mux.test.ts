import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { Demux, encodeMessage, intPayload, MSG, payloadInt, putFrameHeader } from '../../src/protocol/mux.ts';

interface FrameVector {
  code: number;
  body?: string;
  text?: string;
  value?: number;
  path?: string;
  hex: string;
}
const vectors = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/primitives.json', import.meta.url), 'utf8'),
) as { frames: FrameVector[] };

/** What a demultiplexer told: data as one run, messages with their place in it. */
interface Told {
  data: Buffer;
  messages: { at: number; code: number; payload: Buffer }[];
  keepAlives: number;
}

function collect(protocol: number): { demux: Demux; told: Told } {
  const told: Told = { data: Buffer.alloc(0), messages: [], keepAlives: 0 };
  const demux = new Demux(protocol, {
    data: (bytes) => {
      if (bytes.length === 0) told.keepAlives++;
      told.data = Buffer.concat([told.data, bytes]);
    },
    message: (code, payload) => {
      told.messages.push({ at: told.data.length, code, payload: Buffer.from(payload) });
    },
  });
  return { demux, told };
}

function feed(protocol: number, ...chunks: Uint8Array[]): Told {
  const { demux, told } = collect(protocol);
  for (const chunk of chunks) demux.feed(chunk);
  expect(demux.atBoundary).toBe(true);
  return told;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** 3 bytes of data, an INFO, a keep-alive, an empty NOOP, an IO_ERROR, one byte of data. */
const SESSION = Buffer.from(
  '03000007aabbcc 03000009 68690a 00000007 00000031 0400001d01000000 0100000755'.replaceAll(' ', ''),
  'hex',
);
const WHOLE: Told = {
  data: Buffer.from('aabbcc55', 'hex'),
  messages: [
    { at: 3, code: MSG.INFO, payload: Buffer.from('hi\n') },
    { at: 3, code: MSG.NOOP, payload: Buffer.alloc(0) },
    { at: 3, code: MSG.IO_ERROR, payload: Buffer.from([1, 0, 0, 0]) },
  ],
  keepAlives: 1,
};

describe('frames', () => {
  it.each(vectors.frames)('vector: code $code, $hex', ({ code, body, text, value, hex }) => {
    const frame = Buffer.from(hex, 'hex');
    const payload =
      value !== undefined
        ? Buffer.from(intPayload(value))
        : text !== undefined
          ? Buffer.from(text)
          : body !== undefined
            ? Buffer.from(body, 'hex')
            : frame.subarray(4);
    expect(Buffer.from(encodeMessage(code, payload)).toString('hex')).toBe(hex);
    const told = feed(32, frame);
    if (code === MSG.DATA) expect(told.data).toEqual(payload);
    else expect(told.messages).toEqual([{ at: 0, code, payload }]);
    if (value !== undefined) expect(payloadInt(payload)).toBe(value);
  });

  it('a session in one piece', () => {
    expect(feed(32, SESSION)).toEqual(WHOLE);
  });

  it('a session cut at any two places', () => {
    for (let i = 0; i <= SESSION.length; i++) {
      for (let j = i; j <= SESSION.length; j++) {
        expect(feed(32, SESSION.subarray(0, i), SESSION.subarray(i, j), SESSION.subarray(j))).toEqual(WHOLE);
      }
    }
  });

  it('every prefix tells no more than it holds, and is at a boundary only between frames', () => {
    const boundaries = new Set([0, 7, 14, 18, 22, 30, 35]);
    for (let length = 0; length <= SESSION.length; length++) {
      const { demux, told } = collect(32);
      demux.feed(SESSION.subarray(0, length));
      expect(demux.atBoundary, `${length} bytes`).toBe(boundaries.has(length));
      expect(WHOLE.data.subarray(0, told.data.length)).toEqual(told.data);
      expect(WHOLE.messages.slice(0, told.messages.length)).toEqual(told.messages);
    }
  });

  it('any frames in any pieces', () => {
    const frame = fc.oneof(
      fc.record({ code: fc.constant<number>(MSG.DATA), payload: fc.uint8Array({ maxLength: 40 }) }),
      fc.record({
        code: fc.constantFrom<number>(1, 2, 3, 4, 101),
        payload: fc.uint8Array({ maxLength: 20 }),
      }),
      fc.record({
        code: fc.constantFrom<number>(22, 33, 86, 100, 102),
        payload: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      }),
    );
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (frames, sizes) => {
          const stream = Buffer.concat(frames.map(({ code, payload }) => encodeMessage(code, payload)));
          const chunks: Uint8Array[] = [];
          for (let at = 0; at < stream.length; ) {
            const size = sizes.next().value;
            chunks.push(stream.subarray(at, at + size));
            at += size;
          }
          const told = feed(32, ...chunks);
          const ofData = frames.filter(({ code }) => code === MSG.DATA);
          expect(told.data).toEqual(Buffer.concat(ofData.map(({ payload }) => payload)));
          expect(told.messages.map(({ code, payload }) => ({ code, payload }))).toEqual(
            frames
              .filter(({ code }) => code !== MSG.DATA)
              .map(({ code, payload }) => ({ code, payload: Buffer.from(payload) })),
          );
        },
      ),
    );
  });

  it('a frame of 2^24 - 1 bytes is streamed, not gathered', () => {
    const { demux, told } = collect(32);
    demux.feed(bytes(0xff, 0xff, 0xff, 7));
    demux.feed(bytes(1, 2));
    expect(told.data).toEqual(Buffer.from([1, 2]));
    expect(demux.atBoundary).toBe(false);
  });

  it('a header takes 24 bits of length', () => {
    const header = new Uint8Array(6);
    putFrameHeader(header, 1, MSG.DATA, 0x123456);
    expect([...header]).toEqual([0, 0x56, 0x34, 0x12, 7, 0]);
  });
});

describe('what may not come', () => {
  const refused = (protocol: number, ...frame: number[]): unknown => {
    try {
      feed(protocol, bytes(...frame));
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it.each([5, 6, 7, 8, 9, 10, 20, 21, 23, 34, 43, 85, 99, 103, 248])('code %i in any version', (code) => {
    for (const protocol of [29, 30, 31, 32]) {
      expect(refused(protocol, 0, 0, 0, 7 + code)).toMatchObject({ code: 'RSYNC_STREAM', exitCode: 12 });
    }
  });

  it.each([0, 1, 6])('tag %i below the base', (tag) => {
    expect(refused(32, 0, 0, 0, tag)).toMatchObject({ code: 'RSYNC_STREAM', exitCode: 12 });
  });

  // Code, first protocol that has it, a legal length.
  it.each([
    [MSG.ERROR, 30, 0],
    [MSG.WARNING, 30, 0],
    [MSG.IO_ERROR, 30, 4],
    [MSG.NO_SEND, 30, 4],
    [MSG.NOOP, 30, 0],
    [MSG.IO_TIMEOUT, 31, 4],
    [MSG.ERROR_EXIT, 31, 4],
  ])('code %i before protocol %i', (code, first, length) => {
    const frame = [length, 0, 0, 7 + code, ...new Array<number>(length).fill(0)];
    for (const protocol of [29, 30, 31, 32]) {
      const error = refused(protocol, ...frame);
      if (protocol < first) expect(error).toMatchObject({ code: 'RSYNC_STREAM', exitCode: 12 });
      else expect(error).toBeUndefined();
    }
  });

  it.each([
    [MSG.IO_ERROR, [0, 3, 5]],
    [MSG.IO_TIMEOUT, [0, 3, 5]],
    [MSG.SUCCESS, [0, 3, 5, 20]],
    [MSG.NO_SEND, [0, 3, 5]],
    [MSG.NOOP, [1]],
    [MSG.ERROR_EXIT, [1, 2, 3, 5]],
    [MSG.INFO, [LIMITS.MESSAGE_LENGTH + 1]],
    [MSG.DELETED, [LIMITS.MESSAGE_LENGTH + 1]],
  ])('code %i of a wrong length, by its header alone', (code, lengths) => {
    for (const length of lengths) {
      expect(refused(32, length & 0xff, length >>> 8, 0, 7 + code)).toMatchObject({
        code: 'RSYNC_STREAM',
        exitCode: 12,
        message: expect.stringContaining(`${length} bytes`),
      });
    }
  });
});
