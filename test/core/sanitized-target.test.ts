/** What the daemon of rsync 3.5.1 makes of targets without chroot and without munging. */
import { expect, test } from 'vitest';
import { sanitizedTarget } from '../../src/core/sanitized-target.ts';

const OBSERVED: readonly [depth: number, target: string, stored: string][] = [
  [0, '/abs/path', 'abs/path'],
  [0, 'a//b/./c', 'a/b/c'],
  [0, '../../a/..', '.'],
  [0, 'sub/deep/../../../../x/', 'x/'],
  [0, '/', '.'],
  [0, 'a/', 'a/'],
  [0, '../../../up', 'up'],
  [0, 'sub/../../x', 'x'],
  [0, '../a/../../b', 'b'],
  [1, '..', '..'],
  [1, '../a/../../b', '../b'],
  [1, '../a/../b', '../b'],
  [1, 'a/..', '.'],
  [1, '../..', '../'],
  [1, './', '.'],
  [1, '../', '../'],
  [1, 'a/../', '.'],
  [1, '/../../x', '../x'],
  [1, '../../', '../'],
  [1, '...//..x', '.../..x'],
  [1, './a', 'a'],
  [1, '/.', '.'],
  [1, 'a/.', 'a/'],
  [1, 'a/./', 'a/'],
  [1, '..//x', '../x'],
  [1, 'a/../b/', 'b/'],
  [2, '../../z', '../../z'],
  [2, '../../../w', '../../w'],
  [2, 'foo/../../../y', '../../y'],
  [2, '/../x', '../x'],
  [2, '../../../', '../../'],
];

test.each(OBSERVED)('%i directories down, %j becomes %j', (depth, target, stored) => {
  expect(Buffer.from(sanitizedTarget(Buffer.from(target), depth)).toString()).toBe(stored);
});

test('an empty one leads to where it is', () => {
  expect(Buffer.from(sanitizedTarget(new Uint8Array(), 3)).toString()).toBe('.');
});
