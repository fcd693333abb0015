import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  appendHistory,
  type HistoryRecord,
  readHistory,
  redactWords,
} from '../../../src/sync/state/history.ts';
import { temporaryFolder } from '../../support/peers.ts';

function record(exitCode: number, more: Partial<HistoryRecord> = {}): HistoryRecord {
  return {
    schema: 1,
    at: '2026-01-02T03:04:05.000Z',
    who: 'me@desk',
    profile: 'web',
    direction: 'pull',
    options: ['-av', '--delete'],
    result: exitCode === 0 ? 'ok' : 'failed',
    exitCode,
    duration: 1500,
    ...more,
  };
}

const fresh = () => join(temporaryFolder(), 'state', 'h.jsonl');
const codes = (path: string, limit?: number) => [...readHistory(path, limit)].map(({ exitCode }) => exitCode);

describe('the history', () => {
  it('comes back newest first, up to a limit', () => {
    const path = fresh();
    expect(codes(path)).toEqual([]);
    for (let k = 0; k < 5; k++) appendHistory(path, record(k, { error: 'RSYNC_CONNECT' }));
    expect(codes(path)).toEqual([4, 3, 2, 1, 0]);
    expect(codes(path, 2)).toEqual([4, 3]);
    expect(codes(path, 0)).toEqual([]);
    expect([...readHistory(path, 1)]).toEqual([record(4, { error: 'RSYNC_CONNECT' })]);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(6);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is turned over by size, keeps so many files, and reads through them', () => {
    const path = fresh();
    const length = JSON.stringify(record(10)).length + 1;
    for (let k = 10; k < 30; k++) appendHistory(path, record(k), { maxBytes: 3 * length, files: 3 });
    expect(readdirSync(dirname(path)).sort()).toEqual(['h.jsonl', 'h.jsonl.1', 'h.jsonl.2']);
    expect(codes(path)).toEqual([29, 28, 27, 26, 25, 24, 23, 22]);
    expect(codes(path, 4)).toEqual([29, 28, 27, 26]);
    const one = fresh();
    for (let k = 10; k < 15; k++) appendHistory(one, record(k), { maxBytes: 2 * length, files: 1 });
    expect(readdirSync(dirname(one))).toEqual(['h.jsonl']);
    expect(codes(one)).toEqual([14]);
  });

  it('with a torn last line loses that line and not the next', () => {
    const path = fresh();
    appendHistory(path, record(1));
    appendFileSync(path, '{"schema":1,"at":"20');
    expect(codes(path)).toEqual([1]);
    appendHistory(path, record(2));
    expect(codes(path)).toEqual([2, 1]);
  });

  it('passes over what is no record: other schemas, other text, lines without an end', () => {
    const path = fresh();
    appendHistory(path, record(1));
    const odd = [
      '',
      'null',
      '[]',
      '{"schema":2}',
      JSON.stringify({ ...record(9), direction: 'sideways' }),
      '\xff',
    ];
    for (const line of odd) appendFileSync(path, `${line}\n`);
    appendFileSync(path, `${'x'.repeat(300_000)}\n`);
    appendHistory(path, record(2));
    expect(codes(path)).toEqual([2, 1]);
    writeFileSync(path, 'x'.repeat(300_000));
    expect(codes(path)).toEqual([]);
  });

  it('reads lines that lie across the border of its chunks', () => {
    const path = fresh();
    const all = Array.from({ length: 600 }, (_, k) => record(k, { profile: 'é'.repeat(k % 97) }));
    for (const each of all) appendHistory(path, each);
    expect(statSync(path).size).toBeGreaterThan(3 * 65_536 - 65_536);
    expect([...readHistory(path)]).toEqual(all.toReversed());
  });

  it('has a record that is too long for a line without its options', () => {
    const path = fresh();
    appendHistory(path, record(3, { options: ['x'.repeat(100_000)] }));
    expect([...readHistory(path)]).toEqual([record(3, { options: ['...'] })]);
  });

  it('that can not be written is a typed error', () => {
    const path = fresh();
    mkdirSync(path, { recursive: true });
    expect(() => appendHistory(path, record(1))).toThrow(expect.objectContaining({ code: 'RSYNC_FILE_IO' }));
    expect(existsSync(path)).toBe(true);
  });

  it('has no secrets in its options', () => {
    expect(
      redactWords(['--password-file=/p', 'rsync://me:hunter2@h/m', 'hunter2x'], ['hunter2', '', 'me']),
    ).toEqual(['--password-file=/p', 'rsync://me:***@h/m', '***x']);
    // The longer one first: nothing of it stays.
    expect(redactWords(['abcdef'], ['abc', 'abcdef'])).toEqual(['***']);
  });
});
