/** What Git ignores and tracks, held against git's own answers; names as bytes, worktrees, submodules. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromText } from '../../../src/core/bytes.ts';
import { type AskedPath, GitTree } from '../../../src/sync/project/git.ts';
import { temporaryFolder } from '../../support/peers.ts';
import { programMissing } from '../../support/programs.ts';
import { removeTree } from '../../support/tree.ts';

const base = temporaryFolder('git');
const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: base };
const root = join(base, 'repo');
afterAll(() => removeTree(base));

const git = (folder: string, ...words: string[]): string =>
  execFileSync(
    'git',
    ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'protocol.file.allow=always', ...words],
    { env, encoding: 'latin1', stdio: 'pipe' },
  );
const put = (path: string, text = 'x\n'): void => {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
};
const file = (path: string): AskedPath => ({ path, isDirectory: false });
const folder = (path: string): AskedPath => ({ path, isDirectory: true });

async function open(path: string, settings = { env }): Promise<GitTree> {
  const opened = await GitTree.open(path, settings);
  if (opened.kind !== 'tree') throw new Error(`no tree: ${opened.kind}`);
  return opened.tree;
}

// File systems of Windows and macOS take no name that is not UTF-8.
const reason = process.platform === 'linux' ? programMissing('git') : 'names as bytes need Linux';

beforeAll(() => {
  if (reason !== undefined) return;
  const module = join(base, 'module');
  put(join(module, 'lib.c'));
  put(join(module, '.gitignore'), '*.o\n');
  git(base, 'init', '-q', module);
  git(module, 'add', '.');
  git(module, 'commit', '-qm', 'x');

  git(base, 'init', '-q', root);
  put(join(root, '.gitignore'), 'build/\n*.log\n/only\n!keep.log\n');
  put(join(root, 'src/a.ts'));
  put(join(root, 'tracked.log'));
  put(join(root, 'sub/.gitignore'), 'local\n');
  writeFileSync(Buffer.from(`${root}/b\xff.txt`, 'latin1'), '');
  put(join(root, 'é (1) ?*.txt'));
  mkdirSync(join(base, 'elsewhere'));
  symlinkSync(join(base, 'elsewhere'), join(root, 'link'));
  git(root, 'add', '-f', '.');
  git(root, 'submodule', 'add', '-q', module, 'vendor/module');
  git(root, 'commit', '-qm', 'x');
});

describe.skipIf(reason)('a Git working tree', () => {
  it('tells what it ignores, of paths that are here and that are not', async () => {
    const tree = await open(root);
    const asked = [
      folder('build'),
      file('build/deep/x'),
      file('build'),
      file('x.log'),
      file('sub/y.log'),
      file('keep.log'),
      file('tracked.log'),
      file('only'),
      file('sub/only'),
      file('sub/local'),
      file('local'),
      file('src/a.ts'),
      file('b\xff.log'),
      file(fromText('é.log')),
      file(':(exclude)x.log'),
      file('line\nfeed.log'),
      file('link/x.log'),
      file('vendor/module/a.o'),
      file('vendor/module/lib.c'),
      file('vendor/module/x.log'),
    ];
    expect([...(await tree.ignored(asked))].sort()).toEqual(
      [
        'build',
        'build/deep/x',
        'x.log',
        'sub/y.log',
        'only',
        'sub/local',
        'b\xff.log',
        fromText('é.log'),
        ':(exclude)x.log',
        'line\nfeed.log',
        'vendor/module/a.o',
      ].sort(),
    );
    expect(await tree.ignored([])).toEqual(new Set());
    expect(await (await open(join(root, 'sub'))).ignored([file('local'), file('x.log'), file('y')])).toEqual(
      new Set(['local', 'x.log']),
    );
  });

  it('tells what it tracks as git ls-files does, with what is in submodules', async () => {
    const expected = git(root, 'ls-files', '-z', '--recurse-submodules').split('\0').filter(Boolean);
    expect(expected).toContain('vendor/module/lib.c');
    expect(expected).toContain('b\xff.txt');
    expect((await (await open(root)).tracked()).sort()).toEqual(expected.sort());
    expect(await (await open(join(root, 'src'))).tracked()).toEqual(['a.ts']);
  });

  it('is one in a worktree and in a submodule too, where .git is a file', async () => {
    git(root, 'worktree', 'add', '-q', join(base, 'other'));
    // The submodule is not checked out there: Git would answer for the tree above it.
    const tree = await open(join(base, 'other'));
    expect(await tree.tracked()).toContain('vendor/module');
    expect(await tree.ignored([file('x.log')])).toEqual(new Set(['x.log']));
    expect(await (await open(join(root, 'vendor/module'))).tracked()).toEqual(['.gitignore', 'lib.c']);
  });

  it('runs nothing that the repository names, and is not led elsewhere by the environment', async () => {
    const hostile = join(base, 'hostile');
    const mark = join(base, 'mark');
    git(base, 'init', '-q', hostile);
    put(join(hostile, 'a.txt'));
    git(hostile, 'add', '.');
    put(join(hostile, 'run'), `#!/bin/sh\ntouch '${mark}'\n`);
    execFileSync('chmod', ['+x', join(hostile, 'run')]);
    for (const [key, value] of [
      ['core.fsmonitor', join(hostile, 'run')],
      ['alias.ls-files', `!${join(hostile, 'run')}`],
      ['alias.check-ignore', `!${join(hostile, 'run')}`],
      ['core.pager', join(hostile, 'run')],
    ]) {
      git(hostile, 'config', key!, value!);
    }
    // The trap works: git itself walks into it.
    git(hostile, 'status');
    expect(existsSync(mark)).toBe(true);
    removeTree(mark);
    const led = {
      ...env,
      GIT_DIR: join(root, '.git'),
      GIT_WORK_TREE: root,
      GIT_INDEX_FILE: join(root, '.git/index'),
    };
    const tree = await open(hostile, { env: led });
    expect(await tree.tracked()).toEqual(['a.txt']);
    expect(await tree.ignored([file('x.log')])).toEqual(new Set());
    expect(existsSync(mark)).toBe(false);
  });
});

describe.skipIf(reason)('no Git working tree', () => {
  it('is told: no repository, a bare one, no git, a broken repository', async () => {
    const kind = async (path: string, variables = env) => (await GitTree.open(path, { env: variables })).kind;
    expect(await kind(join(base, 'elsewhere'))).toBe('no-repository');
    git(base, 'init', '-q', '--bare', join(base, 'bare'));
    expect(await kind(join(base, 'bare'))).toBe('no-repository');
    expect(await kind(root, { PATH: join(base, 'elsewhere') })).toBe('no-git');
    put(join(base, 'broken/.git'), 'gitdir: /nowhere/at/all\n');
    expect(await kind(join(base, 'broken'))).toMatch(/no-repository|refused/);
  });

  it('a failure of Git is an error with its words', async () => {
    const tree = await open(root);
    put(join(base, 'spoilt/a'));
    git(base, 'init', '-q', join(base, 'spoilt'));
    put(join(base, 'spoilt/.git/index'), 'no index at all, but long enough to be read\n');
    await expect((await open(join(base, 'spoilt'))).tracked()).rejects.toMatchObject({
      code: 'RSYNC_FILE_IO',
      exitCode: 11,
    });
    // A path that leads out of the tree is no path of it.
    await expect(tree.ignored([file('../x')])).rejects.toMatchObject({ code: 'RSYNC_FILE_IO' });
  });
});
