/** A history that is not as it was written. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readHistory } from '../../../src/sync/state/history.ts';
import { temporaryFolder } from '../../support/peers.ts';
import { removeTree } from '../../support/tree.ts';

const base = temporaryFolder('history-damage');
afterAll(() => removeTree(base));

it('a record whose counts are none is passed over, and what is no file is told by its name', () => {
  const common = { schema: 1, at: 'x', who: 'a', profile: 'p', direction: 'pull', options: [] };
  const record = { ...common, result: 'ok', exitCode: 0, duration: 1 };
  const counts = { transferred: 1, deleted: 0, total: 1 };
  const lines = [
    { ...record, counts },
    { ...record, counts: {} },
    { ...record, counts: null },
  ];
  const file = join(base, 'lines');
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  expect([...readHistory(file)]).toEqual([lines[0]]);
  const folder = join(base, 'folder');
  mkdirSync(folder);
  expect(() => [...readHistory(folder)]).toThrow(
    expect.objectContaining({ exitCode: 11, message: expect.stringContaining('folder') }),
  );
});
