import { expect, it } from 'vitest';
import { isUnsafeLink } from '../../src/core/unsafe-link.ts';

// Where a symlink points, and what rsync 3.5.1 (and 3.2.3 as Debian mended it) says with --safe-links of `l`, `d/l` and
// `d/e/l`: 1 is unsafe.
it.each([
  ['x', '000'],
  ['./x', '000'],
  ['.', '000'],
  ['...', '000'],
  ['..x', '000'],
  ['x..', '000'],
  ['a/..b', '000'],
  ['..', '100'],
  ['../', '100'],
  ['../.', '100'],
  ['../x', '100'],
  ['.././x', '100'],
  ['..//x', '100'],
  ['../d/x', '100'],
  ['../../', '110'],
  ['../../x', '110'],
  ['..//..//x', '110'],
  ['../../src/x', '110'],
  ['../../d/e/x', '110'],
  ['../..', '111'],
  ['../../../x', '111'],
  ['./..', '111'],
  ['./../x', '111'],
  ['.././../x', '111'],
  ['././../x', '111'],
  ['a/..', '111'],
  ['a/../x', '111'],
  ['a//../x', '111'],
  ['a/./../x', '111'],
  ['a/b/../../x', '111'],
  ['../a/..', '111'],
  ['d/../..', '111'],
  ['/etc', '111'],
])('%s: %s', (target, verdicts) => {
  const names = ['l', 'd/l', 'd/e/l'];
  expect(names.map((name) => (isUnsafeLink(target, name) ? 1 : 0)).join('')).toBe(verdicts);
});

it('does not count a slash in front of the name, as -R has it', () => {
  expect(isUnsafeLink('../x', '/l')).toBe(true);
  expect(isUnsafeLink('../x', '/d/l')).toBe(false);
});

it('takes an empty target for unsafe', () => {
  expect(isUnsafeLink('', 'd/l')).toBe(true);
});
