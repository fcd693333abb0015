import { describe, expect, it } from 'vitest';
import { fromText, toBuffer } from '../../src/core/bytes.ts';
import { directoryFileReader } from '../../src/filter/directory-files.ts';
import { openRules } from '../../src/filter/directory-rules.ts';
import { buildFilterList, type Filter, NO_IGNORES, type Side } from '../../src/filter/filter-list.ts';
import { directoryOf, isAtOrAbove, resolvePath } from '../../src/filter/rule-paths.ts';
import { failure } from './support.ts';

const ROOT = '/top/root';

interface Opened {
  filter: Filter;
  /** Paths that were looked for. */
  asked: string[];
  warnings: string[];
}

/** Files by their name below the root, or by their absolute path. */
function open(
  rules: readonly string[],
  files: Record<string, string>,
  {
    side = 'sender',
    from0 = false,
    deleteExcluded = false,
  }: { side?: Side; from0?: boolean; deleteExcluded?: boolean } = {},
): Opened {
  const asked: string[] = [];
  const warnings: string[] = [];
  const read = directoryFileReader({
    rootPath: ROOT,
    from0,
    deleteExcluded,
    cvsIgnores: () => NO_IGNORES,
    onWarning: (text) => warnings.push(text),
    readPath: (path) => {
      asked.push(path);
      const content = files[path] ?? files[path.replace(`${ROOT}/`, '')];
      return content === undefined ? undefined : toBuffer(fromText(content));
    },
  });
  const list = buildFilterList(
    rules.map((text) => ({ kind: 'filter', text: fromText(text) })),
    {
      deleteExcluded,
      readFile: () => {
        throw new Error('no file is named');
      },
    },
  );
  return { filter: openRules(list, { side, rootPath: ROOT, read }), asked, warnings };
}

const hidden = ({ filter }: Opened, directory: string, ...names: string[]): string[] => {
  filter.enter(directory);
  const prefix = directory === '.' ? '' : `${directory}/`;
  return names.filter((name) => filter.isExcluded(prefix + name, false));
};

describe('the files of directories', () => {
  it('cost nothing where no rule of this side names any', () => {
    const { filter, asked } = open(['- a', ':r .f', '-C'], {});
    filter.enter('d');
    expect(filter.isExcluded('d/a', false)).toBe(true);
    expect(filter.isExcluded('d/x.o', false)).toBe(true);
    expect(asked).toEqual([]);
  });

  it('are read once while a tree is walked depth first', () => {
    const opened = open([': .f', ':n .g'], { 'a/.f': '- x', 'a/.g': '- y' });
    for (const directory of ['.', 'a', 'a/b', 'a/b/c', 'a/d', 'a', 'e', '.']) opened.filter.enter(directory);
    const expected = ['', '/a', '/a/b', '/a/b/c', '/a/d', '/e'].flatMap((at) => [
      `${ROOT}${at}/.f`,
      `${ROOT}${at}/.g`,
    ]);
    expect(opened.asked).toEqual(expected);
  });

  it('count in their directory and below it, but not with n; and nowhere else', () => {
    const opened = open([': .f', ':n .g'], { 'a/.f': '- x', 'a/.g': '- y' });
    expect(hidden(opened, '.', 'x', 'y')).toEqual([]);
    expect(hidden(opened, 'a', 'x', 'y')).toEqual(['x', 'y']);
    expect(hidden(opened, 'a/b', 'x', 'y')).toEqual(['x']);
    expect(hidden(opened, 'ab', 'x', 'y')).toEqual([]);
    opened.filter.enter('a');
    opened.filter.leave();
    expect(opened.filter.isExcluded('x', false)).toBe(false);
  });

  it('of directories on the way are read too, that of the root only if it was entered', () => {
    const files = { '.f': '- r', 'a/.f': '- x' };
    const opened = open([': .f'], files);
    expect(hidden(opened, 'a/b/c', 'x', 'r')).toEqual(['x']);
    opened.filter.enter('.');
    expect(hidden(opened, 'a/b/c', 'x', 'r')).toEqual(['x', 'r']);
  });

  it('are as they were when a walk comes back to a position', () => {
    const files: Record<string, string> = { 'a/.f': '- x' };
    const opened = open([': .f'], files);
    opened.filter.enter('a');
    const { position } = opened.filter;
    files['a/.f'] = '- y';
    opened.filter.enter('b');
    expect(hidden(opened, 'a', 'x', 'y')).toEqual(['y']);
    opened.filter.resume(position);
    expect(hidden(opened, 'a', 'x', 'y')).toEqual(['x']);
  });

  it('anchor their rules, whatever their directory is called, with names that begin with a slash too', () => {
    const opened = open([': .f'], { 'a[b]*/.f': '- /x\n- /s/*\n+ /k/***\n- y' });
    for (const slash of ['', '/']) {
      expect(hidden(opened, `${slash}a[b]*`, 'x', 'y', 'ax')).toEqual(['x', 'y']);
      expect(hidden(opened, `${slash}a[b]*/s`, 'z', 'x')).toEqual(['z', 'x']);
      expect(hidden(opened, `${slash}a[b]*/k`, 'y', 'x')).toEqual([]);
    }
    expect(hidden(opened, 'ab', 'x', 'y')).toEqual([]);
  });

  it('with a path in their name are looked for above the first directory', () => {
    const files = {
      '/.f': '- r\n- /top/root/d/a\n- /top/*/b',
      '/top/.f': '!\n- /root/c\n- t',
      '.f': '- /d/e',
    };
    const names = ['a', 'b', 'c', 'r', 't'];
    expect(hidden(open([': /.f'], files), 'd', ...names, 'e')).toEqual(['t', 'e']);
    expect(hidden(open([': /.f'], { ...files, '/top/.f': '- t' }), '.', ...names)).toEqual(['b', 'r', 't']);
    expect(hidden(open([': /.f'], { ...files, '/top/.f': '- t' }), 'd', ...names)).toEqual(['a', 'r', 't']);
    expect(hidden(open([': ../.f'], files), '.', 'c', 't')).toEqual(['c', 't']);
    expect(hidden(open([':n /.f'], files), 'd', ...names)).toEqual([]);
    expect(hidden(open([': /other/.f'], { '/other/.f': '- a', ...files }), 'd', ...names)).toEqual([]);
  });

  it('take what their rule hands down, and the sides that they name', () => {
    const files = { '.f': '- a\nP b\nH c\n', '.g': '- d\n', '.h': 'e ! f\n' };
    const rules = [': .f', ':s .g', ':C .h'];
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(hidden(open(rules, files), '.', ...names)).toEqual(['a', 'c', 'd', 'f']);
    expect(hidden(open(rules, files, { side: 'receiver' }), '.', ...names)).toEqual(['a', 'b', 'f']);
    const late = { deleteExcluded: true, side: 'receiver' } as const;
    expect(hidden(open(rules, files, late), '.', ...names)).toEqual(['b']);
  });

  it('of perishable rules do not count in a directory that goes', () => {
    const { filter } = open([':p .f', ': .g'], { '.f': '- a', '.g': '- b\n-p c' });
    filter.enter('.');
    expect(['a', 'b', 'c'].filter((name) => filter.isExcluded(name, false, { deleting: true }))).toEqual([
      'b',
    ]);
  });

  it('may name others, which are read from there on', () => {
    const files = { 'd/.f': '- x\n: .g\n:n .f\n', 'd/.g': '- y', 'd/e/.g': '!\n- z', '.g': '- w' };
    const opened = open([': .f', '+ *'], files);
    expect(hidden(opened, '.', 'x', 'y', 'w')).toEqual([]);
    expect(hidden(opened, 'd', 'x', 'y', 'w')).toEqual(['x', 'y']);
    expect(hidden(opened, 'd/e', 'x', 'y', 'z')).toEqual(['x', 'z']);
    expect(hidden(opened, 'k', 'x', 'y')).toEqual([]);
  });

  it('include others: with a slash from their directory, else from the root of the transfer', () => {
    const files = {
      'd/.f': '. inc\n. ./s/inc\n. /abs\n',
      inc: '- a',
      'd/s/inc': '. ./more',
      'd/more': '- b',
      '/abs': '- c',
    };
    expect(hidden(open([': .f'], files), 'd', 'a', 'b', 'c')).toEqual(['a', 'b', 'c']);
    const error = failure(() => open([': .f'], { 'd/.f': '- a\n. ./gone\n' }).filter.enter('d'));
    expect(error).toMatchObject({
      exitCode: 11,
      message: `failed to open exclude file <rule from ${ROOT}/d/.f line 2>`,
    });
  });

  it('are cut at NUL after -0', () => {
    expect(hidden(open([': .f'], { '.f': '- a\0- b' }, { from0: true }), '.', 'a', 'b')).toEqual(['a', 'b']);
    expect(hidden(open([': .f'], { '.f': '- a\0- b' }), '.', 'a', 'b')).toEqual(['a']);
  });

  it('name themselves in errors, and nothing that is in them', () => {
    const error = failure(() => open([': .f'], { 'd/.f': '\nsecret\n' }).filter.enter('d/e'));
    expect(error).toMatchObject({
      exitCode: 1,
      message: `Unknown filter rule: <rule from ${ROOT}/d/.f line 2>`,
    });
    const { filter, warnings } = open([': .f'], { '.f': `- ${'z'.repeat(5000)}` });
    filter.enter('.');
    expect(warnings).toEqual(['discarding over-long filter (5000 bytes)']);
  });
});

describe('paths of rule files', () => {
  it('stay below their root or drive', () => {
    expect(resolvePath('/a/b', '../../../c/./d')).toBe('/c/d');
    expect(resolvePath('/a/b', '/c')).toBe('/c');
    expect(resolvePath('C:/a', '/c')).toBe('C:/c');
    expect(resolvePath('C:/a', '../../c')).toBe('C:/c');
    expect(resolvePath('//host/share/a', '../../c')).toBe('//host/share/c');
    expect(directoryOf('/a')).toBe('/');
    expect(directoryOf('/')).toBe('/');
    expect(isAtOrAbove('/a', '/ab')).toBe(false);
    expect(isAtOrAbove('/', '/ab')).toBe(true);
    expect(isAtOrAbove('/a', '/a/b')).toBe(true);
  });
});
