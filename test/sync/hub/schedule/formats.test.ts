/**
 * What each scheduler is given, read back by the real tools where the machine has them: systemd-analyze for units and
 * times, a shell for the line of a crontab, Python's plistlib and expat for property lists and tasks.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCron } from '../../../../src/sync/config/cron.ts';
import type { ScheduledCommand } from '../../../../src/sync/hub/schedule/command.ts';
import {
  SCHEDULE_FORMATS,
  type ScheduleFormat,
  scheduleEntry,
  usualFormat,
} from '../../../../src/sync/hub/schedule/entry.ts';
import { onCalendar } from '../../../../src/sync/hub/schedule/systemd.ts';
import { parseTimetable } from '../../../../src/sync/hub/schedule/timetable.ts';
import { cronTimes, EXPRESSIONS } from './calendars.ts';

const has = (program: string, ...words: string[]): boolean => spawnSync(program, words).status === 0;
const noSystemd = !has('systemd-analyze', '--version');
const noPython = !has('python3', '--version');
const isWindows = process.platform === 'win32';
if (process.env.CI && process.platform === 'linux' && noPython) throw new Error('apt-get install python3');

const ODD = `100% of "it's" \\ $HOME \${x} %h; \`é\` & <b> $$ !`;
let base = '';
let command: ScheduledCommand;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'rsyncjs-schedule-'));
  // Three of the formats are of systems with such paths.
  const at = (...names: string[]) => (isWindows ? posix.join('/opt', ...names) : join(base, ...names));
  const folder = at('my 50% é apps');
  if (!isWindows) mkdirSync(folder);
  const node = `${folder}/node`;
  if (!isWindows) {
    // Tells what it was started with.
    writeFileSync(node, '#!/bin/sh\nprintf "%s\\0" "$RSYNCJS_STATE_HOME" "$@"\n');
    chmodSync(node, 0o755);
  }
  command = {
    name: 'hub',
    node,
    script: `${folder}/ma in.js`,
    words: ['hub', 'run', '--config', at(ODD), '--shard', '1/3'],
    environment: { RSYNCJS_STATE_HOME: ODD },
    log: at('log 1%'),
  };
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const parts = (
  format: ScheduleFormat,
  when: Parameters<typeof parseTimetable>[0],
  given = command,
): string[] => scheduleEntry(format, given, parseTimetable(when)).parts.map(({ text }) => text);

describe.skipIf(noSystemd)('systemd (skipped without systemd-analyze)', () => {
  test('the units are sound, and mean the very words', () => {
    const entry = scheduleEntry('systemd', command, parseTimetable({ every: '15m' }));
    for (const { name, text } of entry.parts) writeFileSync(join(base, name), text);
    const { stdout, stderr, status } = spawnSync(
      'systemd-analyze',
      ['verify', '--user', ...entry.parts.map(({ name }) => join(base, name))],
      {
        encoding: 'utf8',
        env: { ...process.env, XDG_RUNTIME_DIR: base, HOME: base, SYSTEMD_LOG_LEVEL: 'debug' },
      },
    );
    expect(status).toBe(0);
    expect(stderr).not.toMatch(/rsyncjs-hub\.\w+:\d+:/);
    const dump = (label: string): string => new RegExp(`${label}: (.*)`).exec(stdout)?.[1] ?? '';
    // The dump is before `$$` is read as `$`.
    const words = unescaped(dump('Command Line')).map((word) => word.replaceAll('$$', '$'));
    expect(words).toEqual([command.node, command.script, ...command.words]);
    expect(dump('Environment')).toBe(`RSYNCJS_STATE_HOME=${ODD}`);
    expect(entry.parts[1]!.text).toContain(
      'OnCalendar=*-*-* *:00/15:00\nPersistent=true\nRandomizedDelaySec=90\n',
    );
  });

  test('an interval that is no calendar counts from the last run, and is sound', () => {
    const [, timer] = parts('systemd', { every: '90m' });
    expect(timer).toContain('OnStartupSec=1min\nOnUnitActiveSec=90min\nRandomizedDelaySec=300\n');
    const path = join(base, 'rsyncjs-hub.timer');
    writeFileSync(path, timer!);
    const result = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });
    expect(result.stderr).not.toMatch(/rsyncjs-hub\.timer:\d+:/);
  });

  test('times are those of cron', () => {
    const specifications = EXPRESSIONS.map((expression) => onCalendar(parseCron(expression)));
    const output = execFileSync(
      'systemd-analyze',
      // The elapse is after the base time, not at it.
      ['calendar', '--base-time=2025-12-31 23:59:59 UTC', '--iterations=20', ...specifications.flat()],
      { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } },
    );
    const elapses = output
      .split(/\n\n/)
      .map((part) => [...part.matchAll(/(?:elapse|#\d+): \w+ (\S+) (\d\d:\d\d):00 UTC/g)])
      .map((times) => times.map(([, date, time]) => `${date}T${time}`));
    expect(elapses).toHaveLength(specifications.flat().length);
    const found = specifications.map((one) =>
      [...new Set(elapses.splice(0, one.length).flat())].sort().slice(0, 20),
    );
    for (const [i, expression] of EXPRESSIONS.entries()) {
      const expected = cronTimes(expression, Date.UTC(2026, 0, 1), 20);
      expect([expression, ...found[i]!]).toEqual([expression, ...expected]);
    }
  });
});

describe.skipIf(isWindows)('a crontab (a shell runs the line)', () => {
  test('the line starts the very words, and appends their output', () => {
    const [text] = parts('cron', { every: '15m' });
    const [line = '', ...more] = text!.trimEnd().split('\n');
    expect(more).toEqual([]);
    expect(line.startsWith('*/15 * * * * ')).toBe(true);
    const { fields, shell } = asCron(line);
    expect(fields).toBe('*/15 * * * *');
    for (let run = 0; run < 2; run++) execFileSync('/bin/sh', ['-c', shell], { cwd: '/' });
    const words = [ODD, command.script, ...command.words].map((word) => `${word}\0`).join('');
    expect(readFileSync(command.log, 'utf8')).toBe(words + words);
  });

  test('an interval that cron can not express is refused with its neighbours', () => {
    for (const [every, hint] of [
      ['7m', '--every 6m and --every 10m'],
      ['90m', '--every 1h and --every 2h'],
    ] as const) {
      expect(() => parts('cron', { every })).toThrow(
        expect.objectContaining({
          code: 'RSYNC_UNSUPPORTED',
          exitCode: 4,
          hint: expect.stringContaining(hint),
        }),
      );
    }
    const long = { ...command, words: ['x'.repeat(1000)] };
    expect(() => parts('cron', { every: '1h' }, long)).toThrow('longer than a crontab may hold');
  });
});

describe.skipIf(noPython)('a property list of launchd (Python reads it)', () => {
  test('the very words, and times', () => {
    const [words, ...timed] = plists([
      parts('launchd', { every: '7m' })[0]!,
      parts('launchd', { every: '30m' })[0]!,
      parts('launchd', { at: '02:30' })[0]!,
      parts('launchd', { cron: '0 12 1 2 0,6' })[0]!,
      parts('launchd', { cron: '* * * * *' })[0]!,
    ]);
    expect(words).toEqual({
      Label: 'rsyncjs.hub',
      ProgramArguments: [command.node, command.script, ...command.words],
      EnvironmentVariables: command.environment,
      StandardOutPath: command.log,
      StandardErrorPath: command.log,
      ProcessType: 'Background',
      StartInterval: 420,
    });
    expect(timed.map(({ StartCalendarInterval }) => StartCalendarInterval)).toEqual([
      [{ Minute: 0 }, { Minute: 30 }],
      [{ Hour: 2, Minute: 30 }],
      // Either day is enough.
      [
        { Month: 2, Day: 1, Hour: 12, Minute: 0 },
        { Month: 2, Weekday: 0, Hour: 12, Minute: 0 },
        { Month: 2, Weekday: 6, Hour: 12, Minute: 0 },
      ],
      [{}],
    ]);
    expect(() => parts('launchd', { cron: '*/5 8-18 * * 1-5' })).toThrow('launchd would need 660 entries');
  });
});

describe.skipIf(noPython)('a task of Windows (expat reads it)', () => {
  const windows = (): ScheduledCommand => ({
    name: 'hub',
    node: 'C:\\Program Files\\node & co\\node.exe',
    script: "C:\\it's <here>\\main.js",
    words: ['hub', 'run', '--config', 'D:\\a b\\', '100'],
    environment: { RSYNCJS_STATE_HOME: 'C:\\state & more' },
    log: 'C:\\Users\\é\\hub.log',
  });
  const task = (when: Parameters<typeof parseTimetable>[0], given = windows()) =>
    parts('task-scheduler', when, given)[0]!;

  test('the very words, and times', () => {
    const [found = [], ...timed] = xmls([
      task({ every: '15m' }),
      task({ every: '90m' }),
      task({ cron: '0,30 9-17 * * 1' }),
      task({ at: '02:30' }),
      task({ cron: '5 0 31 1,3 *' }),
      task({ cron: '5 0 1 2 3' }),
    ]);
    expect(found).toContain('Task/Actions/Exec/Command=cmd.exe');
    const line = found
      .find((leaf) => leaf.startsWith('Task/Actions/Exec/Arguments='))!
      .split('Arguments=')[1]!;
    const [, inner = ''] = /^\/d \/s \/c "(.*)"$/.exec(line)!;
    // A cmd.exe that is not there to be asked reads this so: what is within quotes is no command of its own.
    const [, variable, start = '', log] = /^set "(.*?)"&& (.*) >>"(.*)" 2>&1$/.exec(inner)!;
    expect([variable, log]).toEqual(['RSYNCJS_STATE_HOME=C:\\state & more', windows().log]);
    expect(windowsWords(start)).toEqual([windows().node, windows().script, ...windows().words]);

    const [interval, hours, daily, monthly, both = []] = timed.map((leaves) =>
      leaves.flatMap((leaf) => leaf.split('Task/Triggers/')[1] ?? []),
    );
    expect(interval).toEqual([
      'TimeTrigger/Repetition/Interval=PT1H30M',
      'TimeTrigger/StartBoundary=2024-01-01T00:00:00',
      'TimeTrigger/Enabled=true',
    ]);
    expect(hours).toEqual([
      'CalendarTrigger/Repetition/Interval=PT30M',
      'CalendarTrigger/Repetition/Duration=PT8H31M',
      'CalendarTrigger/StartBoundary=2024-01-01T09:00:00',
      'CalendarTrigger/Enabled=true',
      'CalendarTrigger/ScheduleByWeek/WeeksInterval=1',
      'CalendarTrigger/ScheduleByWeek/DaysOfWeek/Monday=',
    ]);
    expect(daily!.at(-1)).toBe('CalendarTrigger/ScheduleByDay/DaysInterval=1');
    expect(monthly!.slice(2)).toEqual(
      ['DaysOfMonth/Day=31', 'Months/January=', 'Months/March='].map(
        (leaf) => `CalendarTrigger/ScheduleByMonth/${leaf}`,
      ),
    );
    expect(both.filter((leaf) => leaf.includes('Start'))).toHaveLength(2);
    expect(both).toContain('CalendarTrigger/ScheduleByMonthDayOfWeek/DaysOfWeek/Wednesday=');
  });

  test('what it can not hold', () => {
    for (const bad of ['%USERNAME%', 'a"b', '$(Arg0)']) {
      expect(() => task({ every: '15m' }, { ...windows(), words: [bad] })).toThrow('can not hold');
    }
    expect(() => task({ cron: '1,2,4,8,16 */2 * * *' })).toThrow('would need 60 triggers');
  });
});

test('what no entry can carry is refused', () => {
  const timetable = parseTimetable({ every: '1h' });
  for (const format of SCHEDULE_FORMATS) {
    const entry = (given: Partial<ScheduledCommand>) => () =>
      scheduleEntry(format, { ...command, ...given }, timetable);
    expect(entry({ name: '../x' })).toThrow('--name ../x');
    expect(entry({ node: 'node' })).toThrow('no absolute path');
    expect(entry({ node: 'C:\\n\n', script: 'C:\\s', log: 'C:\\l' })).toThrow(
      /control character|no absolute/,
    );
    expect(entry({ environment: { 'A B': '' } })).toThrow(/no name of a variable|no absolute/);
  }
  expect(() => scheduleEntry('systemd', { ...command, node: '/a$b/node' }, timetable)).toThrow(
    'with $ in its path',
  );
});

test('the usual format of each system', () => {
  const formats = (['linux', 'freebsd', 'darwin', 'win32'] as const).map((name) => usualFormat(name, true));
  expect(formats).toEqual(['systemd', 'cron', 'launchd', 'task-scheduler']);
  expect(usualFormat('linux', false)).toBe('cron');
});

/** A line of a crontab as crontab(5) has it: five fields, then a command up to the first `%` without a backslash. */
function asCron(line: string): { fields: string; shell: string } {
  const [, fields = '', rest = ''] = /^((?:\S+ ){4}\S+) (.*)$/.exec(line)!;
  expect(rest.replaceAll('\\%', '')).not.toContain('%');
  return { fields, shell: rest.replaceAll('\\%', '%') };
}

/** Words as systemd dumps them: quoted where needed, a backslash before what would end that. */
function unescaped(text: string): string[] {
  return [...text.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/g)].map(([, quoted, plain]) =>
    (quoted ?? plain!).replace(/\\(.)/g, '$1'),
  );
}

/** One start of Python for many documents. */
function python(code: string, documents: readonly Buffer[]): unknown {
  const input = JSON.stringify(documents.map((document) => document.toString('base64')));
  const program = `
import base64, json, plistlib, sys, xml.etree.ElementTree as tree
documents = [base64.b64decode(document) for document in json.load(sys.stdin)]
${code}`;
  return JSON.parse(execFileSync('python3', ['-c', program], { input, encoding: 'utf8' }));
}

function plists(texts: readonly string[]): Record<string, unknown>[] {
  const code = 'print(json.dumps([plistlib.loads(document) for document in documents]))';
  return python(
    code,
    texts.map((text) => Buffer.from(text)),
  ) as Record<string, unknown>[];
}

/** The leaves of each document as `path=text`. */
function xmls(texts: readonly string[]): string[][] {
  const code = `
def walk(node, path, found):
    path += [node.tag.split('}')[1]]
    if len(node) == 0: found.append('/'.join(path) + '=' + (node.text or ''))
    for child in node: walk(child, path[:], found)
    return found
print(json.dumps([walk(tree.fromstring(document), [], []) for document in documents]))`;
  return python(
    code,
    texts.map((text) => Buffer.from(`\ufeff${text}`, 'utf16le')),
  ) as string[][];
}

/** As CommandLineToArgvW does. */
function windowsWords(line: string): string[] {
  return [...line.matchAll(/"((?:\\+"|[^"])*?)((?:\\\\)*)"(?= |$)|(\S+)/g)].map(
    ([, text = '', slashes = '', plain]) => plain ?? text + slashes.slice(slashes.length / 2),
  );
}
