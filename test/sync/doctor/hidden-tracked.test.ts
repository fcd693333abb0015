import { describe, expect, it } from 'vitest';
import { excludedBy } from '../../../src/client/rules.ts';
import { hidingPatterns, isAnchored } from '../../../src/sync/doctor/hidden-tracked.ts';

describe('patterns that hide what Git tracks', () => {
  const rules = excludedBy(
    ['bin/', '/dist/', '*.log'].map((text) => ({ kind: 'exclude', text })),
    '/',
  );
  const tracked = [
    ...Array.from({ length: 12 }, (_, k) => `src/app/bin/deep/${k}.ts`),
    'dist/a.js',
    'dist/b.js',
    'a.log',
    'src/index.ts',
  ];

  it('regression 5 (A5): an unanchored one is told with what it hides, the worst first', () => {
    const found = hidingPatterns(tracked, rules);
    expect(found.map(({ pattern, paths }) => [pattern, paths.length, isAnchored(pattern)])).toEqual([
      ['bin/', 12, false],
      ['/dist/', 2, true],
      ['*.log', 1, false],
    ]);
    expect(found[2]!.paths).toEqual(['a.log']);
  });

  it('asks about each directory once', () => {
    let asked = 0;
    hidingPatterns(
      Array.from({ length: 1000 }, (_, k) => `a/b/c/${k}`),
      () => {
        asked++;
        return undefined;
      },
    );
    expect(asked).toBe(1003);
  });
});
