import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBuffer } from '../../src/core/bytes.ts';
import { isRsyncError } from '../../src/core/errors.ts';
import { NameListReader, nameListPieces, splitNameList } from '../../src/protocol/files-from.ts';
import { NEED_MORE, Reader } from '../../src/protocol/reader.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const wire = (names: readonly string[]): Buffer => Buffer.concat([...nameListPieces(names)]);

/** Reads as much as there is; undefined: not the whole list. */
function read(content: Uint8Array, list = new NameListReader()): string[] | undefined {
  const reader = new Reader(content);
  try {
    while (!list.next(reader));
    expect(reader.remaining).toBe(0);
    return list.names;
  } catch (error) {
    if (error !== NEED_MORE) throw error;
    return undefined;
  }
}

describe('the names in a file', () => {
  // What rsync 3.5.1 put on the wire for such files.
  it.each([
    ['', false, '\0'],
    ['\n\n', false, '\0'],
    ['a/g', false, 'a/g\0\0'],
    ['a/g\r\n\n#c\ntop\n', false, 'a/g\0#c\0top\0\0'],
    ['a\0b\n', false, 'a\0b\0\0'],
    ['a\nb\0\0c\r', true, 'a\nb\0c\r\0\0'],
  ])('%j with -0 %s', (content, from0, expected) => {
    expect(fromBuffer(wire(splitNameList(bytes(content), from0)))).toBe(expected);
  });

  it('keep their bytes', () => {
    expect(splitNameList(Buffer.from([0xff, 0x20, 0x0a, 0x20]), false)).toEqual(['\xff ', ' ']);
  });
});

describe('the list on the wire', () => {
  it('is read as it was written, at every cut', () => {
    const names = ['a', 'b c', '\xff\n', 'x'.repeat(300)];
    const content = wire(names);
    const wrong: number[] = [];
    for (let cut = 0; cut < content.length; cut++) {
      const list = new NameListReader();
      const reader = new Reader(content.subarray(0, cut));
      let ended = false;
      try {
        while (!ended) ended = list.next(reader);
      } catch (error) {
        if (error !== NEED_MORE) throw error;
      }
      const whole = read(content.subarray(reader.pos), list);
      if (ended || JSON.stringify(whole) !== JSON.stringify(names)) wrong.push(cut);
    }
    expect(wrong).toEqual([]);
  });

  it('comes in pieces, however long it is', () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `directory/${i}`);
    const pieces = [...nameListPieces(names)];
    expect(pieces.length).toBeGreaterThan(5);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(64 * 1024);
    expect(read(Buffer.concat(pieces))).toEqual(names);
  });

  it('has any bytes but NUL', () => {
    const name = fc.uint8Array({ min: 1, minLength: 1, maxLength: 20 }).map((value) => fromBuffer(value));
    fc.assert(
      fc.property(fc.array(name), (names) => {
        expect(read(wire(names))).toEqual(names);
      }),
    );
  });

  it('a name without an end is refused before it is kept', () => {
    expect(read(Buffer.alloc(4095, 'x'))).toBeUndefined();
    for (const content of [
      Buffer.alloc(4096, 'x'),
      Buffer.concat([Buffer.alloc(5000, 'x'), Buffer.alloc(1)]),
    ]) {
      expect(refusal(() => read(content))).toBe(22);
    }
  });

  it('a list without an end is refused', () => {
    expect(read(wire(['x'.repeat(50), 'y'.repeat(48)]), new NameListReader(100))).toHaveLength(2);
    expect(refusal(() => read(wire(['x'.repeat(50), 'y'.repeat(49)]), new NameListReader(100)))).toBe(22);
  });
});

function refusal(run: () => unknown): number | undefined {
  try {
    run();
  } catch (error) {
    if (isRsyncError(error) && error.code === 'RSYNC_LIMIT') return error.exitCode;
    throw error;
  }
  return undefined;
}
