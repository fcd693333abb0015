/** Every test that REGRESSIONS.md names is there. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const rows = [...read('REGRESSIONS.md').matchAll(/^\| (.*) \| .* \| `(.*)`: (.*) \|$/gm)];

test('the table names tests that are there', () => {
  const missing = rows.filter(([, , file, name]) => !read(`../../../${file}`).includes(name!));
  expect(missing.map(([row]) => row)).toEqual([]);
});

test('and has every regression of a hub', () => {
  const numbers = new Set(rows.flatMap(([, number]) => /^\d+/.exec(number!) ?? []));
  for (let number = 11; number <= 24; number++) expect(numbers).toContain(String(number));
});
