import { expect, test } from 'vitest';
import { item, paragraph } from '../../../src/cli/sync/columns.ts';

test('a paragraph is broken at blanks, and below what stands before it', () => {
  const text = 'what does not fit into the first line of a terminal goes on in the next one';
  expect(paragraph('- ', text, 40)).toEqual([
    '- what does not fit into the first line',
    '  of a terminal goes on in the next one',
  ]);
  expect(paragraph('- ', text, undefined)).toEqual([`- ${text}`]);
  // A terminal so narrow breaks lines itself.
  expect(paragraph('- ', text, 39)).toEqual([`- ${text}`]);
  expect(paragraph('', 'exactly as many columns as there are  ok', 40)).toHaveLength(1);
  expect(paragraph('', 'two blanks  stay, but not where the line ends', 40)).toEqual([
    'two blanks  stay, but not where the line',
    'ends',
  ]);
});

test('a word that is longer than a line is broken behind slashes, and where the line ends; wide letters are two columns', () => {
  const folder = '日本語のとても長い名前';
  expect(item('M  ', `${folder}/${folder}/${folder}`, '(conflict)', 40)).toEqual([
    `M  ${folder}/`,
    `     ${folder}/`,
    `     ${folder}  (conflict)`,
  ]);
  expect(paragraph('  ', folder.repeat(2), 40)).toEqual([
    `  ${(folder + folder).slice(0, 19)}`,
    `  ${(folder + folder).slice(19)}`,
  ]);
  // What is escaped stays whole.
  expect(paragraph('', `${'x'.repeat(38)}\\#303\\#244`, 40)).toEqual(['x'.repeat(38), '\\#303\\#244']);
});

test('a remark stands behind the name, or below', () => {
  expect(item('  ', 'name', '(changed)', 40)).toEqual(['  name  (changed)']);
  expect(item('  ', 'x'.repeat(30), '(changed)', 40)).toEqual([`  ${'x'.repeat(30)}`, '    (changed)']);
  expect(item('  ', 'x'.repeat(50), '(changed)', undefined)).toEqual([`  ${'x'.repeat(50)}  (changed)`]);
});
