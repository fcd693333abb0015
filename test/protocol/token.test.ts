import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRsyncError } from '../../src/core/errors.ts';
import { Reader } from '../../src/protocol/reader.ts';
import {
  availableCompressors,
  createTokenReader,
  createTokenWriter,
  TOKEN,
} from '../../src/protocol/token.ts';
import { Writer } from '../../src/protocol/writer.ts';
import { assemble, decodeFile, sample } from './token-decode.ts';
import { capturedSessions } from './token-exchange.ts';

const sessions = capturedSessions();
const available = availableCompressors();

function skipped(compressor: string): boolean {
  return compressor === 'zstd' && !available.includes('zstd');
}

/** The reason is part of the title: a skipped test shows it. */
function title(vector: string, compressor: string): string {
  return skipped(compressor) ? `${vector} (Node ${process.versions.node} has no zstd)` : vector;
}

describe('token streams of real rsync', () => {
  it('covers every compressor, both directions of the old and the new', () => {
    const seen = new Set(sessions.map((s) => `${s.compressor} ${s.protocol}`));
    for (const kind of [
      'none 29',
      'zlib 29',
      'zlib 30',
      'zlib 31',
      'zlib 32',
      'zlibx 31',
      'zlibx 32',
      'zstd 32',
    ]) {
      expect(seen).toContain(kind);
    }
    expect(seen).toContain('lz4 32');
    expect(sessions.flatMap((s) => s.streams).length).toBeGreaterThan(60);
  });

  for (const session of sessions) {
    it.skipIf(skipped(session.compressor))(title(session.vector, session.compressor), () => {
      const reader = createTokenReader(session);
      for (const stream of session.streams) {
        const decoded = decodeFile(reader, stream.tokens, stream);
        expect(decoded).toMatchObject({ used: stream.tokens.length, ended: true });
        const file = Buffer.concat([stream.prefix, assemble(decoded.parts, stream.blocks)]);
        if (!stream.failed) expect(file.equals(stream.content), stream.name).toBe(true);
      }
    });
  }

  for (const session of sessions.filter((s) => /^(zlib|zlibx|zstd|lz4|delta)-/.test(s.vector))) {
    it.skipIf(skipped(session.compressor))(
      `${title(session.vector, session.compressor)}, at every split point`,
      () => {
        const longest = Math.max(...session.streams.map((s) => s.tokens.length));
        for (let split = 0; split <= longest; split++) {
          const reader = createTokenReader(session);
          for (const stream of session.streams) {
            const decoded = decodeFile(reader, stream.tokens, { blocks: stream.blocks, pieces: [split] });
            expect(decoded.used).toBe(stream.tokens.length);
            expect(assemble(decoded.parts, stream.blocks).equals(stream.content)).toBe(true);
          }
        }
      },
    );

    it.skipIf(skipped(session.compressor))(
      `${title(session.vector, session.compressor)}, byte by byte and every truncated prefix`,
      () => {
        const stream = session.streams[0]!;
        const bytewise = decodeFile(createTokenReader(session), stream.tokens, {
          blocks: stream.blocks,
          pieces: new Array(stream.tokens.length).fill(1),
        });
        expect(assemble(bytewise.parts, stream.blocks).equals(stream.content)).toBe(true);
        for (let length = 0; length < stream.tokens.length; length++) {
          const part = decodeFile(createTokenReader(session), stream.tokens.subarray(0, length), stream);
          expect(part.ended).toBe(false);
          const start = assemble(part.parts, stream.blocks);
          expect(start.equals(stream.content.subarray(0, start.length))).toBe(true);
        }
      },
    );
  }

  it('discards a compressed file: matched blocks of the right length, content unknown', () => {
    const session = sessions.find((s) => s.vector === 'zlib-delta-p29')!;
    const reader = createTokenReader(session);
    const [first, second] = session.streams;
    const discarded = decodeFile(reader, first!.tokens, {
      blocks: first!.blocks,
      matched: (block) => new Uint8Array(first!.blocks[block]!.length),
    });
    expect(discarded.ended).toBe(true);
    expect(assemble(discarded.parts, first!.blocks).length).toBe(first!.content.length);
    const decoded = decodeFile(reader, second!.tokens, second!);
    expect(assemble(decoded.parts, second!.blocks).equals(second!.content)).toBe(true);
  });
});

describe('plain tokens', () => {
  const plain = { compressor: 'none', level: undefined, protocol: 31 } as const;

  it('writes what the captured sender wrote', () => {
    const session = sessions.find((s) => s.vector === 'delta-push-p32')!;
    for (const stream of session.streams) {
      const { parts } = decodeFile(createTokenReader(plain), stream.tokens, stream);
      const out = new Writer();
      const writer = createTokenWriter(plain);
      for (const part of parts) {
        if (typeof part === 'number') writer.match(out, part, stream.blocks[part]!);
        else writer.literal(out, part);
      }
      writer.end(out);
      expect(Buffer.from(out.view()).equals(stream.tokens)).toBe(true);
    }
  });

  it('cuts literals in pieces of 32768', () => {
    const out = new Writer();
    createTokenWriter(plain).literal(out, new Uint8Array(70000));
    const bytes = new Reader(out.view());
    const lengths: number[] = [];
    while (bytes.remaining > 0) {
      lengths.push(bytes.int());
      bytes.view(lengths.at(-1)!);
    }
    expect(lengths).toEqual([32768, 32768, 4464]);
  });

  it('hands out a long literal as it comes, without a copy', () => {
    const w = new Writer();
    w.int(10_000_000);
    w.bytes(sample('noise', 1000));
    const reader = new Reader(w.take());
    const tokens = createTokenReader(plain);
    tokens.begin(0);
    expect(tokens.next(reader)).toBe(TOKEN.LITERAL);
    expect(tokens.data.length).toBe(1000);
    expect(tokens.data.buffer).toBe(reader.buffer.buffer);
    expect(reader.remaining).toBe(0);
  });

  it.each([
    ['block past the end', -6, 5],
    ['block of no basis', -1, 0],
    ['block of the highest number', -0x80000000, 5],
  ])('refuses a %s', (_, token, blockCount) => {
    const w = new Writer();
    w.int(token);
    expectError(() => decodeFile(createTokenReader(plain), w.take(), { blockCount }), 2);
  });

  it.each(['zlib', 'zlibx'] as const)('are what %s at level 0 means, at both ends', (compressor) => {
    const out = new Writer();
    const writer = createTokenWriter({ compressor, level: 0, protocol: 32 });
    writer.literal(out, Uint8Array.of(7));
    writer.match(out, 2, Uint8Array.of(1));
    writer.end(out);
    expect(Buffer.from(out.view()).toString('hex')).toBe('0100000007fdffffff00000000');
    const reader = createTokenReader({ compressor, level: 0, protocol: 32 });
    expect(decodeFile(reader, out.view(), { blockCount: 3 }).parts).toEqual([Uint8Array.of(7), 2]);
  });
});

describe('every compressor', () => {
  const parts = fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constantFrom('text' as const, 'noise' as const),
        length: fc.oneof(
          { weight: 9, arbitrary: fc.integer({ min: 1, max: 3000 }) },
          fc.constantFrom(16383, 40000),
        ),
        seed: fc.integer({ min: 1, max: 4 }),
      }),
      fc.record({ block: fc.integer({ min: 0, max: 199 }), run: fc.integer({ min: 1, max: 80 }) }),
    ),
    { maxLength: 12 },
  );
  const files = fc.array(parts, { minLength: 1, maxLength: 3 });
  const blocks = Array.from({ length: 280 }, (_, i) => sample(i % 3 ? 'text' : 'noise', 500, 1 + (i % 7)));

  for (const compressor of ['none', 'zlib', 'zlibx', 'lz4', 'zstd'] as const) {
    it.skipIf(skipped(compressor))(`${title(compressor, compressor)}: what was written is read`, () => {
      fc.assert(
        fc.property(
          files,
          fc.constantFrom(29, 30, 31, 32),
          fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 20 }),
          (session, protocol, pieces) => {
            const out = new Writer();
            const writer = createTokenWriter({ compressor, level: undefined, protocol });
            const reader = createTokenReader({ compressor, protocol });
            for (const file of session) {
              const expected: Uint8Array[] = [];
              for (const part of file) {
                if ('kind' in part) {
                  const data = sample(part.kind, part.length, part.seed);
                  writer.literal(out, data);
                  expected.push(data);
                  continue;
                }
                for (let b = part.block; b < part.block + part.run; b++) {
                  writer.match(out, b, blocks[b]!);
                  expected.push(blocks[b]!);
                }
              }
              writer.end(out);
              const stream = out.take();
              const decoded = decodeFile(reader, stream, { blocks, pieces });
              expect(decoded.used).toBe(stream.length);
              expect(assemble(decoded.parts, blocks).equals(Buffer.concat(expected))).toBe(true);
            }
          },
        ),
        { numRuns: 100 },
      );
    });

    it.skipIf(skipped(compressor))(`${title(compressor, compressor)}: an empty file is its end alone`, () => {
      const out = new Writer();
      const writer = createTokenWriter({ compressor, level: undefined, protocol: 31 });
      writer.literal(out, new Uint8Array(0));
      writer.end(out);
      expect(out.take()).toEqual(new Uint8Array(compressor === 'none' ? 4 : 1));
    });
  }

  it('are told in the order of preference', () => {
    expect(available.filter((name) => name !== 'zstd')).toEqual(['lz4', 'zlibx', 'zlib']);
    expect(['zstd', 'lz4']).toContain(available[0]);
  });

  it.skipIf(available.includes('zstd'))('zstd is refused where Node has none', () => {
    expectError(() => createTokenReader({ compressor: 'zstd', protocol: 32 }), 4);
    expectError(() => createTokenWriter({ compressor: 'zstd', level: 3, protocol: 32 }), 4);
  });

  it.each([
    ['zlib', -7],
    ['zlib', 99],
    ['zlibx', 3.7],
    ['lz4', 12],
  ] as const)('%s takes level %d as near as it can', (compressor, level) => {
    const out = new Writer();
    const writer = createTokenWriter({ compressor, level, protocol: 32 });
    const data = sample('text', 5000);
    writer.literal(out, data);
    writer.end(out);
    expect(out.length).toBeLessThan(5000);
    expect(decodeFile(createTokenReader({ compressor, protocol: 32 }), out.view()).parts).toEqual([data]);
  });
});

function expectError(run: () => unknown, exitCode: number): void {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  expect(isRsyncError(thrown), String(thrown)).toBe(true);
  expect(thrown).toMatchObject({ exitCode });
}
