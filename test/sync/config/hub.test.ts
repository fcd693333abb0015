import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRsyncError } from '../../../src/core/errors.ts';
import { reportHub } from '../../../src/sync/config/config-report.ts';
import { type HubConfig, readHub } from '../../../src/sync/config/hub-config.ts';
import { isWithin } from '../../../src/sync/config/paths.ts';
import { problemsOf } from '../../../src/sync/config/problems.ts';

const { platform } = process;
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rsyncjs-hub-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function read(text: string | undefined, named = true): HubConfig {
  const file = join(home, 'hub.yaml');
  if (text !== undefined) writeFileSync(file, text);
  return readHub({ file, named, home, platform });
}

function failure(text: string | undefined) {
  try {
    read(text);
  } catch (error) {
    if (isRsyncError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** `LINE:COLUMN TEXT | HINT` of each mistake. */
const said = (text: string) =>
  problemsOf(failure(text)).map(
    ({ origin, text: found, hint }) => `${origin.line}:${origin.column} ${found} | ${hint}`,
  );

const spoke = (keys = '', name = 'laptop', path = `~/in/${name}`) =>
  `  - name: ${name}\n    sync_method: rsync\n    source: me@${name}:~/x\n    path: ${path}\n${keys.replace(/^(?=.)/gm, '    ')}\n`;

describe('the published form', () => {
  it('is read as it is', () => {
    const config = read(
      `hub:
  sessions_dir: ~/.pi/agent/sessions
  database_dir: ~/.pi-brain/data
  web_ui_port: 8765
spokes:
  - name: laptop
    sync_method: syncthing
    path: ~/.pi-brain/synced/laptop
    enabled: true
  - name: server
    sync_method: rsync
    source: user@server:~/.pi/agent/sessions/
    path: ~/.pi-brain/synced/server
    schedule: "*/15 * * * *"
    rsync_options:
      bw_limit: 1000
      delete: false
      extra_args: ["--exclude=*.tmp", "--chmod-less"]
      timeout_seconds: 60
daemon: { parallel_workers: 1 }
query: { provider: x }
api: { port: 8765 }
`.replace(', "--chmod-less"', ', --update'),
    );
    expect(config.spokes.map(({ name, method }) => [name, method])).toEqual([
      ['laptop', 'syncthing'],
      ['server', 'rsync'],
    ]);
    expect(config.spokes[1]).toMatchObject({
      source: { value: { host: 'server', user: 'user', path: '~/.pi/agent/sessions' } },
      path: { value: join(home, '.pi-brain', 'synced', 'server'), origin: { line: 13, column: 11 } },
      schedule: { value: '*/15 * * * *' },
      bwLimit: { value: 1000 },
      delete: { value: false },
      extraArgs: { value: ['--exclude=*.tmp', '--update'] },
      timeout: { value: 60 },
      compress: { value: true, origin: { kind: 'default' } },
    });
    expect(config.notices.map(({ text }) => text.split(' ')[0])).toEqual([
      'hub.database_dir',
      'hub.web_ui_port',
      'daemon',
      'query',
      'api',
    ]);
  });

  it.each([undefined, '', '# nothing', 'spokes:', 'hub: {}'])('%j: everything by default', (text) => {
    expect(read(text, false)).toMatchObject({
      spokes: [],
      sessionsDir: { value: join(home, '.pi', 'agent', 'sessions') },
      jobs: { value: 4 },
    });
  });

  it('a file that was named and is not there is an error', () => {
    expect(failure(undefined)).toMatchObject({
      code: 'RSYNC_FILE_IO',
      exitCode: 11,
      path: join(home, 'hub.yaml'),
    });
  });

  it('what is missing is told', () => {
    expect(said('spokes:\n  - name: a\n  - sync_method: rsync\n    path: ~/b')).toEqual([
      '2:5 spokes[0].sync_method is missing | Add "sync_method:" to the spoke a.',
      '2:5 spokes[0].path is missing | Add "path:" to the spoke a.',
      '3:5 spokes[1].name is missing | Add "name:" to this spoke.',
      '3:5 spokes[1].source is missing | Add "source:" to this spoke.',
    ]);
  });

  it('api is refused, syncthing has nothing to run', () => {
    expect(said('spokes:\n  - { name: a, sync_method: api, path: ~/a }')[0]).toContain(
      '2:29 spokes[0].sync_method: "api" is not spoken',
    );
    expect(
      said('spokes:\n  - { name: a, sync_method: syncthing, path: ~/a, schedule: "0 * * * *" }'),
    ).toEqual([
      '2:51 spokes[0].schedule: the spoke is not run, its sync_method is syncthing | Remove the key.',
    ]);
    expect(said('spokes:\n  - { name: a, sync_method: scp, path: ~/a }')[0]).toContain(
      'expected one of rsync, syncthing, api',
    );
  });
});

describe('our keys', () => {
  it('of the hub hold for each spoke that says nothing else', () => {
    const [first, second] = read(
      `hub: { stale_after: 2h, retries: 0, compress: false, match: "*.log" }\nspokes:\n${spoke()}${spoke(
        'stale_after: never\nretries: 2\ncompress: true\nmatch: [a, b]\ntags: [x]\nconnect_timeout: 5s\nssh: { port: 2222 }',
        'nas',
      )}`,
    ).spokes;
    const values = [first!, second!].map((one) => [
      one.staleAfter.value,
      one.retries.value,
      one.compress.value,
      one.match.value,
      one.tags.value,
      one.connectTimeout.value,
      one.ssh.port?.value,
    ]);
    expect(values).toEqual([
      [7200, 0, false, ['*.log'], [], 30, undefined],
      [0, 2, true, ['a', 'b'], ['x'], 5, 2222],
    ]);
  });

  it('regression 13: 0 and false are values (B3)', () => {
    const [one] = read(
      `spokes:\n${spoke('rsync_options: { bw_limit: 0, delete: false }\nenabled: false')}`,
    ).spokes;
    expect(one).toMatchObject({ bwLimit: { value: 0 }, delete: { value: false, origin: { kind: 'file' } } });
    expect(read(`spokes:\n${spoke()}`).spokes[0]!.bwLimit).toBeUndefined();
  });

  it('regression 15: enabled: false (B5)', () => {
    const { spokes } = read(`spokes:\n${spoke('enabled: false')}${spoke('', 'nas')}`);
    expect(spokes.map(({ name, enabled }) => [name, enabled.value])).toEqual([
      ['laptop', false],
      ['nas', true],
    ]);
  });

  it('append_only and delete contradict each other', () => {
    expect(said(`spokes:\n${spoke('append_only: true\nrsync_options: { delete: true }')}`)).toEqual([
      '7:30 spokes[0].rsync_options.delete: found true, and append_only forbids deletions | Remove one of the two.',
    ]);
  });

  it('append_only and --inplace contradict each other, --append does not', () => {
    const text = (word: string) =>
      `spokes:\n${spoke(`append_only: true\nrsync_options: { extra_args: [${word}] }`)}`;
    expect(said(text('--inplace'))).toEqual([
      '7:34 spokes[0].rsync_options.extra_args: --inplace and append_only do not go together: a run that breaks off leaves a shorter file | Remove one of the two.',
    ]);
    expect(read(text('--append')).spokes[0]!.extraArgs.value).toEqual(['--append']);
  });

  it('restricted: paths are relative to the one directory', () => {
    expect(said(`spokes:\n${spoke('restricted: true')}`)[0]).toContain(
      '4:13 spokes[0].source: found "me@laptop:~/x": the key of a restricted',
    );
    const text = `spokes:\n${spoke('restricted: true')}`.replace(':~/x', ':/');
    expect(read(text).spokes[0]!.source!.value).toMatchObject({ path: '.', restricted: true });
  });

  it('a relative path is relative to the file', () => {
    expect(read(`spokes:\n${spoke('', 'a', 'in/a')}`).spokes[0]!.path.value).toBe(join(home, 'in', 'a'));
    expect(said(`spokes:\n${spoke('', 'a', '~bob/x')}`)[0]).toContain(
      '5:11 spokes[0].path: found the text "~bob/x"',
    );
  });
});

describe('regression 9: extra_args (B7)', () => {
  it.each([
    '-essh',
    '-ave',
    '--rsh=ssh',
    '--rsync-path=x',
    '--remove-source-files',
    '--log-file=x',
    '--files-from=x',
    '--delete',
  ])('%s', (word) => {
    expect(said(`spokes:\n${spoke(`rsync_options: { extra_args: [-v, "${word}"] }`)}`)).toEqual([
      expect.stringMatching(/^6:39 spokes\[0\]\.rsync_options\.extra_args: .* is refused: it /),
    ]);
  });

  it('an item is one argument: nothing is split', () => {
    expect(
      read(`spokes:\n${spoke('rsync_options: { extra_args: ["--exclude=a -essh"] }')}`).spokes[0]!.extraArgs
        .value,
    ).toEqual(['--exclude=a -essh']);
  });
});

describe('regression 19: path to spoke on a separator boundary (B12)', () => {
  it('a name that begins alike is another folder, and no overlap', () => {
    const { spokes } = read(`spokes:\n${spoke('', 'work')}${spoke('', 'work-laptop')}`);
    expect(spokes.map(({ name }) => name)).toEqual(['work', 'work-laptop']);
  });

  it('folders that overlap are refused', () => {
    expect(said(`spokes:\n${spoke('', 'a', '~/in')}${spoke('', 'b', '~/in/b')}`)[0]).toContain(
      'of the spoke b and',
    );
    expect(said(`spokes:\n${spoke('', 'a', '~/.pi')}`)[0]).toContain("holds the hub's own");
  });

  it.skipIf(process.platform === 'win32')('two names of one folder, and the folder of this file', () => {
    const base = realpathSync(mkdtempSync(join(tmpdir(), 'rsyncjs-overlap-')));
    mkdirSync(join(base, 'a'));
    symlinkSync('a', join(base, 'b'));
    expect(said(`spokes:\n${spoke('', 'a', `${base}/a/x`)}${spoke('', 'b', `${base}/b/x/y`)}`)[0]).toContain(
      `10:11 path: ${base}/b/x/y (which is ${base}/a/x/y) of the spoke b and ${base}/a/x of a overlap`,
    );
    rmSync(base, { recursive: true });
    const all = said(`hub: { sessions_dir: /elsewhere }\nspokes:\n${spoke('', 'a', '"~"')}`);
    expect(all).toEqual([
      expect.stringContaining(`of the spoke a holds this file, ${join(home, 'hub.yaml')}`),
    ]);
  });

  it('paths that are none here, merge keys, and text in another encoding', () => {
    for (const path of ['~bob/x', 'C:\\x', 'c:/x'])
      expect(said(`spokes:\n${spoke('', 'a', `'${path}'`)}`)[0]).toContain(
        'expected a folder of this machine',
      );
    expect(said(`spokes:\n  - &a { name: a }\n  - { <<: *a }`)).toContain(
      '3:7 spokes[1].<<: merge keys are not read | Write the keys out.',
    );
    const file = join(home, 'hub.yaml');
    writeFileSync(file, Buffer.from('spokes:\n  - { name: "caf\xe9" }\n', 'latin1'));
    expect(() => readHub({ file, named: true, home, platform: 'linux' })).toThrow(
      'hub.yaml:2:17: found something that is not UTF-8',
    );
  });

  it.each([
    ['/s/work', '/s/work-laptop', 'linux', false],
    ['/s/work', '/s/work/x', 'linux', true],
    ['/', '/s', 'linux', true],
    ['/s/Work', '/s/work/x', 'linux', false],
    ['/s/Work', '/s/work/x', 'darwin', true],
    ['/s/é', '/s/e\u0301/x', 'darwin', true],
    ['C:\\s\\Work', 'c:/s/work/x', 'win32', true],
    ['C:\\s\\work', 'C:\\s\\work-laptop', 'win32', false],
  ] as const)('%s, %s on %s: %s', (outer, inner, on, wanted) => {
    expect(isWithin(outer, inner, on)).toBe(wanted);
  });
});

describe('regression 23: three shapes', () => {
  it('options as a list, and hub.synced_sessions_dir', () => {
    const text = `hub: { synced_sessions_dir: ~/s }\nspokes:\n${spoke('rsync_options: ["--bwlimit=1000"]')}`;
    expect(said(text)).toEqual([
      '1:8 hub.synced_sessions_dir moved to the key "path" of each spoke | undefined',
      expect.stringContaining(
        '7:20 spokes[0].rsync_options: found a list, expected keys with values: its options moved to rsync_options.extra_args',
      ),
    ]);
  });

  it('sync.spokes, with host, user, session_dir, ssh_key', () => {
    expect(said('sync:\n  spokes:\n    - host: a\n      user: b\n')).toEqual([
      expect.stringContaining(
        '2:3 sync.spokes moved to spokes, at the top of the file | There host, user and session_dir',
      ),
    ]);
    const text = said(
      'spokes:\n  - { name: a, sync_method: rsync, path: ~/a, host: h, user: u, session_dir: d, ssh_key: k }',
    );
    expect(text.map((line) => line.split(' | ')[0]!.slice(5))).toEqual([
      'spokes[0].host moved to source',
      'spokes[0].user moved to source',
      'spokes[0].session_dir moved to source',
      'spokes[0].ssh_key moved to ssh.identity_file',
    ]);
  });
});

describe('regression 24: types are strict (B16)', () => {
  it.each([
    [
      'rsync_options: { delete: no }',
      '6:30 spokes[0].rsync_options.delete: found the text "no", expected true or false | Write false, without quotes.',
    ],
    [
      'enabled: "false"',
      '6:14 spokes[0].enabled: found the text "false", expected true or false | Write false, without quotes.',
    ],
    [
      'rsync_options: { bw_limit: -1 }',
      '6:32 spokes[0].rsync_options.bw_limit: found -1, expected KiB a second: a whole number, or one with a unit such as 2m | undefined',
    ],
    [
      'rsync_options: { timeout_seconds: 0 }',
      '6:39 spokes[0].rsync_options.timeout_seconds: found 0, expected a whole number from 1 to 2147483 | undefined',
    ],
    [
      'rsync_options: { extra_args: -v }',
      '6:34 spokes[0].rsync_options.extra_args: found the text "-v", expected a list | Write one item a line, each after "- ".',
    ],
    ['enabeld: true', '6:5 spokes[0].enabeld: unknown key | Did you mean enabled?'],
    [
      'schedule: "* * * *"',
      '6:15 spokes[0].schedule: "* * * *": 4 words where five are | They are: minute, hour, day of the month, month, day of the week; for example "*/15 * * * *".',
    ],
    // It would end every run with --due, that of the other spokes too.
    [
      'schedule: "0 0 31 2 *"',
      '6:15 spokes[0].schedule: "0 0 31 2 *": no such month has a day 31 | It would never run.',
    ],
    [
      'match: ["*.jsonl", "a/*"]',
      '6:12 spokes[0].match: the pattern "a/*" has a slash in it: names are matched, not paths | undefined',
    ],
  ])('%s', (keys, wanted) => {
    expect(said(`spokes:\n${spoke(keys)}`)).toEqual([wanted]);
  });

  it('spokes that are no list, a name that is there twice', () => {
    expect(said('spokes: { a: b }')[0]).toContain('1:9 spokes: found keys with values, expected a list');
    expect(said(`spokes:\n${spoke()}${spoke('', 'laptop', '~/other')}`)).toEqual([
      '7:11 spokes[1].name: a second spoke "laptop", the first one is in line 2 | Each spoke has a name of its own.',
    ]);
    expect(said('spoke: []')[0]).toContain('1:1 spoke: unknown key | Did you mean spokes?');
  });
});

describe('reportHub', () => {
  it('tells every key of every spoke', () => {
    const { rows, place } = reportHub(read(`spokes:\n${spoke('ssh: { identity_file: [~/k] }')}`));
    expect(place).toBe(join(home, 'hub.yaml'));
    const row = (key: string) => rows.find((one) => one.key === key);
    expect(row('spokes.laptop.source')).toMatchObject({
      value: 'me@laptop:~/x',
      from: `${place}:4:13 (spokes[0].source)`,
    });
    expect(row('spokes.laptop.ssh.identity_file')?.value).toEqual(['~/k']);
    expect(row('spokes.laptop.rsync_options.delete')).toMatchObject({ value: false, from: 'default' });
  });
});
