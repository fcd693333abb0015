/** What a setup checks on this machine, without any other. */
import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RsyncError } from '../../../src/core/errors.ts';
import { CHECKS } from '../../../src/sync/doctor/checks.ts';
import { setupExitCode } from '../../../src/sync/doctor/run.ts';
import { temporaryFolder } from '../../support/peers.ts';
import { programMissing } from '../../support/programs.ts';
import { removeTree } from '../../support/tree.ts';
import { check, makeProject, type SetupRun, skipped } from './support.ts';

const base = temporaryFolder('setup-local');
const env = { ...process.env, HOME: base };
afterAll(() => removeTree(base));

const here = (root: string, excludeFiles: string[] = []): Promise<SetupRun> =>
  check({ origin: 'a test', location: 'host.invalid:x', root, excludeFiles }, { env, network: false });

describe('a configuration', () => {
  it('that is not there is no error, and nothing else is looked at', async () => {
    const found = await check(() => undefined, { env });
    expect(found.grades()).toEqual(['configuration: info']);
    expect(found.of('configuration').remedy).toContain('SYNC_REMOTE');
    expect(skipped(found)).toHaveLength(CHECKS.length - 1);
    expect(setupExitCode(found.results)).toBe(0);
  });

  it('with a mistake is an error with its code, and everything is skipped because of it', async () => {
    const mistake = new RsyncError('RSYNC_USAGE', 'rsyncjs.yaml:3:5: unknown key "remot"', {
      exitCode: 1,
      origin: 'local',
      hint: 'Did you mean "remote"?',
    });
    const found = await check(
      () => {
        throw mistake;
      },
      { env },
    );
    expect(found.results[0]).toEqual({
      name: 'configuration',
      grade: 'error',
      sentence: 'rsyncjs.yaml:3:5: unknown key "remot"',
      remedy: 'Did you mean "remote"?',
      exitCode: 1,
      details: { code: 'RSYNC_USAGE' },
    });
    expect(new Set(skipped(found).map(([, because]) => because))).toEqual(new Set(['configuration']));
    expect(setupExitCode(found.results)).toBe(1);
  });

  it('whose options make no sense is one too', async () => {
    const found = await check(
      { origin: 'a test', location: 'h:x', root: base, options: ['--no-such'] },
      { env },
    );
    expect(found.of('configuration')).toMatchObject({ grade: 'error', exitCode: 1 });
  });

  it('without a network leaves out what needs one, and a name that leads nowhere skips it', async () => {
    const root = makeProject(join(base, 'offline'));
    const left = (await here(root)).results
      .filter(({ grade }) => grade === 'omitted')
      .map(({ name }) => name);
    expect(left).toEqual(CHECKS.slice(4).map(({ name }) => name));
    // Longer than a label may be: no name server is asked.
    const found = await check(
      { origin: 'a test', location: `${'x'.repeat(64)}:x`, root, connect: ['-e', 'ssh -F none'] },
      { env },
    );
    expect(found.of('name-resolution')).toMatchObject({ grade: 'error', exitCode: 255 });
    expect(new Set(skipped(found).map(([, because]) => because))).toEqual(new Set(['name-resolution']));
    expect(readdirSync(root)).toEqual(['a.txt']);
  });
});

describe('an exclude file', () => {
  it('that is missing is the error 11 that a transfer would end with', async () => {
    const found = await here(makeProject(join(base, 'none')), [join(base, 'none/.rsync-exclude')]);
    expect(found.of('exclude-file')).toMatchObject({ grade: 'error', exitCode: 11 });
    expect(found.of('exclude-file').sentence).toContain('No such file or directory');
    expect(found.of('local-root').grade).toBe('ok');
  });

  it('is read with the rules of transfers', async () => {
    const root = makeProject(join(base, 'rules'), {
      good: '# a comment\n; another\n\n*.log\n- *.tmp\n',
      bad: '*.log\n- \n',
    });
    expect((await here(root, [join(root, 'good')])).of('exclude-file')).toMatchObject({
      grade: 'ok',
      details: { rules: 2 },
    });
    const bad = (await here(root, [join(root, 'bad')])).of('exclude-file');
    expect(bad).toMatchObject({ grade: 'error', exitCode: 1 });
    expect(bad.sentence).toContain('bad');
  });
});

describe('the local root', () => {
  it('that is missing, or no folder', async () => {
    const file = join(makeProject(join(base, 'root')), 'a.txt');
    for (const root of [join(base, 'root/absent'), file]) {
      expect((await here(root)).of('local-root')).toMatchObject({ grade: 'error', exitCode: 3 });
    }
  });
});

describe.skipIf(programMissing('git'))('a Git working tree', () => {
  const git = (folder: string, ...words: string[]): void => {
    execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@t', ...words], {
      stdio: 'pipe',
      env,
    });
  };
  const root = makeProject(join(base, 'repo'), {
    'src/build/tool.ts': 'source\n',
    'src/main.ts': 'source\n',
    'build/out.js': 'built\n',
    '.gitignore': '/build/\n',
  });
  beforeAll(() => {
    git(root, 'init', '-q');
    git(root, 'add', '.');
    git(root, 'commit', '-qm', 'x');
  });

  it('whose tracked files are hidden by a rule without an anchor', async () => {
    writeFileSync(join(base, 'unanchored'), '.git\nbuild/\n');
    const found = await here(root, [join(base, 'unanchored')]);
    expect(found.of('git')).toMatchObject({
      grade: 'warning',
      details: { tracked: 3, hidden: 1, examples: ['src/build/tool.ts'], dotGit: 'folder' },
    });
    writeFileSync(join(base, 'anchored'), '.git\n/build/\n');
    expect((await here(root, [join(base, 'anchored')])).of('git').grade).toBe('ok');
  });

  it('of which .git is a file, which a rule for folders does not keep here', async () => {
    git(root, 'worktree', 'add', '-q', join(base, 'tree'));
    writeFileSync(join(base, 'folders'), '.git/\n');
    const found = await here(join(base, 'tree'), [join(base, 'folders')]);
    expect(found.of('git')).toMatchObject({ grade: 'warning', details: { dotGit: 'file' } });
    expect((await here(join(base, 'tree'), [join(base, 'anchored')])).of('git').grade).toBe('ok');
  });
});
