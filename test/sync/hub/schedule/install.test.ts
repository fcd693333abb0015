import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromText } from '../../../../src/core/bytes.ts';
import { type ScheduleFormat, scheduleEntry } from '../../../../src/sync/hub/schedule/entry.ts';
import { installSteps, scheduleState, uninstallSteps } from '../../../../src/sync/hub/schedule/install.ts';
import { applySteps, type ScheduleTools, stepText } from '../../../../src/sync/hub/schedule/steps.ts';
import { systemTools } from '../../../../src/sync/hub/schedule/system.ts';
import { parseTimetable } from '../../../../src/sync/hub/schedule/timetable.ts';

const command = {
  name: 'hub',
  node: '/opt/n o/node',
  script: '/opt/é/main.js',
  words: ['hub', 'run'],
  environment: {},
  log: '/var/log/hub',
};

/** A machine whose tools remember what they were told. `answer`: what one of them says. */
function machine(
  answer: (line: string) => { status?: number; stdout?: string; stderr?: string } | undefined,
) {
  const files = new Map<string, Buffer>();
  const told: string[] = [];
  const tools: ScheduleTools = {
    async run(program, words) {
      const line = [program, ...words].join(' ');
      const found = answer(line);
      if (found === undefined) return undefined;
      if (!/print |is-active|\/Query/.test(line)) told.push(line);
      return { status: 0, stdout: '', stderr: '', ...found };
    },
    read: (path) => files.get(path),
    write: (path, content) => void files.set(path, Buffer.from(content)),
    remove: (path) => void files.delete(path),
  };
  const account = { home: '/home/u', uid: 1000, temporary: 'C:\\Temp' };
  const place = { name: 'hub', account, tools };
  return {
    files,
    told: () => told.splice(0),
    install: async (format: ScheduleFormat, every: string) => {
      const windows = format === 'task-scheduler';
      const given = windows ? { ...command, node: 'C:\\node', script: 'C:\\main', log: 'C:\\log' } : command;
      const steps = await installSteps(scheduleEntry(format, given, parseTimetable({ every })), place);
      await applySteps(steps, tools);
      return steps.map(stepText);
    },
    uninstall: async (format: ScheduleFormat) => {
      const steps = await uninstallSteps({ ...place, format });
      await applySteps(steps, tools);
      return steps.map(stepText);
    },
    state: (format: ScheduleFormat) => scheduleState({ ...place, format }),
  };
}

describe('systemd', () => {
  const FOLDER = '/home/u/.config/systemd/user';
  test('installed, installed again, changed, and gone', async () => {
    let active = 3;
    const here = machine((line) =>
      line.includes('is-active') ? { status: active } : { stdout: `${line}\n` },
    );
    expect(await here.state('systemd')).toEqual({ installed: false, report: '' });
    expect(await here.uninstall('systemd')).toEqual([]);
    const steps = await here.install('systemd', '15m');
    expect(steps).toEqual([
      `write ${FOLDER}/rsyncjs-hub.service`,
      `write ${FOLDER}/rsyncjs-hub.timer`,
      'run systemctl --user daemon-reload',
      'run systemctl --user enable rsyncjs-hub.timer',
      'run systemctl --user restart rsyncjs-hub.timer',
    ]);
    active = 0;
    expect(await here.install('systemd', '15m')).toEqual([]);
    expect(await here.install('systemd', '30m')).toEqual([
      `write ${FOLDER}/rsyncjs-hub.timer`,
      ...steps.slice(2),
    ]);
    expect((await here.state('systemd')).report).toContain('list-timers --all rsyncjs-hub.timer');
    here.told();
    expect(await here.uninstall('systemd')).toEqual([
      'run systemctl --user disable --now rsyncjs-hub.timer',
      `remove ${FOLDER}/rsyncjs-hub.timer`,
      `remove ${FOLDER}/rsyncjs-hub.service`,
      'run systemctl --user daemon-reload',
    ]);
    expect([...here.files]).toEqual([]);
    expect(here.told()).toEqual([
      'systemctl --user disable --now rsyncjs-hub.timer',
      'systemctl --user daemon-reload',
    ]);
  });

  test("somebody else's unit stays", async () => {
    const here = machine(() => ({}));
    const path = `${FOLDER}/rsyncjs-hub.timer`;
    here.files.set(path, Buffer.from('[Timer]\n'));
    for (const attempt of [here.install('systemd', '15m'), here.uninstall('systemd')]) {
      await expect(attempt).rejects.toMatchObject({
        code: 'RSYNC_USAGE',
        message: expect.stringContaining(path),
      });
    }
    expect(here.files.get(path)?.toString()).toBe('[Timer]\n');
  });

  test('no systemctl, and one without a session', async () => {
    await expect(machine(() => undefined).install('systemd', '15m')).rejects.toMatchObject({
      code: 'RSYNC_UNSUPPORTED',
      exitCode: 4,
      message: 'there is no systemctl on this machine',
    });
    const bus = machine(() => ({ status: 1, stderr: 'Failed to connect to bus: No medium found' }));
    await expect(bus.install('systemd', '15m')).rejects.toMatchObject({
      code: 'RSYNC_UNSUPPORTED',
      hint: expect.stringContaining('loginctl enable-linger'),
    });
  });
});

test('launchd: installed, installed again, changed, and gone', async () => {
  let loaded = 113;
  const here = machine((line) =>
    line.includes(' print ') ? { status: loaded, stdout: 'state = waiting' } : {},
  );
  const path = '/home/u/Library/LaunchAgents/rsyncjs.hub.plist';
  const load = `run launchctl bootstrap gui/1000 ${path}`;
  expect(await here.install('launchd', '15m')).toEqual([`write ${path}`, load]);
  loaded = 0;
  expect(await here.install('launchd', '15m')).toEqual([]);
  const unload = 'run launchctl bootout gui/1000/rsyncjs.hub';
  expect(await here.install('launchd', '7m')).toEqual([`write ${path}`, unload, load]);
  expect(await here.state('launchd')).toEqual({ installed: true, report: 'state = waiting' });
  expect(await here.uninstall('launchd')).toEqual([unload, `remove ${path}`]);
  expect(await here.uninstall('launchd')).toEqual([]);
  expect([...here.files]).toEqual([]);
});

test('Task Scheduler: installed, and gone; a task of somebody else stays', async () => {
  let task: string | undefined;
  const here = machine((line) => {
    if (line.includes('/Query')) return task === undefined ? { status: 1 } : { stdout: task };
    if (line.includes('/Create')) task = here.files.get('C:\\Temp\\rsyncjs-hub.xml')!.toString('latin1');
    if (line.includes('/Delete')) task = undefined;
    return {};
  });
  expect(await here.install('task-scheduler', '15m')).toEqual([
    'write C:\\Temp\\rsyncjs-hub.xml',
    'run schtasks /Create /TN \\rsyncjs\\hub /XML C:\\Temp\\rsyncjs-hub.xml /F',
    'remove C:\\Temp\\rsyncjs-hub.xml',
  ]);
  // UTF-16 with its mark.
  expect(task!.startsWith('\xff\xfe<\0?\0x\0m\0l\0')).toBe(true);
  expect([...here.files]).toEqual([]);
  expect((await here.state('task-scheduler')).installed).toBe(true);
  expect(await here.uninstall('task-scheduler')).toEqual(['run schtasks /Delete /TN \\rsyncjs\\hub /F']);
  expect(await here.uninstall('task-scheduler')).toEqual([]);
  task = '<Task><Author>me</Author></Task>';
  await expect(here.install('task-scheduler', '15m')).rejects.toThrow('rsyncjs did not make it');
  await expect(here.uninstall('task-scheduler')).rejects.toThrow('rsyncjs did not make it');
});

describe.skipIf(process.platform === 'win32')('a crontab, by a program of that name', () => {
  let base = '';
  const store = () => join(base, 'store');
  beforeAll(() => {
    base = mkdtempSync(join(tmpdir(), 'rsyncjs-crontab-'));
    // As crontab(1) tells: `-l` shows, `-` takes standard input, `-r` removes.
    const script = `#!/bin/sh
case $1 in
  -l) [ -f '${base}/store' ] && exec cat '${base}/store'; echo 'no crontab for u' >&2; exit 1 ;;
  -r) exec rm '${base}/store' ;;
  -) exec cat >'${base}/store' ;;
esac
`;
    writeFileSync(join(base, 'crontab'), script);
    chmodSync(join(base, 'crontab'), 0o755);
  });
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  function place() {
    const tools = systemTools({ PATH: `${base}:${process.env.PATH}` });
    return { name: 'hub', account: { home: base, uid: 1, temporary: base }, tools };
  }
  async function install(every: string): Promise<string[]> {
    const entry = scheduleEntry('cron', command, parseTimetable({ every }));
    const steps = await installSteps(entry, place());
    await applySteps(steps, place().tools);
    return steps.map(stepText);
  }
  async function uninstall(): Promise<string[]> {
    const steps = await uninstallSteps({ ...place(), format: 'cron' });
    await applySteps(steps, place().tools);
    return steps.map(stepText);
  }

  test('what else is in it stays byte by byte', async () => {
    // Latin-1, no line end at the end, and a block that has lost its own end.
    const other = Buffer.from('# caf\xe9\nMAILTO=""\n5 * * * * true %x\n# rsyncjs-other: made by', 'latin1');
    writeFileSync(store(), other);
    expect(await install('15m')).toEqual(['run crontab -']);
    const first = readFileSync(store());
    expect(first.subarray(0, other.length)).toEqual(other);
    const line = "*/15 * * * * '/opt/n o/node' '/opt/é/main.js' hub run >>/var/log/hub 2>&1";
    expect(first.toString('latin1')).toContain(`\n${fromText(line)}\n`);
    expect(await install('15m')).toEqual([]);
    expect(await scheduleState({ ...place(), format: 'cron' })).toEqual({
      installed: true,
      report: `${line}\n`,
    });
    expect(await install('1h')).toEqual(['run crontab -']);
    expect(readFileSync(store(), 'latin1').match(/hub run/g)).toHaveLength(1);
    expect(await uninstall()).toEqual(['run crontab -']);
    expect(readFileSync(store())).toEqual(Buffer.concat([other, Buffer.from('\n')]));
    expect(await uninstall()).toEqual([]);
  });

  test('a person without a crontab has none again', async () => {
    rmSync(store());
    await install('15m');
    expect(await uninstall()).toEqual(['run crontab -r']);
    expect(existsSync(store())).toBe(false);
    expect((await scheduleState({ ...place(), format: 'cron' })).installed).toBe(false);
  });

  test('files are written whole, and a missing program is told', async () => {
    const { tools } = place();
    tools.write(join(base, 'a', 'b'), Buffer.from('x'));
    expect(readdirSync(join(base, 'a'))).toEqual(['b']);
    expect(tools.read(join(base, 'a', 'b'))?.toString()).toBe('x');
    tools.remove(join(base, 'a', 'b'));
    tools.remove(join(base, 'a', 'b'));
    expect(tools.read(join(base, 'a', 'b'))).toBeUndefined();
    expect(await tools.run('rsyncjs-no-such-program', [])).toBeUndefined();
  });
});
