import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ARCHIVE_H, runPair, Workspace } from '../support/pair.ts';

let space: Workspace;
beforeEach(() => {
  space = new Workspace();
});
afterEach(() => space.remove());

/**
 * A receiving side closes a list only when it has a later one; a sender looks ahead by at most 10,000 entries. With a
 * longer list in which nothing is asked for, both could wait for each other for ever.
 */
it.each(['pull', 'push'] as const)(
  'a directory longer than the look-ahead, unchanged: %s ends',
  async (direction) => {
    const src = space.at('src');
    const dst = space.at('dst');
    for (const root of [src, dst]) {
      mkdirSync(join(root, 'a'), { recursive: true });
      mkdirSync(join(root, 'b'));
      for (let i = 0; i < 10_100; i++) writeFileSync(join(root, 'a', `f${i}`), '');
      writeFileSync(join(root, 'b', 'last'), '');
    }
    const options = { ...ARCHIVE_H, times: false, dryRun: true };
    const run = await runPair({ direction, options, sources: [`${src}/`], destination: dst });
    expect(run.error).toBeUndefined();
    expect(run.result?.exitCode).toBe(0);
    expect(run.result?.stats.files.regular).toBe(10_101);
  },
);
