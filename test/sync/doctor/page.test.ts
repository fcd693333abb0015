import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BUILT_IN_EXCLUDES } from '../../../src/sync/config/built-in-excludes.ts';
import { CHECKS } from '../../../src/sync/doctor/checks.ts';
import { setupPage } from '../../../src/sync/doctor/page.ts';
import { PROBE_PREFIX } from '../../../src/sync/doctor/probe-names.ts';

it('what a check tries out stays out of every transfer, should it be cut short', () => {
  expect(BUILT_IN_EXCLUDES).toContain(`/${PROBE_PREFIX}*`);
});

describe('docs/setup.md', () => {
  it('is what scripts/generate-docs.mjs writes', () => {
    const page = readFileSync(new URL('../../../docs/setup.md', import.meta.url), 'utf8');
    expect(page.replaceAll('\r\n', '\n')).toBe(setupPage());
  });

  it('names every check once, after all that it stands on, and a remedy for each thing that is wrong', () => {
    const seen: string[] = [];
    for (const { name, needs, outcomes } of CHECKS) {
      expect(seen).not.toContain(name);
      for (const need of needs) expect(seen).toContain(need);
      seen.push(name);
      for (const { grade, remedy } of outcomes) {
        if (grade === 'warning' || grade === 'error')
          expect(remedy ?? '', `${name}: ${grade}`).toMatch(/\.$/);
      }
    }
  });
});
