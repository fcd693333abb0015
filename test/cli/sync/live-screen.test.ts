/** The table in place on a terminal: what is written and when, and what a real one (tmux) shows. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LiveDisplay } from '../../../src/cli/sync/live-screen.ts';
import { render } from '../../../src/cli/sync/live-table.ts';
import { MAIN } from '../../support/peers.ts';
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

const noTmux = spawnSync('tmux', ['-V']).status !== 0;
if (process.env.CI && process.platform === 'linux' && noTmux) throw new Error('apt-get install tmux');

describe.skipIf(noTmux)('in a real terminal (skipped without tmux)', () => {
  let base = '';
  const tmux = (...words: string[]) =>
    execFileSync('tmux', ['-S', join(base, 'socket'), '-f', '/dev/null', ...words], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH!, HOME: base, LC_ALL: 'C.UTF-8', TERM: 'xterm-256color' },
    });
  beforeAll(() => {
    base = mkdtempSync(join(tmpdir(), 'rsyncjs-tmux-'));
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
    // The server may be gone by itself.
    spawnSync('tmux', ['-S', join(base, 'socket'), 'kill-server']);
    rmSync(base, { recursive: true, force: true });
  });

  /** Looks until the screen is as expected, for as long as a test may take. */
  async function expectScreen(name: string, expected: readonly string[]): Promise<void> {
    let lines: string[] = [];
    for (let tries = 0; tries < 200; tries++) {
      lines = tmux('capture-pane', '-p', '-t', name).trimEnd().split('\n');
      if (lines.join('\n') === expected.join('\n')) return;
      await delay(100);
    }
    expect(lines).toEqual(expected);
  }

  test('at 80 and at 120 columns, and when it is made narrower', async () => {
    const told = 'spoke "old" is disabled';
    for (const [name, columns] of [
      ['narrow', 80],
      ['wide', 120],
    ] as const) {
      const command = `'${process.execPath}' '${base}/show.mjs'`;
      tmux('new-session', '-d', '-s', name, '-x', String(columns), '-y', '24', command);
      tmux('set-option', '-t', name, 'status', 'off');
      tmux('resize-window', '-t', name, '-x', String(columns), '-y', '24');
    }
    await Promise.all([
      expectScreen('narrow', [told, ...SCREEN]),
      expectScreen('wide', [told, ...WIDE_SCREEN]),
    ]);
    tmux('resize-window', '-t', 'wide', '-x', '70', '-y', '24');
    const small = render(ROWS, { columns: 70, rows: 24, utf8: true, colour: false });
    // What became higher by it has gone into the history, with the line above: the table is whole.
    await expectScreen('wide', small);
    expect(tmux('display-message', '-p', '-t', 'narrow', '#{cursor_flag}').trim()).toBe('0');
    writeFileSync(join(base, 'stop'), '');
    for (let tries = 0; tries < 100; tries++) {
      if (tmux('display-message', '-p', '-t', 'narrow', '#{cursor_flag}').trim() === '1') break;
      await delay(100);
    }
    // The cursor is back, below the table, which stays.
    const state = tmux(
      'display-message',
      '-p',
      '-t',
      'narrow',
      '#{cursor_flag} #{cursor_y} #{cursor_x}',
    ).trim();
    expect(state).toBe(`1 ${SCREEN.length + 1} 0`);
    await expectScreen('narrow', [told, ...SCREEN]);
  });
});
