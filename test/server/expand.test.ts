import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { ConfinedPlaces, WholeDisk } from '../../src/files/places.ts';
import { Expansion, isPattern, unescapePattern } from '../../src/server/expand.ts';
import { pathsOfText, pathsOfWords } from '../../src/server/restricted/paths.ts';
import { splitShellWords } from '../../src/server/restricted/shell-words.ts';
import { isWindows, tempDir } from '../files/temp-dir.ts';

const PATTERNS = [
  ...['*', '*/', '.*', '.h*', '?', '[ab]', '[!a]*', '[a-c]*', 'd*/*', '*/*', '*/*/', '*/*/*', 'd1/*', './*'],
  ...[
    'd1/../d?',
    '*.txt',
    'no*',
    '*/no*',
    'a\\*b',
    'a\\**',
    '\\**',
    'a[*]b',
    'd1//*',
    '*d1*',
    'link/*',
    '*/.h*',
  ],
  ...['out/*', 'dangling*', 'd[1', 'd[1]', '[[:digit:]]*', 'caf?', 'x y*', '**', 'd1/**'],
];

let outer = '';
let root = '';
let places: ConfinedPlaces;

beforeAll(() => {
  outer = tempDir();
  root = join(outer, 'root');
  for (const path of ['d1/sub', 'd2', '.hidden', 'd1/.hd']) mkdirSync(join(root, path), { recursive: true });
  mkdirSync(join(outer, 'secret'));
  const names = ['a', 'b', 'c.txt', 'd1/x', 'd1/sub/y', 'd2/x', '.h', 'd1/.h', 'x y', 'café', '1'];
  if (!isWindows) names.push('a*b', 'd[1');
  for (const name of names) writeFileSync(join(root, name), '');
  writeFileSync(join(outer, 'secret/file'), '');
  symlinkSync('d1', join(root, 'link'), 'dir');
  symlinkSync('../secret', join(root, 'out'), 'dir');
  symlinkSync('nowhere', join(root, 'dangling'));
  places = ConfinedPlaces.open(root);
});

describe.skipIf(isWindows)('wildcards', () => {
  it('match what those of a shell match', () => {
    const script = PATTERNS.map((pattern) => `printf '%s\\0' ${pattern}; printf '\\001\\0'`).join('\n');
    const { stdout } = spawnSync('/bin/sh', ['-c', script], {
      cwd: root,
      env: { LC_ALL: 'C', PATH: process.env.PATH },
    });
    const lists = stdout
      .toString('latin1')
      .split('\x01\0')
      .slice(0, -1)
      .map((text) => text.split('\0').slice(0, -1));
    expect(lists).toHaveLength(PATTERNS.length);
    const differing = PATTERNS.flatMap((pattern, at) => {
      // dash finds `.` and `..` in a directory, and only the shell leaves the root.
      const theirs = lists[at]!.map((name) => name.replace(/\/\/+/g, '/')).filter(
        (name) => !/(^|\/)\.\.?\/?$/.test(name) && !name.startsWith('out/f'),
      );
      const words = pathsOfWords(splitShellWords(pattern), new WholeDisk(fromText(root)));
      const ours = words
        .map((name) => name.replace(/\/\/+/g, '/'))
        .filter((name) => !name.startsWith('out/f'));
      return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [{ pattern, ours, theirs }];
    });
    expect(differing).toEqual([]);
  });

  it('lead nowhere out of the root', () => {
    const expand = (pattern: string) => new Expansion({ places, matchesDots: true }).expand(pattern);
    expect(expand('out/*')).toEqual([]);
    expect(expand('*/file')).toEqual([]);
    expect(expand('../*')).toContain('../d1');
    expect(expand('../../../../[e]tc/*')).toEqual([]);
    expect(expand('/*')).toContain('/d1');
    expect(expand('/*')).not.toContain('/etc');
    // The link itself is a name in the root.
    expect(expand('ou*')).toEqual(['out']);
    expect(expand('ou*/')).toEqual([]);
    expect(expand('lin*/')).toEqual(['link/']);
  });
});

describe('paths of a request', () => {
  it('of secluded arguments: dots are matched, nothing is a home', () => {
    expect(pathsOfText(['*h*', '~/a', 'nothing*', '', '\\a'], places)).toEqual([
      ...['.h', '.hidden'],
      ...['~/a', 'nothing*', '.', '\\a'],
    ]);
  });

  it('of a shell: a home is the root', () => {
    const paths = (command: string) => pathsOfWords(splitShellWords(command), places);
    expect(paths('~/d1 ~ ~/ ~//d1 ~user \\~/d1')).toEqual(['d1', '.', '.', 'd1', '~user', '~/d1']);
    expect(paths('~/[ab]')).toEqual(['a', 'b']);
    expect(paths('""')).toEqual(['.']);
  });
});

it('a backslash takes the meaning away', () => {
  expect(isPattern('a\\*b')).toBe(false);
  expect(isPattern('a\\\\*b')).toBe(true);
  expect(unescapePattern('a\\*\\\\b')).toBe('a*\\b');
});

it('hides what the caller hides', () => {
  const hides = (path: string, isDirectory: boolean) => path === '/a' || (isDirectory && path === '/d1');
  const expansion = new Expansion({ places, matchesDots: false, hides });
  expect(expansion.expand('[ab]')).toEqual(['b']);
  expect(expansion.expand('d?/x')).toEqual(['d2/x']);
});

it('stops at a number of names, and at a number to look at', () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `n${i}`);
  const many = {
    ...{ display: (path: string) => path, stat: () => ({ isDirectory: true }), openSource: () => undefined },
    open: () => ({ readdir: () => names, lstat: () => ({ isDirectory: false }), close: () => {} }),
  } as never;
  const tooMany = expect.objectContaining({ code: 'RSYNC_LIMIT', exitCode: 22 });
  const expansion = new Expansion({ places: many, matchesDots: true });
  expect(expansion.expand('*')).toHaveLength(10_000);
  // Together they are too many for a command line.
  expect(() => expansion.expand('*')).toThrowError(tooMany);
  const looking = vi.fn(() => new Expansion({ places: many, matchesDots: true }).expand('n1*/[x]/y'));
  expect(looking).toThrowError(/more than 1000000 names to be looked at/);
  expect(LIMITS.EXPANSION_NAMES).toBe(1_000_000);
});
