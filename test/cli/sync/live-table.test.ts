/** Exact screens; whoever changes the table looks at them. */
import { describe, expect, test } from 'vitest';
import { cut, pad, shown, widthOf } from '../../../src/cli/sync/columns.ts';
import { type LiveRow, render } from '../../../src/cli/sync/live-table.ts';
import { ROWS, SCREEN, WIDE_SCREEN } from './rows.ts';

const screen = { columns: 80, rows: 24, utf8: true, colour: false };

describe('the table', () => {
  test('of 80 columns', () => expect(render(ROWS, screen)).toEqual(SCREEN));
  test('of 120 columns', () => expect(render(ROWS, { ...screen, columns: 120 })).toEqual(WIDE_SCREEN));

  test('in ASCII', () => {
    expect(render(ROWS, { ...screen, utf8: false }).slice(0, 6)).toEqual([
      'Spoke                Phase         Progress                      Rate       ETA',
      'laptop-anna          transferring  #########........  54%    3.2 MB/s      0:42',
      '????                 transferring  ################# 100%    1.0 MB/s   1:06:40',
      'bu?ro                listing       .................',
      'a-very-long-name...  connecting    .................',
      'nas                  retrying      attempt 2 of 4 in 3s: can not connect to ...',
    ]);
  });

  test('of few columns keeps what matters', () => {
    expect(render(ROWS, { ...screen, columns: 50 }).slice(0, 6)).toEqual([
      'Spoke         Phase         Progress',
      'laptop-anna   transferring  ████████▋───────  54%',
      '東京の机      transferring  ████████████████ 100%',
      'bu\u0308ro          listing       ────────────────',
      'a-very-long…  connecting    ────────────────',
      'nas           retrying      attempt 2 of 4 in 3s…',
    ]);
    expect(render(ROWS, { ...screen, columns: 30 }).slice(0, 6)).toEqual([
      'Spoke     Phase',
      'laptop-…  transferring   54%',
      '東京の机  transferring  100%',
      'bu\u0308ro      listing',
      'a-very-…  connecting',
      'nas       retrying      atte…',
    ]);
  });

  test('is never wider or higher than the terminal', () => {
    for (let columns = 1; columns <= 200; columns += columns < 90 ? 1 : 13) {
      for (const utf8 of [true, false]) {
        for (const rows of [3, 9, 24]) {
          const lines = render(ROWS, { columns, rows, utf8, colour: false });
          expect(lines.length).toBeLessThan(Math.max(4, rows));
          for (const line of lines) expect(widthOf(line)).toBeLessThan(Math.max(10, columns));
        }
      }
    }
  });

  test('that is too long shows who is at work, then who failed, and counts the others', () => {
    const lines = render(ROWS, { ...screen, rows: 9 });
    expect(lines.slice(1).map((line) => line.split(/ {2,}/)[0])).toEqual([
      'laptop-anna',
      '東京の机',
      'bu\u0308ro',
      'a-very-long-name-o…',
      'nas',
      'e?[31mvil',
      'and 3 more: 2 ended, 1 waiting',
    ]);
  });

  test('has colour only where it is wanted, around the same text', () => {
    const painted = render(ROWS, { ...screen, colour: true });
    expect(painted[0]).toBe(`\x1b[1m${SCREEN[0]}\x1b[0m`);
    expect(painted[6]).toContain('\x1b[31m✗ e?[31mvil');
    expect(painted.map((line) => line.replace(/\x1b\[\d+m/g, ''))).toEqual(SCREEN);
    expect(render(ROWS, screen).join('')).not.toContain('\x1b');
  });

  test('a fraction that is none', () => {
    const odd = (fraction: number): LiveRow => ({ ...ROWS[0]!, fraction });
    const [, low, high] = render([odd(-1), odd(7)], screen);
    expect(low).toContain('   0%');
    expect(high).toContain(' 100%');
  });
});

test('columns of text', () => {
  expect([widthOf('é'), widthOf('e\u0301'), widthOf('机'), widthOf('👩‍💻'), widthOf('')]).toEqual([
    1, 1, 2, 2, 0,
  ]);
  expect(cut('机机机', 5, true)).toBe('机机…');
  expect(cut('机机机', 4, true)).toBe('机…');
  expect(cut('e\u0301e\u0301e\u0301', 2, true)).toBe('e\u0301…');
  expect(cut('abcdef', 5, false)).toBe('ab...');
  expect(cut('abcdef', 2, false)).toBe('..');
  expect(pad('机机机', 4, true)).toBe('机… ');
  expect(pad('7', 3, true, 'right')).toBe('  7');
  expect(shown('a\tb\r\n\x1b[2J\u202ec\ud800é', true)).toBe('a b  ?[2J?c?é');
  expect(shown('é机', false)).toBe('??');
});
