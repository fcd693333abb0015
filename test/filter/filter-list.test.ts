import { describe, expect, it } from 'vitest';
import { fromText, toBuffer } from '../../src/core/bytes.ts';
import { EXIT, isRsyncError, RsyncError } from '../../src/core/errors.ts';
import { buildFilterList, type FilterArgument, FilterSet } from '../../src/filter/filter-list.ts';
import type { FilterRule } from '../../src/filter/rule.ts';
import { failure, readArguments, vectors } from './support.ts';

interface FilterVector {
  rules?: string[];
  args?: string[];
  path: string;
  isDir: boolean;
  side?: 'sender' | 'receiver';
  expected: 'excluded' | 'included' | 'error';
  exit?: number;
  excludedAt?: string;
  pattern?: string;
}

const ROOT = '/srv/data/src';

function noFile(name: string): Uint8Array {
  throw new RsyncError('RSYNC_FILE_IO', `failed to open ${name}`, { exitCode: EXIT.FILEIO, origin: 'local' });
}

function listOf(...rules: string[]): FilterRule[] {
  const args = rules.map((text): FilterArgument => ({ kind: 'filter', text: fromText(text) }));
  return buildFilterList(args, { deleteExcluded: false, readFile: noFile });
}

/** What became of a vector: the verdict of a walk from the top, as the vectors tell it. */
function outcome(v: FilterVector): Record<string, unknown> {
  const args = v.args ?? v.rules!.map((rule) => `--filter=${rule}`);
  const { filters, deleteExcluded } = readArguments(args.map((arg) => arg.replaceAll('{ROOT}', ROOT)));
  let set: FilterSet;
  try {
    const rules = buildFilterList(filters, { deleteExcluded, readFile: noFile });
    set = new FilterSet(rules, { side: v.side ?? 'sender', rootPath: ROOT });
  } catch (error) {
    if (!isRsyncError(error)) throw error;
    return { expected: 'error', exit: error.exitCode };
  }
  const path = fromText(v.path);
  for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
    const name = end < 0 ? path : path.slice(0, end);
    const rule = set.decide(name, end >= 0 || v.isDir);
    if (rule !== undefined && !rule.include) {
      return { expected: 'excluded', excludedAt: name, pattern: rule.pattern + (rule.dirOnly ? '/' : '') };
    }
    if (end < 0) return { expected: 'included' };
  }
}

/** Vectors with a rule that is recognised and not offered. */
function usesUnsupported(v: FilterVector): boolean {
  return v.expected !== 'error' && (v.rules ?? []).some((rule) => /^-xp? /.test(rule));
}

describe('the vectors of filters.json', () => {
  const all = vectors<FilterVector>('filters.json');
  const unsupported = all.filter(usesUnsupported);
  const supported = all.filter((v) => !usesUnsupported(v));

  it('are 1054 within scope and 3 beyond it', () => {
    expect([supported.length, unsupported.length]).toEqual([1054, 3]);
  });

  it('give the verdict, the place and the rule of rsync 3.5.0', () => {
    const wrong = supported.filter((v) => {
      const expected = {
        expected: v.expected,
        ...(v.exit === undefined ? {} : { exit: v.exit }),
        ...(v.excludedAt === undefined ? {} : { excludedAt: fromText(v.excludedAt) }),
        ...(v.pattern === undefined ? {} : { pattern: fromText(v.pattern.replaceAll('{ROOT}', ROOT)) }),
      };
      return JSON.stringify(outcome(v)) !== JSON.stringify(expected);
    });
    expect(wrong).toEqual([]);
  });

  it('are refused with exit 4 beyond scope', () => {
    expect(unsupported.map(outcome)).toEqual(unsupported.map(() => ({ expected: 'error', exit: 4 })));
  });
});

describe('buildFilterList', () => {
  it('names the rule that it does not support', () => {
    for (const text of ['-x user.*', 'hide,x user.*', '-Cx']) {
      const error = failure(() => listOf(text));
      expect(error).toMatchObject({ code: 'RSYNC_UNSUPPORTED', exitCode: 4, origin: 'local' });
      expect(error.message).toContain(`"${text}"`);
    }
  });

  it('drops patterns of 4096 bytes, with a message', () => {
    const warnings: string[] = [];
    const rules = buildFilterList(
      [
        { kind: 'exclude', text: 'a'.repeat(4095) },
        { kind: 'exclude', text: 'a'.repeat(4096) },
        { kind: 'filter', text: `P ${'a'.repeat(4095)}/` },
      ],
      { deleteExcluded: false, readFile: noFile, onWarning: (text) => warnings.push(text) },
    );
    expect(rules.map((rule) => rule.kind === 'match' && rule.pattern.length)).toEqual([4095]);
    expect(warnings).toEqual([
      'discarding over-long filter (4096 bytes)',
      'discarding over-long filter (4096 bytes)',
    ]);
  });

  it('asks for a file by its name in bytes', () => {
    const asked: string[] = [];
    buildFilterList(
      [
        { kind: 'exclude-from', file: 'é' },
        { kind: 'filter', text: fromText('. ü/-') },
        { kind: 'filter', text: 'merge -' },
      ],
      {
        deleteExcluded: false,
        readFile: (name) => {
          asked.push(name);
          return toBuffer('+ x');
        },
      },
    );
    expect(asked).toEqual([fromText('é'), fromText('ü/-'), '-']);
  });
});

describe('FilterSet', () => {
  const check = (rules: FilterRule[], side: 'sender' | 'receiver', name: string): unknown =>
    new FilterSet(rules, { side, rootPath: ROOT }).check(name, false);

  it('tells a name that no rule matches from an included one', () => {
    const rules = listOf('+ a', '- b');
    expect(['a', 'b', 'c'].map((name) => check(rules, 'sender', name))).toEqual([
      'included',
      'excluded',
      undefined,
    ]);
  });

  it('never tests the root', () => {
    expect(new FilterSet(listOf('- *', '- .'), { side: 'sender', rootPath: ROOT }).check('.', true)).toBe(
      undefined,
    );
  });

  it('keeps the order among rules that are looked up and rules that are tried', () => {
    const names = ['a', 'x/a', 'b', 'x/b', 'ab'];
    const verdicts = (...rules: string[]): unknown[] =>
      names.map((n) => check(listOf(...rules), 'sender', n));
    expect(verdicts('- a', '+ *', '- b')).toEqual([
      'excluded',
      'excluded',
      'included',
      'included',
      'included',
    ]);
    expect(verdicts('+ /a', '- a', '- *b')).toEqual([
      'included',
      'excluded',
      'excluded',
      'excluded',
      'excluded',
    ]);
    expect(verdicts('- x/b', '+ b', '- /b')).toEqual([
      undefined,
      undefined,
      'included',
      'excluded',
      undefined,
    ]);
    expect(verdicts('- a/', '+ a', '- a')).toEqual(['included', 'included', undefined, undefined, undefined]);
  });

  it('leaves perishable rules out inside a directory that is being deleted', () => {
    const set = new FilterSet(listOf('-p a', '-p *.o', '- a*'), { side: 'receiver', rootPath: ROOT });
    expect([set.check('a', false), set.check('x.o', false)]).toEqual(['excluded', 'excluded']);
    expect(set.decide('a', false)?.pattern).toBe('a');
    expect(set.decide('d/a', false, { deleting: true })?.pattern).toBe('a*');
    expect(set.isExcluded('x.o', false, { deleting: true })).toBe(false);
  });

  it('takes the slash off names that -R made absolute, and adds neither root nor slash', () => {
    const excluded = (rule: string, name: string): boolean =>
      new FilterSet(listOf(rule), { side: 'sender', rootPath: ROOT }).isExcluded(name, false);
    expect(excluded('- /srv/x', '/srv/x')).toBe(true);
    expect(excluded('-/ /srv/x', '/srv/x')).toBe(true);
    expect(excluded(`-/ ${ROOT}/srv/x`, '/srv/x')).toBe(false);
    expect(excluded('- **/x', '/x')).toBe(false);
    expect(excluded('- **/x', 'x')).toBe(true);
  });

  it('takes the root / as no root at all', () => {
    const set = new FilterSet(listOf('-/ /a/b', '-/ **/c'), { side: 'sender', rootPath: '/' });
    expect(['a/b', 'x/a/b', 'c'].map((name) => set.isExcluded(name, false))).toEqual([true, false, true]);
  });

  it('tests 100,000 names against 50 rules', () => {
    const rules = listOf(
      ...Array.from({ length: 20 }, (_, i) => `- lib${i}`),
      ...Array.from({ length: 15 }, (_, i) => `- *.ext${i}`),
      ...Array.from({ length: 5 }, (_, i) => `- /top${i}/sub`),
      ...Array.from({ length: 5 }, (_, i) => `- dir${i}/*.tmp`),
      ...Array.from({ length: 5 }, (_, i) => `- **/cache${i}/**`),
    );
    const set = new FilterSet(rules, { side: 'sender', rootPath: ROOT });
    let excluded = 0;
    for (let i = 0; i < 100_000; i++) {
      if (set.isExcluded(`src/part${i % 100}/module${i % 1000}/file${i}.ext${i % 30}`, false)) excluded++;
    }
    // The first 15 of each 30, and 10 more at the end.
    expect(excluded).toBe(3333 * 15 + 10);
  });
});
