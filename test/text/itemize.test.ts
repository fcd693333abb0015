import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG } from '../../src/core/mode.ts';
import { DELETING, isRemarkable, itemize } from '../../src/text/itemize.ts';

interface Row {
  case: string;
  client: string;
  protocol: number;
  args: string;
  direction: 'push' | 'pull';
  iflags: string | null;
  printed: string;
  rest: string;
}

const { rows } = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/transfer/itemize.json', import.meta.url), 'utf8'),
) as { rows: Row[] };

// The rows do not hold modes: the kind of file is the one that rsync printed.
const MODES: Readonly<Record<string, number>> = {
  f: S_IFREG,
  d: S_IFDIR,
  L: S_IFLNK,
  D: S_IFCHR,
  S: S_IFIFO,
};

describe('the lines of real runs', () => {
  it('are all there', () => expect(rows).toHaveLength(220));

  it.each(
    rows.map((row) => [`${row.case}, ${row.args}, ${row.direction} ${row.client} p${row.protocol}`, row]),
  )('%s', (_title, row) => {
    if (row.iflags === null) {
      expect(DELETING).toBe(row.printed);
      return;
    }
    const sends = row.direction === 'push';
    const printed = itemize(Number(row.iflags), MODES[row.printed[1]!]!, {
      sends,
      times: /^-\w*[at]/.test(row.args),
      setsSymlinkTimes: !sends || row.protocol > 29,
    });
    expect(printed).toBe(row.printed);
  });
});

describe('single flags', () => {
  const terms = { sends: true, times: true, setsSymlinkTimes: true };

  it.each([
    [0x0400, '.f......n..'],
    [0x0401, '.f......b..'],
    [0x0001, '.f......u..'],
    [0x0080, '.f.......a.'],
    [0x0100, '.f........x'],
    [0x0200, '.f         '],
  ])('0x%s of a file', (iflags, expected) => expect(itemize(iflags, S_IFREG, terms)).toBe(expected));

  it('marks a symlink whose time could not be set, and never its size', () => {
    expect(itemize(0x400c, S_IFLNK, terms)).toBe('cL..T......');
    expect(itemize(0x4008, S_IFLNK, { ...terms, setsSymlinkTimes: false })).toBe('cL..T......');
    expect(itemize(0x4008, S_IFLNK, terms)).toBe('cL..t......');
  });

  it('points the arrow where the data goes', () => {
    expect(itemize(0x8000, S_IFREG, terms)[0]).toBe('<');
    expect(itemize(0x8000, S_IFREG, { ...terms, sends: false })[0]).toBe('>');
  });

  it('counts no mere circumstance as a change', () => {
    for (const iflags of [0, 0x0800, 0x1000, 0x4000, 0x5800]) expect(isRemarkable(iflags)).toBe(false);
    for (const iflags of [1, 2, 4, 8, 0x10, 0x100, 0x2000, 0x8000]) expect(isRemarkable(iflags)).toBe(true);
  });
});
