import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expandWildcards } from '../../src/cli/wildcards.ts';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'wildcards-')).replaceAll('\\', '/');
  for (const name of ['b.txt', 'A.TXT', '.hidden.txt', 'c.md', '[x].md', '{a,b}.md'])
    writeFileSync(join(root, name), '');
  for (const name of ['d1', 'd2']) mkdirSync(join(root, name));
  writeFileSync(join(root, 'd1', 'in.txt'), '');
});

afterAll(() => rmSync(root, { recursive: true }));

it.each([
  ['*.txt', ['A.TXT', 'b.txt']],
  ['?.md', ['c.md']],
  ['[a-c].md', ['c.md']],
  ['[x].md', ['[x].md']],
  ['.h*', ['.hidden.txt']],
  ['d*', ['d1', 'd2']],
  ['d*/', ['d1/', 'd2/']],
  ['*/in.txt', ['d1/in.txt']],
  ['{a,b}*', ['{a,b}.md']],
  ['**/in.txt', ['d1/in.txt']],
  ['nothing*', ['nothing*']],
  ['plain', ['plain']],
])('%s', async (pattern, expected) => {
  const found = await expandWildcards([`${root}/${pattern}`]);
  expect(found).toEqual(expected.map((name) => `${root}/${name}`));
});

it('keeps the order of the words', async () => {
  const found = await expandWildcards([`${root}/c*`, 'x', `${root}/b*`]);
  expect(found).toEqual([`${root}/c.md`, 'x', `${root}/b.txt`]);
});
