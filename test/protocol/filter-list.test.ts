import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import {
  FilterListReader,
  MAX_LIST_BYTES,
  MAX_RULE_TEXT,
  MAX_RULES,
  readFilterList,
  writeFilterList,
} from '../../src/protocol/filter-list.ts';
import { NEED_MORE, Reader } from '../../src/protocol/reader.ts';
import { Writer } from '../../src/protocol/writer.ts';

function encode(texts: string[]): Uint8Array {
  const w = new Writer();
  writeFilterList(w, texts);
  return w.take();
}

function intsAndText(...parts: (number | string)[]): Uint8Array {
  const w = new Writer();
  for (const part of parts) {
    if (typeof part === 'number') w.int(part);
    else w.text(part);
  }
  return w.take();
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('filter list', () => {
  it('is int length, text, ..., int 0', () => {
    expect(Buffer.from(encode(['- foo', '-p .pd/'])).toString('hex')).toBe(
      `05000000${Buffer.from('- foo').toString('hex')}07000000${Buffer.from('-p .pd/').toString('hex')}00000000`,
    );
    expect(Buffer.from(encode([])).toString('hex')).toBe('00000000');
    expect(Buffer.from(encode(['x'.repeat(300)])).toString('hex', 0, 4)).toBe('2c010000');
  });

  const list = ['- foo', fromText('+ é/'), '-s \xff\x80', '-sr a\nb', `- ${'x'.repeat(300)}`];

  it('comes back, with the bytes after it untouched', () => {
    const bytes = Buffer.concat([encode(list), Buffer.from('rest')]);
    const r = new Reader(bytes);
    expect(readFilterList(r)).toEqual(list);
    expect(r.remaining).toBe(4);
  });

  it('takes nothing of any truncated prefix', () => {
    const bytes = encode(list);
    for (let length = 0; length < bytes.length; length++) {
      const r = new Reader(bytes, 0, length);
      expect(thrownBy(() => readFilterList(r))).toBe(NEED_MORE);
      expect(r.pos).toBe(0);
    }
  });

  it('is read rule by rule at every split point', () => {
    const bytes = encode(list);
    for (let split = 0; split <= bytes.length; split++) {
      const reader = new FilterListReader();
      const r = new Reader(bytes, 0, split);
      let ended = false;
      while (!ended) {
        const before = r.pos;
        try {
          ended = reader.next(r);
        } catch (error) {
          expect(error).toBe(NEED_MORE);
          expect(r.pos).toBe(before);
          expect(r.end).toBe(split);
          r.end = bytes.length;
        }
      }
      expect(reader.texts).toEqual(list);
      expect(r.remaining).toBe(0);
    }
  });

  it('round trips, whatever the bytes', () => {
    const byte = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code));
    const text = fc.string({ unit: byte, minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        expect(readFilterList(new Reader(encode(texts)))).toEqual(texts);
      }),
    );
  });

  it('takes a rule of 5119 bytes, and refuses a longer one before its text has come, exit 22', () => {
    const longest = 'x'.repeat(MAX_RULE_TEXT);
    expect(readFilterList(new Reader(encode([longest])))).toEqual([longest]);
    for (const length of [MAX_RULE_TEXT + 1, 0x7fffffff, -1, -2147483648]) {
      expect(
        thrownBy(() => readFilterList(new Reader(intsAndText(length)))),
        String(length),
      ).toMatchObject({
        exitCode: 22,
        origin: 'remote',
      });
    }
    expect(thrownBy(() => encode([`${longest}x`]))).toMatchObject({ exitCode: 22, origin: 'local' });
  });

  it('never writes an empty rule, which would be the end', () => {
    expect(thrownBy(() => encode(['- a', '']))).toBeInstanceOf(RangeError);
  });

  it('refuses a NUL in a rule, exit 2', () => {
    expect(thrownBy(() => readFilterList(new Reader(intsAndText(3, 'a\0b', 0))))).toMatchObject({
      exitCode: 2,
    });
  });

  it('has a limit of rules and of bytes, exit 22', () => {
    const reader = new FilterListReader();
    const one = new Reader(intsAndText(1, 'x'));
    for (let i = 0; i < MAX_RULES; i++) {
      one.pos = 0;
      reader.next(one);
    }
    expect(reader.texts).toHaveLength(MAX_RULES);
    one.pos = 0;
    expect(thrownBy(() => reader.next(one))).toMatchObject({ exitCode: 22, code: 'RSYNC_LIMIT' });
    expect(reader.next(new Reader(intsAndText(0)))).toBe(true);

    const large = new FilterListReader();
    const rule = new Reader(intsAndText(MAX_RULE_TEXT, 'x'.repeat(MAX_RULE_TEXT)));
    const error = thrownBy(() => {
      for (;;) {
        rule.pos = 0;
        large.next(rule);
      }
    });
    expect(error).toMatchObject({ exitCode: 22, code: 'RSYNC_LIMIT' });
    expect(large.texts).toHaveLength(Math.floor(MAX_LIST_BYTES / MAX_RULE_TEXT));
  });
});
