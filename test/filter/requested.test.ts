import { describe, expect, it } from 'vitest';
import { buildFilterList } from '../../src/filter/filter-list.ts';
import { RequestedNames, rulesOfSender } from '../../src/filter/requested.ts';
import { matchRule } from '../../src/filter/rule.ts';

const RECURSIVE = { relative: false, recursive: true, dirs: false };
const DIRS = { relative: false, recursive: false, dirs: true };
const FLAT = { relative: false, recursive: false, dirs: false };
const RELATIVE = { relative: true, recursive: true, dirs: false };

function verdicts(args: string[], options: typeof RECURSIVE, names: string[]): string[] {
  const requested = new RequestedNames(args, options);
  return names.map((name) => requested.verdict(name.replace(/(.)\/$/, '$1'), name.endsWith('/')));
}

const [ALLOWED, PARENT, REFUSED] = ['allowed', 'parent', 'refused'];

describe('RequestedNames', () => {
  it('allows what an argument names, and with -r what is below it', () => {
    expect(
      verdicts(['x/foo'], RECURSIVE, ['foo', 'foo/', 'foo/a', 'foo/a/b', './', 'x/', 'x/foo', 'bar', 'fooo']),
    ).toEqual([ALLOWED, ALLOWED, ALLOWED, ALLOWED, PARENT, REFUSED, REFUSED, REFUSED, REFUSED]);
    expect(verdicts(['foo'], FLAT, ['foo', 'foo/a', './'])).toEqual([ALLOWED, REFUSED, PARENT]);
    expect(verdicts(['foo'], DIRS, ['foo/', 'foo/a', 'foo/a/b'])).toEqual([ALLOWED, ALLOWED, REFUSED]);
  });

  it('takes the content of a directory for everything', () => {
    for (const arg of ['foo/', 'foo/.', '.', '', '/', 'a/..', '..', 'foo//']) {
      expect(verdicts([arg], RECURSIVE, ['./', 'a', 'a/b']), arg).toEqual([ALLOWED, ALLOWED, ALLOWED]);
      expect(verdicts([arg], DIRS, ['./', 'a', 'a/b']), arg).toEqual([ALLOWED, ALLOWED, REFUSED]);
      expect(verdicts([arg], FLAT, ['./', 'a']), arg).toEqual([PARENT, REFUSED]);
    }
  });

  it('joins several arguments', () => {
    const names = ['a', 'a/x', 'b', 'b/x', 'c'];
    expect(verdicts(['p/a', 'q/b'], RECURSIVE, names)).toEqual([ALLOWED, ALLOWED, ALLOWED, ALLOWED, REFUSED]);
  });

  it('with -R allows the directories on the way, as directories and no more', () => {
    const names = ['a/', 'a', 'a/b/', 'a/b/src/', 'a/b/src/x', 'a/x', 'a/x/', 'x/', './'];
    expect(verdicts(['a/b/src'], RELATIVE, names)).toEqual([
      PARENT,
      REFUSED,
      PARENT,
      ALLOWED,
      ALLOWED,
      REFUSED,
      REFUSED,
      REFUSED,
      PARENT,
    ]);
  });

  it('with -R keeps what follows the first /./, cleaned', () => {
    expect(verdicts(['a/./b/src'], RELATIVE, ['b/', 'b/src', 'a/', 'src'])).toEqual([
      PARENT,
      ALLOWED,
      REFUSED,
      REFUSED,
    ]);
    expect(verdicts(['a/./b/./c'], RELATIVE, ['b/', 'b/c', 'c'])).toEqual([PARENT, ALLOWED, REFUSED]);
    expect(verdicts(['.//a//./b/.'], RELATIVE, ['a/', 'a/b'])).toEqual([REFUSED, REFUSED]);
    expect(verdicts(['./a//b/'], RELATIVE, ['a/', 'a/b', 'a/b/c'])).toEqual([PARENT, ALLOWED, ALLOWED]);
    expect(verdicts(['a/./'], RELATIVE, ['./', 'x'])).toEqual([ALLOWED, ALLOWED]);
  });

  it('does not mind the leading slash of an absolute source', () => {
    expect(verdicts(['/srv/x'], RELATIVE, ['/srv/', '/srv/x', 'srv/x/y', '/', '/etc/passwd'])).toEqual([
      PARENT,
      ALLOWED,
      ALLOWED,
      PARENT,
      REFUSED,
    ]);
  });

  it('matches wildcards by component', () => {
    expect(verdicts(['d/*.c'], RECURSIVE, ['a.c', '.c', 'a.c/x', 'a.h', 'x/a.c'])).toEqual([
      ALLOWED,
      ALLOWED,
      ALLOWED,
      REFUSED,
      REFUSED,
    ]);
    expect(verdicts(['a*/b?'], RELATIVE, ['ax/', 'ax/bc', 'ax/bc/d', 'ax/b', 'b/'])).toEqual([
      PARENT,
      ALLOWED,
      ALLOWED,
      REFUSED,
      REFUSED,
    ]);
    expect(verdicts(['a*'], DIRS, ['ab/', 'ab/c', 'ab/c/d'])).toEqual([ALLOWED, ALLOWED, REFUSED]);
  });

  it('reads a bracket as a class and as itself', () => {
    expect(verdicts(['f[12]'], RECURSIVE, ['f1', 'f[12]', 'f[12]/x', 'f3'])).toEqual([
      ALLOWED,
      ALLOWED,
      ALLOWED,
      REFUSED,
    ]);
    expect(verdicts(['[x'], RECURSIVE, ['[x', 'x'])).toEqual([ALLOWED, REFUSED]);
  });

  it('reads a backslash as the remote end may', () => {
    expect(verdicts(['a\\*b'], FLAT, ['a*b', 'axb'])).toEqual([ALLOWED, REFUSED]);
    expect(verdicts(['a\\b'], FLAT, ['a\\b', 'ab'])).toEqual([ALLOWED, REFUSED]);
    expect(verdicts(['a\\b*'], FLAT, ['a\\bc', 'abc', 'a*'])).toEqual([ALLOWED, ALLOWED, REFUSED]);
  });

  it('looks 10,000 arguments up rather than trying each', () => {
    const args = Array.from({ length: 10_000 }, (_, i) => `dir${i}/file${i}`);
    const requested = new RequestedNames(args, RELATIVE);
    const all = args.every((name) => requested.verdict(name, false) === 'allowed');
    expect(all).toBe(true);
    expect(requested.verdict('dir77', true)).toBe('parent');
    expect(requested.verdict('dir77/other', false)).toBe('refused');
  });
});

describe('rulesOfSender', () => {
  it('are those that the sender had in force', () => {
    const set = rulesOfSender([
      matchRule('a', { receiver: true }),
      matchRule('b', { sender: true }),
      matchRule('c'),
    ])!;
    expect(['a', 'b', 'c'].map((name) => set.isExcluded(name, false))).toEqual([false, true, true]);
  });

  it('end where the files of the other end have a say', () => {
    const rulesOf = (...texts: string[]) =>
      buildFilterList(
        texts.map((text) => ({ kind: 'filter', text })),
        { deleteExcluded: false, readFile: () => new Uint8Array() },
      );
    for (const merge of [': .f', ':s .f', '-C']) {
      const set = rulesOfSender(rulesOf('- a', merge, '- b'))!;
      expect(['a', 'b', 'x.o'].map((name) => set.isExcluded(name, false))).toEqual([true, false, false]);
    }
    const set = rulesOfSender(rulesOf(':r .f', '-Cr', '- b'))!;
    expect(set.isExcluded('b', false)).toBe(true);
  });

  it('cannot be applied if one needs the absolute path at the other end', () => {
    expect(rulesOfSender([matchRule('x'), matchRule('/srv/x', { absolute: true })])).toBeUndefined();
    expect(rulesOfSender([matchRule('x**', { absolute: true })])).toBeUndefined();
    expect(rulesOfSender([matchRule('x', { absolute: true })])).toBeDefined();
    expect(rulesOfSender([matchRule('/srv/x', { absolute: true, receiver: true })])).toBeDefined();
  });
});
