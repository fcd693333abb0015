/** The table in place on a terminal: what is written and when, and what a real one (tmux) shows. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LiveDisplay } from '../../../src/cli/sync/live-screen.ts';
import { render } from '../../../src/cli/sync/live-table.ts';
import { MAIN } from '../../support/peers.ts';
import { noTmux, quoted, type Terminal, Terminals } from '../../support/terminal.ts';
import { ROWS, SCREEN, WIDE_SCREEN } from './rows.ts';

function display(columns = 80) {
  let now = 0;
  let picture: string[] = ['one', 'two'];
  const written: string[] = [];
  const timers = new Map<() => void, number>();
  const shown = new LiveDisplay(
    { write: (chunk) => written.push(Buffer.from(chunk).toString()) },
    () => columns,
    () => picture,
    {
      now: () => now,
      later(milliseconds, work) {
        timers.set(work, now + milliseconds);
        return () => void timers.delete(work);
      },
    },
  );
  return {
    shown,
    written: () => written.splice(0).join(''),
    show: (lines: string[]) => {
      picture = lines;
      shown.update();
    },
    narrow: (to: number) => {
      columns = to;
    },
    advance: (milliseconds: number) => {
      now += milliseconds;
      for (const [work, at] of timers) if (at <= now) work();
    },
    timers,
  };
}

const draw = (up: number, ...lines: string[]) =>
  `\x1b[?7l${up > 0 ? `\x1b[${up}A` : ''}${lines.map((line) => `\r${line}\x1b[K\n`).join('')}\x1b[J\x1b[?7h`;

describe('what is written', () => {
  test('over the old lines, ten times a second at most', () => {
    const here = display();
    expect(here.written()).toBe(`\x1b[?25l${draw(0, 'one', 'two')}`);
    for (let i = 0; i < 50; i++) here.show([`n${i}`, 'two']);
    expect(here.written()).toBe('');
    here.advance(99);
    expect(here.written()).toBe('');
    here.advance(1);
    expect(here.written()).toBe(draw(2, 'n49', 'two'));
    here.advance(1000);
    expect(here.written()).toBe('');
    // Fewer lines: what is left of the others goes.
    here.show(['three']);
    expect(here.written()).toBe(draw(2, 'three'));
    here.shown.close();
    expect(here.written()).toBe(`${draw(1, 'three')}\x1b[?25h`);
    here.shown.update();
    here.shown.close();
    expect(here.written()).toBe('');
    here.shown.print(['after']);
    expect(here.written()).toBe('after\n');
  });

  test('lines that stay go above, at once', () => {
    const here = display();
    here.written();
    here.show(['later', 'two']);
    here.shown.print(['told']);
    expect(here.written()).toBe(
      '\x1b[?7l\x1b[2A\x1b[J\x1b[?7htold\n\x1b[?7l\rlater\x1b[K\n\rtwo\x1b[K\n\x1b[J\x1b[?7h',
    );
    expect(here.timers.size).toBe(0);
  });

  test('a terminal that became narrower has broken the old lines: all of them are drawn over', () => {
    const here = display(20);
    here.advance(100);
    here.show(['\x1b[31mfifteen columns\x1b[0m', 'two']);
    here.written();
    here.narrow(8);
    here.advance(100);
    here.show(['seven..', 'two']);
    expect(here.written()).toBe(draw(3, 'seven..', 'two'));
  });
});

describe.skipIf(noTmux)('in a real terminal (skipped without tmux)', () => {
  let base = '';
  let terminals: Terminals;
  beforeAll(() => {
    base = mkdtempSync(join(tmpdir(), 'rsyncjs-tmux-'));
    terminals = new Terminals(base);
    const built = (name: string) => {
      const path = join(dirname(MAIN), '../cli/sync', name);
      if (!existsSync(path)) throw new Error(`${path} does not exist: run npm run build`);
      return pathToFileURL(path).href;
    };
    writeFileSync(join(base, 'rows.json'), JSON.stringify(ROWS));
    writeFileSync(
      join(base, 'show.mjs'),
      `import { existsSync, readFileSync } from 'node:fs';
import { LiveDisplay } from '${built('live-screen.js')}';
import { render } from '${built('live-table.js')}';
const all = JSON.parse(readFileSync('${base}/rows.json', 'utf8'));
let rows = all.map((row) => ({ ...row, phase: 'waiting', ended: undefined, note: undefined }));
const { stdout } = process;
const screen = () => ({ columns: stdout.columns, rows: stdout.rows, utf8: true, colour: true });
const display = new LiveDisplay(stdout, () => stdout.columns, () => render(rows, screen()));
stdout.on('resize', () => display.update());
let step = 0;
const timer = setInterval(() => {
  step++;
  if (step <= 8) rows = rows.map((row, i) => (i < step * 2 ? all[i] : row));
  if (step === 3) display.print(['spoke "old" is disabled']);
  if (step <= 8) display.update();
  if (!existsSync('${base}/stop')) return;
  clearInterval(timer);
  display.close();
  setTimeout(() => {}, 60_000);
}, 30);
`,
    );
  });
  afterAll(() => {
    terminals.stop();
    rmSync(base, { recursive: true, force: true });
  });

  const expectScreen = (terminal: Terminal, expected: readonly string[]) =>
    terminal.until((lines) => lines.join('\n') === expected.join('\n'));

  test('at 80 and at 120 columns, and when it is made narrower', async () => {
    const told = 'spoke "old" is disabled';
    const open = (columns: number) =>
      terminals.open(`${quoted(process.execPath)} ${quoted(join(base, 'show.mjs'))}`, { columns, rows: 24 });
    const [narrow, wide] = [open(80), open(120)];
    await Promise.all([expectScreen(narrow, [told, ...SCREEN]), expectScreen(wide, [told, ...WIDE_SCREEN])]);
    wide.resize(70, 24);
    const small = render(ROWS, { columns: 70, rows: 24, utf8: true, colour: false });
    // What became higher by it has gone into the history, with the line above: the table is whole.
    await expectScreen(wide, small);
    expect(narrow.ask('#{cursor_flag}')).toBe('0');
    writeFileSync(join(base, 'stop'), '');
    while (narrow.ask('#{cursor_flag}') !== '1') await delay(100);
    // The cursor is back, below the table, which stays.
    expect(narrow.ask('#{cursor_flag} #{cursor_y} #{cursor_x}')).toBe(`1 ${SCREEN.length + 1} 0`);
    await expectScreen(narrow, [told, ...SCREEN]);
  });
});
