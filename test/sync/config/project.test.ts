import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRsyncError } from '../../../src/core/errors.ts';
import { reportProject } from '../../../src/sync/config/config-report.ts';
import { problemsOf } from '../../../src/sync/config/problems.ts';
import { type ProjectInput, readProject, resolveProject } from '../../../src/sync/config/project-config.ts';
import { originText } from '../../../src/sync/config/source.ts';

const { platform } = process;
let home: string;
let root: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rsyncjs-config-'));
  root = join(home, 'work', 'project');
  mkdirSync(root, { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function write(name: string, text: string): void {
  const file = join(root, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
}

function input(more: Partial<ProjectInput> = {}): ProjectInput {
  return { cwd: root, env: {}, home, platform, ...more };
}

const resolve = (more: Partial<ProjectInput> = {}) => resolveProject(input(more));
/** The only profile. */
function only(more: Partial<ProjectInput> = {}) {
  const { profiles } = resolve(more);
  expect(profiles).toHaveLength(1);
  return profiles[0]!;
}
const remoteOf = (more: Partial<ProjectInput> = {}) => only(more).remote.value.text;
const codes = (more: Partial<ProjectInput> = {}) => resolve(more).notices.map(({ code }) => code);

function failure(more: Partial<ProjectInput> = {}) {
  try {
    resolve(more);
  } catch (error) {
    if (isRsyncError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
const said = (more: Partial<ProjectInput> = {}) =>
  problemsOf(failure(more)).map(
    ({ origin, text }) => `${origin.line ?? '-'}:${origin.column ?? '-'} ${text}`,
  );

describe('where a remote comes from', () => {
  it('regression 1: .env is read without export (A1)', () => {
    write('.env', '# x\nAMPLIFIER_SYNC_REMOTE=user@host:/path\n');
    expect(only()).toMatchObject({
      name: 'amplifier',
      remote: {
        value: { host: 'host' },
        origin: { kind: 'env file', file: join(root, '.env'), line: 2, column: 23 },
      },
    });
  });

  it('a .env in UTF-16, as ">" of Windows PowerShell writes it', () => {
    for (const order of ['le', 'be']) {
      const bytes = Buffer.from('\ufeffSYNC_REMOTE=user@host:/p\r\n', 'utf16le');
      writeFileSync(join(root, '.env'), order === 'le' ? bytes : bytes.swap16());
      expect(remoteOf()).toBe('user@host:/p');
    }
  });

  it('an exclude file in UTF-16, of which rsync would read no rule, is a mistake', () => {
    write('.env', 'SYNC_REMOTE=h:/p');
    writeFileSync(join(root, '.rsync-exclude'), Buffer.from('\ufeff/secret/\r\n', 'utf16le'));
    expect(said()).toEqual(['1:1 found UTF-16, expected UTF-8: rsync would read no rule of it']);
  });

  it('what looks like a variable in a path is told to be none, and quotes of a text are no name', () => {
    write('.env', 'SYNC_REMOTE=h:$HOME/app');
    expect(codes()).toContain('remote-literal');
    write('.env', 'SYNC_REMOTE=\u2018h:/app\u2019');
    expect(said()).toEqual([expect.stringContaining('is no name of a host')]);
  });

  it('several remotes are told in the order of the file, and quotes of .env are none of the option', () => {
    write('.env', 'A_SYNC_REMOTE=h:/a\nB_SYNC_REMOTE=h:/b\n');
    expect(said()).toEqual(['1:15 found several remotes: A_SYNC_REMOTE, B_SYNC_REMOTE']);
    write('.env', "SYNC_REMOTE=h:/a\nSYNC_OPTIONS='--exclude=*.o'\n");
    expect(failure().hint).toContain(`SYNC_OPTIONS="--exclude='*.tmp'"`);
  });

  it('from a folder below the root', () => {
    write('.env', 'SYNC_REMOTE=hh:/p');
    write('packages/a/.env', 'UNRELATED=1');
    write('packages/a/.git', 'gitdir: x');
    const profile = only({ cwd: join(root, 'packages', 'a') });
    expect(profile.local.value).toBe(root);
    expect(profile.remote.value.text).toBe('hh:/p');
  });

  it('not from above the parent of the home directory, nor from a folder that all may write to', () => {
    write('.env', 'SYNC_REMOTE=evil:/p');
    const below = join(root, 'home', 'me', 'x');
    mkdirSync(below, { recursive: true });
    expect(failure({ cwd: below, home: join(root, 'home', 'me') }).message).toContain('not inside a project');
    expect(remoteOf({ cwd: below })).toBe('evil:/p');
  });

  it.skipIf(platform === 'win32')('a folder that all may write to is no project of those below', async () => {
    const { chmodSync } = await import('node:fs');
    write('.env', 'SYNC_REMOTE=evil:/p');
    const below = join(root, 'mine');
    mkdirSync(below);
    chmodSync(root, 0o1777);
    expect(failure({ cwd: below }).message).toContain('not inside a project');
    expect(remoteOf()).toBe('evil:/p');
  });

  it('missing: the text that users know, exit 1', () => {
    write('.git', 'gitdir: x');
    expect(failure()).toMatchObject({
      code: 'RSYNC_USAGE',
      exitCode: 1,
      message: 'Sync not configured. Set SYNC_REMOTE in .env',
      hint: expect.stringContaining('SYNC_REMOTE=user@host:/path'),
    });
    write('.env', 'SYNC_REMOTE=\nSYNC_OPTIONS= \n');
    expect(failure().message).toContain('Sync not configured');
    expect(readProject(input()).profiles[0]!.remote).toBeUndefined();
  });

  it('a folder called .env is an environment of Python', () => {
    write('.env/bin/python', '');
    write('.git', '');
    expect(remoteOf({ env: { SYNC_REMOTE: 'host:/p' } })).toBe('host:/p');
  });

  it('outside of a project nothing is taken for one', () => {
    expect(failure({ env: { SYNC_REMOTE: 'hh:/p' } }).message).toContain('not inside a project');
    expect(remoteOf({ env: { SYNC_REMOTE: 'hh:/p' }, argv: { root: '.' } })).toBe('hh:/p');
  });
});

describe('regression 13: precedence (B3)', () => {
  it('command line > environment > .env > rsyncjs.yaml, and what was overridden is remembered', () => {
    write('rsyncjs.yaml', 'remote: file:/p');
    expect(remoteOf()).toBe('file:/p');
    write('.env', 'SYNC_REMOTE=first:/p\nSYNC_REMOTE=dotenv:/p');
    expect(remoteOf()).toBe('dotenv:/p');
    const env = { SYNC_REMOTE: 'environment:/p' };
    expect(remoteOf({ env })).toBe('environment:/p');
    const { remote } = only({ env, argv: { remote: 'typed:/p' } });
    expect(remote.value.text).toBe('typed:/p');
    expect(remote.overrode!.map(({ value, origin }) => [value, originText(origin)])).toEqual([
      ['environment:/p', 'environment: SYNC_REMOTE'],
      ['dotenv:/p', `${join(root, '.env')}:2:13 (SYNC_REMOTE)`],
      ['first:/p', `${join(root, '.env')}:1:13 (SYNC_REMOTE)`],
      ['file:/p', `${join(root, 'rsyncjs.yaml')}:1:9 (remote)`],
    ]);
    expect(codes({ env })).toContain('remote-overruled');
  });

  it('every setting, 0 and false too', () => {
    write(
      'rsyncjs.yaml',
      [
        'remote: hh:/p',
        'conflict: newer',
        'guards: { max_delete: 7, max_delete_percent: 10%, confirm: always }',
        'stale_after: 15m',
        'only_ignored: true',
        'backup: true',
      ].join('\n'),
    );
    const settings = (argv = {}) => {
      const { guards, conflict, staleAfter, onlyIgnored, backup } = only({ argv });
      return [
        conflict.value,
        guards.maxDelete.value,
        guards.maxDeletePercent.value,
        guards.confirm.value,
        staleAfter.value,
        onlyIgnored.value,
        backup.value,
      ];
    };
    expect(settings()).toEqual(['newer', 7, 10, 'always', 900, true, true]);
    const typed = {
      conflict: 'stop',
      confirm: 'guards',
      staleAfter: 'never',
      onlyIgnored: false,
      backup: false,
    };
    expect(settings({ ...typed, maxDelete: '0' })).toEqual(['stop', 0, 10, 'guards', 0, false, false]);
    expect(settings({ maxDelete: '0%' })).toEqual(['newer', 7, 0, 'always', 900, true, true]);
    write('rsyncjs.yaml', 'remote: hh:/p');
    expect(settings()).toEqual(['stop', 1000, 50, 'guards', 86_400, false, false]);
  });

  it('what is typed is checked', () => {
    write('.env', 'SYNC_REMOTE=hh:/p');
    const argv = {
      conflict: 'mine',
      maxDelete: '101%',
      staleAfter: '9',
      options: ['--delete'],
      remote: './x',
    };
    expect(failure({ argv }).message.split('\n').slice(1)).toEqual([
      expect.stringContaining('--conflict: found "mine", expected one of stop, newer'),
      expect.stringContaining('--max-delete: found "101%", expected a number, or a share'),
      expect.stringContaining('--stale-after: found "9", expected a time'),
      expect.stringContaining('--remote: found "./x", a path of this machine'),
      expect.stringContaining('--delete is refused: it tells what is deleted'),
    ]);
  });
});

describe('names of variables', () => {
  it('several: an error that lists them, or the one that is chosen', () => {
    const env = { A_SYNC_REMOTE: 'aa:/p', MY_WEB_SYNC_REMOTE: 'ww:/p', MY_WEB_SYNC_OPTIONS: '-v' };
    write('.env', 'X=1');
    expect(said({ env })).toEqual(['-:- found several remotes: A_SYNC_REMOTE, MY_WEB_SYNC_REMOTE']);
    expect(only({ env, argv: { profiles: ['my-web'] } })).toMatchObject({
      name: 'my_web',
      remote: { value: { text: 'ww:/p' } },
      options: { value: ['-v'] },
    });
    expect(said({ env, argv: { profiles: ['my-wbe'] } })).toEqual(['-:- there is no profile "my-wbe"']);
  });

  it('the neutral one wins and says so', () => {
    write('.env', 'SYNC_REMOTE=nn:/p\nA_SYNC_REMOTE=aa:/p');
    expect(remoteOf()).toBe('nn:/p');
    expect(codes()).toContain('remote-neutral');
    expect(remoteOf({ argv: { profiles: ['a'] } })).toBe('aa:/p');
  });

  it('an error of a variable names it once', () => {
    write('.env', 'X=1');
    expect(failure({ env: { SYNC_OPTIONS: '-v -essh', SYNC_REMOTE: 'hh:/p' } }).message).toBe(
      'SYNC_OPTIONS in the environment, character 4: -e in -essh is refused: it chooses the command that connects',
    );
  });

  it('options without a remote of their name are not used, and that is said', () => {
    write('.env', 'SYNC_REMOTE=hh:/p\nSYNC_OPTIONS=-v\nB_SYNC_OPTIONS=-z');
    expect(only().options.value).toEqual(['-v']);
    expect(codes()).toContain('variable-unused');
  });

  it('names are not looked at in part', () => {
    write('.env', 'RSYNC_REMOTE=xx:/p\nASYNC_REMOTE=yy:/p\nSYNC_REMOTE_=zz:/p');
    expect(failure().message).toContain('Sync not configured');
  });

  it('on Windows without case', () => {
    write('.env', 'X=1');
    const found = readProject(input({ env: { Sync_Remote: 'hh:/p' }, platform: 'win32', argv: { root } }));
    expect(found.profiles[0]!.remote!.value.text).toBe('hh:/p');
  });
});

describe('profiles', () => {
  const text = [
    'conflict: newer',
    'exclude: [a]',
    'options: -v',
    'default_profile: web',
    'profiles:',
    '  web: { remote: "ww:/p", path: sub, conflict: local, ssh: { port: 2222, identity_file: ~/.ssh/k } }',
    '  nas: { remote: "nn:/p", exclude: [b], options: ["--exclude=a b", -z] }',
  ].join('\n');

  it('take what the top says, and variables of their name', () => {
    write('rsyncjs.yaml', text);
    const { profiles, defaultProfile } = resolve({
      env: { NAS_SYNC_REMOTE: 'other:/p', X_SYNC_REMOTE: 'xx:/p' },
    });
    expect(defaultProfile).toBe('web');
    const short = profiles.map(({ name, local, remote, conflict, excludes, options }) => [
      name,
      local.value,
      remote.value.text,
      conflict.value,
      excludes.value,
      options.value,
    ]);
    expect(short).toEqual([
      ['web', join(root, 'sub'), 'ww:/p', 'local', ['a'], ['-v']],
      ['nas', root, 'other:/p', 'newer', ['b'], ['--exclude=a b', '-z']],
    ]);
    expect(profiles[0]!.ssh).toMatchObject({ port: { value: 2222 }, identityFile: [{ value: '~/.ssh/k' }] });
    expect(codes({ env: { X_SYNC_REMOTE: 'xx:/p' } })).toContain('variable-unused');
    expect(only({ argv: { profiles: ['nas'] } }).name).toBe('nas');
  });

  it.each([
    ['remote: hh:/p\nprofiles: { a: { remote: "hh:/p" } }', '1:9 remote: there are profiles'],
    [
      'profiles:\n  a: { remote: "hh:/p", path: ../x }',
      '2:31 path: found "../x", expected a folder of the project',
    ],
    ['profiles:\n  a b: { remote: "hh:/p" }', '2:3 profiles: "a b" is no name of a profile'],
    ['profiles:\n  - name: a', '2:3 profiles: found a list, expected a name in front'],
    [
      'default_profile: b\nprofiles: { a: { remote: "hh:/p" } }',
      '1:18 default_profile: there is no profile "b"',
    ],
    ['remote: /srv/x', '1:9 remote: found "/srv/x", a path of this machine'],
    ['remote: hh:/p\nrsh: x', '2:1 rsh: unknown key'],
    ['remote: hh:/p\noptions: -v --rsh=x', '2:13 options: --rsh is refused'],
    ['remote: hh:/p\noptions: [-v, "-e ssh"]', '2:15 options: -e in -e ssh is refused'],
    ['remote: hh:/p\nssh: { proxy_command: x }', '2:8 ssh.proxy_command: unknown key'],
    [
      'remote: hh:/p\nssh: { strict_host_key_checking: no }',
      '2:34 ssh.strict_host_key_checking: found the text "no"',
    ],
  ])('%j', (yaml, wanted) => {
    write('rsyncjs.yaml', yaml);
    expect(said()).toEqual([expect.stringContaining(wanted)]);
  });

  it('a mistake that they share is told once', () => {
    write('rsyncjs.yaml', text);
    expect(said({ env: { SYNC_OPTIONS: '-essh' }, argv: { options: ['--delete'] } })).toHaveLength(2);
  });

  it('one that lacks its remote is told by name', () => {
    write('rsyncjs.yaml', 'profiles: { web: {}, nas: { remote: "nn:/p" } }');
    expect(failure()).toMatchObject({
      message: 'profile web: there is no remote',
      hint: expect.stringContaining('WEB_SYNC_REMOTE'),
    });
  });

  it('SYNC_REMOTE does not redirect several', () => {
    write('rsyncjs.yaml', text);
    write('.env', '\nSYNC_REMOTE=xx:/p');
    expect(said()).toEqual(['2:13 SYNC_REMOTE: rsyncjs.yaml has several profiles']);
  });
});

describe('mistakes in .env have their place', () => {
  it.each([
    ['SYNC_REMOTE=hh:/p\nSYNC_OPTIONS="-v -essh"', '2:18 SYNC_OPTIONS: -e in -essh is refused'],
    ["SYNC_REMOTE=hh:/p\nSYNC_OPTIONS='-v; rm x'", '2:17 SYNC_OPTIONS: ;: commands are not run'],
    ['SYNC_REMOTE=hh:/p\nSYNC_OPTIONS=-v $(id)', '2:17 SYNC_OPTIONS: $: variables and commands'],
    ['SYNC_REMOTE=hh:/a#b', '1:18 SYNC_REMOTE: the value ends where "#" begins'],
    ['SYNC_REMOTE="hh:/a', '1:13 SYNC_REMOTE: the value starts with " and does not end with it'],
    ['SYNC_REMOTE: hh:/a\nX=1', '1:1 SYNC_REMOTE: expected NAME=VALUE'],
    ['SYNC_REMOTE=$HOST:/p', '1:13 SYNC_REMOTE: found "$HOST:/p"'],
  ])('%j', (text, wanted) => {
    write('rsyncjs.yaml', '');
    write('.env', text);
    expect(said()[0]).toContain(wanted);
  });

  it('a password is in no message', () => {
    write('.env', 'SYNC_REMOTE=rsync://me:hunter2@h/m');
    const error = failure();
    expect(error.message).toContain('me:***@h');
    expect(JSON.stringify([error.message, error.hint, problemsOf(error)])).not.toContain('hunter2');
  });
});

describe('files of excludes', () => {
  it('regression 6: missing although named: code 11 and our message (A6)', () => {
    write('rsyncjs.yaml', 'remote: hh:/p\nexclude_from: [.rsync-exclude, more]');
    write('.rsync-exclude', '*.o\n');
    expect(failure()).toMatchObject({ code: 'RSYNC_FILE_IO', exitCode: 11, path: join(root, 'more') });
    write('more', '');
    expect(only().excludeFiles.map(({ value }) => value)).toEqual([
      join(root, '.rsync-exclude'),
      join(root, 'more'),
    ]);
  });

  it('absent by default: a notice; there: used; none wanted: none', () => {
    write('rsyncjs.yaml', 'remote: hh:/p');
    expect(only().excludeFiles).toEqual([]);
    expect(codes()).toEqual(['exclude-file-absent']);
    write('.rsync-exclude', '*.o\n');
    expect(only().excludeFiles.map(({ value }) => value)).toEqual([join(root, '.rsync-exclude')]);
    expect(codes()).toEqual([]);
    write('rsyncjs.yaml', 'remote: hh:/p\nexclude_from: []');
    expect(only().excludeFiles).toEqual([]);
  });

  it('a folder in the place of a file is an error', () => {
    write('rsyncjs.yaml/x', '');
    expect(failure()).toMatchObject({ code: 'RSYNC_FILE_IO', exitCode: 11 });
  });
});

describe('reportProject', () => {
  it('tells every key, where from, and what it overrode', () => {
    write('rsyncjs.yaml', 'remote: hh:/p\noptions: [-v]\nconflict: newer');
    const { rows, schema } = reportProject(
      readProject(input({ env: { SYNC_OPTIONS: '-z' }, argv: { conflict: 'stop' } })),
    );
    expect(schema).toBe(1);
    const row = (key: string) => rows.find((one) => one.key === key);
    expect(row('conflict')).toMatchObject({
      value: 'stop',
      from: 'command line: --conflict',
      overrode: [{ value: 'newer', from: `${join(root, 'rsyncjs.yaml')}:3:11 (conflict)` }],
    });
    expect(row('options')).toMatchObject({ value: ['-z'], overrode: [{ value: ['-v'] }] });
    expect(row('backup')).toEqual({
      key: 'backup',
      value: false,
      origin: { kind: 'default', name: 'backup' },
      from: 'default',
      overrode: [],
    });
    expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
  });
});
