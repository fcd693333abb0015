import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromText } from '../../../src/core/bytes.ts';
import { FilterSet } from '../../../src/filter/filter-list.ts';
import { matchRule } from '../../../src/filter/rule.ts';
import { CONFLICT_PATTERN, conflictName } from '../../../src/sync/project/conflict-names.ts';
import { foldPath } from '../../../src/sync/project/folding.ts';

const AT = new Date('2026-03-04T05:06:07.890Z');
const free = () => false;
const name = (path: string, host = 'desk') => conflictName(path, AT, host, free);

describe('the name of a version that lost', () => {
  it('keeps folder and extension, and tells when and where', () => {
    expect(name('src/a.ts')).toBe('src/a.conflict-20260304-050607-desk.ts');
    expect(name('a.tar.gz')).toBe('a.conflict-20260304-050607-desk.tar.gz');
    expect(name('Makefile')).toBe('Makefile.conflict-20260304-050607-desk');
    expect(name('.bashrc')).toBe('.bashrc.conflict-20260304-050607-desk');
    expect(name('d.x/.env.local')).toBe('d.x/.env.conflict-20260304-050607-desk.local');
    expect(name('ends.')).toBe('ends..conflict-20260304-050607-desk');
    expect(name('a. long sentence')).toBe('a. long sentence.conflict-20260304-050607-desk');
    expect(name(`a.${'x'.repeat(20)}`)).toBe(`a.${'x'.repeat(20)}.conflict-20260304-050607-desk`);
  });

  it('has a host in it that Windows can have in a name', () => {
    expect(name('a', 'desk.example.net')).toBe('a.conflict-20260304-050607-desk');
    expect(name('a', 'a:b/c\\d*e f')).toBe('a.conflict-20260304-050607-a-b-c-d-e-f');
    expect(name('a', '')).toBe('a.conflict-20260304-050607-host');
    expect(name('a', 'büro')).toBe('a.conflict-20260304-050607-b\xc3\xbcro');
  });

  it('is one that nothing has', () => {
    const taken = new Set([name('a.c')]);
    const second = conflictName('a.c', AT, 'desk', (path) => taken.has(path));
    expect(second).toBe('a.conflict-20260304-050607-desk-2.c');
    taken.add(second);
    expect(conflictName('a.c', AT, 'desk', (path) => taken.has(path))).toBe(
      'a.conflict-20260304-050607-desk-3.c',
    );
  });

  it('fits, stays whole characters, and is left out by its pattern', () => {
    const filter = new FilterSet([matchRule(CONFLICT_PATTERN)], { side: 'sender', rootPath: '/' });
    const text = fc.string({
      unit: fc.constantFrom('a', '.', ' ', 'é', '語', '😀'),
      minLength: 1,
      maxLength: 90,
    });
    fc.assert(
      fc.property(text, text, (stem, host) => {
        const path = fromText(stem).slice(0, 255);
        const made = name(`d/${path}`, host);
        expect(made.length - 2).toBeLessThanOrEqual(255);
        expect(filter.isExcluded(made, false)).toBe(true);
        if (fromText(stem) !== path) return;
        expect(Buffer.from(made, 'latin1').toString('utf8')).not.toContain('\ufffd');
      }),
    );
    expect(filter.isExcluded('a.conflict-2026-x', false)).toBe(false);
  });
});

describe('names that are one', () => {
  const both = { case: true, unicode: true };
  it('differ in case or in how an accent is written', () => {
    expect(foldPath('README', both)).toBe('readme');
    expect(foldPath('README', { case: false, unicode: true })).toBe('README');
    expect(foldPath('e\xcc\x81', both)).toBe(foldPath('\xc3\x89', both));
    expect(foldPath('e\xcc\x81', { case: true, unicode: false })).not.toBe(foldPath('\xc3\x89', both));
    expect(foldPath(fromText('Straße'), both)).toBe('strasse');
    expect(foldPath('\xff\xfeA', both)).toBe('\xff\xfeA');
  });
});
