import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { hubProgress } from '../../../src/cli/sync/hub-progress.ts';
import type { ProgressEvent, TransferEvent } from '../../../src/core/events.ts';
import { type SpokeOutcome, skippedOutcome } from '../../../src/sync/hub/outcome.ts';

const ok: SpokeOutcome = {
  ...skippedOutcome('web', ''),
  outcome: 'ok',
  files: 12,
  bytes: 3_565_158,
  durationMs: 812,
  attempts: 2,
};

/** A stream, and a clock with timers of its own. */
function machine(init: { isTTY?: boolean; columns?: number; rows?: number; env?: Record<string, string> }) {
  let now = 0;
  let written = '';
  const timers = new Map<() => void, number>();
  const stream = Object.assign(new EventEmitter(), init, {
    write: (chunk: Uint8Array) => {
      written += Buffer.from(chunk).toString();
    },
  });
  const env = { LANG: 'C.UTF-8', TERM: 'xterm', ...init.env };
  const progress = hubProgress(['web', 'nas'], stream, env, false, {
    now: () => now,
    later(milliseconds, work) {
      timers.set(work, now + milliseconds);
      return () => void timers.delete(work);
    },
  });
  return {
    progress,
    stream,
    timers,
    written: () => {
      const text = written;
      written = '';
      return text;
    },
    advance(milliseconds: number) {
      now += milliseconds;
      for (const [work, at] of [...timers]) {
        if (at > now) continue;
        timers.delete(work);
        work();
      }
    },
  };
}

/** The lines of the last picture. */
const picture = (text: string): string[] =>
  text
    .slice(text.lastIndexOf('\x1b[?7l') + 5)
    .replace(/\x1b\[\??[\d;]*[A-Zhl]/gi, '')
    .split('\n')
    .map((line) => line.replace('\r', ''))
    .slice(0, -1);

describe('not on a terminal', () => {
  test.each([
    ['a pipe', {}, 'ok: '],
    ['a dumb terminal', { isTTY: true, env: { TERM: 'dumb' } }, '✓ '],
  ])('%s gets plain lines', (_, init, mark) => {
    const { progress, written, timers } = machine(init);
    progress.begin('web');
    progress.event('web', { type: 'item' } as TransferEvent);
    progress.retry('web', 'attempt 2 of 4 in 3s: no answer');
    progress.begin('web');
    progress.tell('e\x1b[2Jvil');
    progress.end(ok);
    progress.close();
    expect(written()).toBe(
      `Syncing web...\nweb: attempt 2 of 4 in 3s: no answer\ne?[2Jvil\nweb: ${mark}Synced 12 files (3.4 MB) (812ms)\n`,
    );
    expect(timers.size).toBe(0);
  });
});

describe('on a terminal', () => {
  test('a table, from the start to the end', () => {
    const here = machine({ isTTY: true, columns: 60, rows: 24, env: { NO_COLOR: '1' } });
    const { progress } = here;
    expect(picture(here.written()).slice(1)).toEqual(['web       waiting', 'nas       waiting']);
    progress.begin('web');
    progress.event('web', {
      type: 'progress',
      done: 500,
      size: 1000,
      last: false,
      known: 1,
      left: 0,
    } as ProgressEvent);
    here.advance(100);
    const [head, web] = picture(here.written());
    expect(head).toMatch(/^Spoke +Phase +Progress/);
    expect(web).toMatch(/^web {7}transferring {2}█+▌?─+ {2}50%/);
    progress.tell('spoke "old" is disabled');
    expect(here.written()).toContain('spoke "old" is disabled\n');
    progress.retry('web', 'attempt 2 of 4 in 3s: no answer');
    here.advance(100);
    expect(picture(here.written())[1]).toBe('web       retrying      attempt 2 of 4 in 3s: no answer');
    progress.end(ok);
    here.stream.columns = 40;
    here.stream.emit('resize');
    here.advance(100);
    expect(picture(here.written())[1]).toBe('web       ✓ Synced 12 files (3.4 MB) (…');
    progress.close();
    expect(here.written()).toMatch(/\x1b\[\?25h$/);
    expect(here.stream.listenerCount('resize')).toBe(0);
    expect(here.timers.size).toBe(0);
  });

  test('it is drawn anew though nothing comes; in ASCII and in colour as the terminal has it', () => {
    const here = machine({ isTTY: true, columns: 60, rows: 24, env: { LANG: 'C' } });
    here.written();
    here.advance(999);
    expect(here.written()).toBe('');
    here.advance(1);
    here.progress.end(ok);
    here.advance(100);
    const text = here.written();
    expect(text).toContain('\x1b[32mok: Synced');
    expect(picture(text.replace(/\x1b\[\d+m/g, ''))[1]).toBe(
      'web       ok: Synced 12 files (3.4 MB) (812ms)',
    );
    here.progress.close();
  });
});
