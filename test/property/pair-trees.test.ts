import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ARCHIVE_H, differences, runPair, temporaries, Workspace } from '../support/pair.ts';
import type { EntrySpec } from '../support/tree.ts';

/** Names that collide often, as files here and folders there, and sort in ways that are easy to get wrong. */
const component = fc.constantFrom('a', 'b', 'a.b', 'a-b', 'A', '\xff', ' ', 'a\n');
const path = fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));

/** Contents that share blocks with one another. */
const content = fc
  .array(fc.constantFrom('0', '1', '2', '3'), { maxLength: 6 })
  .chain((blocks) =>
    fc
      .integer({ min: 0, max: 3 })
      .map((tail) => blocks.map((block) => block.repeat(700)).join('') + 'x'.repeat(tail)),
  );
const mtime = fc.integer({ min: 1, max: 3 });

const entry: fc.Arbitrary<EntrySpec> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ path, content, mtime, mode: fc.constantFrom(0o644, 0o600, 0o755) }) },
  { weight: 2, arbitrary: fc.record({ path, type: fc.constant('dir' as const), mtime }) },
  {
    weight: 1,
    arbitrary: fc.record({ path, type: fc.constant('symlink' as const), target: component, mtime }),
  },
);

/** Entries that can be in one tree: no name twice, nothing below what is no folder; some files get a second name. */
const tree = fc
  .tuple(fc.array(entry, { maxLength: 10 }), fc.integer({ min: 0, max: 3 }))
  .map(([entries, links]) => {
    const kept = new Map<string, EntrySpec>();
    const folders = new Set<string>();
    for (const spec of entries) {
      const name = String(spec.path);
      const parents = name
        .split('/')
        .map((_, k, parts) => parts.slice(0, k).join('/'))
        .slice(1);
      const clash = parents.some((parent) => kept.has(parent) && kept.get(parent)!.type !== 'dir');
      if (clash || kept.has(name) || (folders.has(name) && spec.type !== 'dir')) continue;
      for (const parent of parents) folders.add(parent);
      kept.set(name, spec);
    }
    const files = [...kept].filter(([, spec]) => spec.type === undefined);
    for (let k = 0; k < Math.min(links, files.length); k++) {
      const link = `link ${k}`;
      kept.set(link, { path: link, type: 'hardlink', target: files[k]![0] });
    }
    return [...kept.values()];
  });

const form = fc.record({
  direction: fc.constantFrom('pull' as const, 'push' as const),
  protocol: fc.constantFrom(29, 30, 31, 32),
  incRecurse: fc.boolean(),
  checksum: fc.boolean(),
  inplace: fc.boolean(),
  deleteMode: fc.constantFrom('before' as const, 'during' as const, 'after' as const),
  compressChoice: fc.constantFrom('none', 'zlib', 'zlibx', 'lz4'),
  checksumChoice: fc.constantFrom('auto', 'md4', 'md5', 'xxh3'),
});

describe('any tree over any other', () => {
  it('becomes equal, and stays so', async () => {
    await fc.assert(
      fc.asyncProperty(tree, tree, form, async (source, destination, { direction, ...options }) => {
        const space = new Workspace();
        try {
          const src = space.make('src', source);
          // Like rsync, links that are at the destination alone are broken by a new file, and by nothing else.
          const keepsLinks = options.inplace || options.checksum;
          const dst = space.make(
            'dst',
            destination.filter(({ type }) => !keepsLinks || type !== 'hardlink'),
          );
          // Equal size and time hide a change from the quick check; -I does not believe them.
          const run = () =>
            runPair({
              direction,
              options: { ...ARCHIVE_H, ignoreTimes: !options.checksum, ...options },
              sources: [`${src}/`],
              destination: dst,
            });
          const first = await run();
          expect(first.error).toBeUndefined();
          expect(first.result?.exitCode).toBe(0);
          expect(differences(src, dst)).toEqual([]);
          expect(temporaries(dst)).toEqual([]);
          const second = await run();
          expect(second.result?.exitCode).toBe(0);
          expect(second.result?.stats.literalData).toBe(0);
          expect(differences(src, dst)).toEqual([]);
        } finally {
          space.remove();
        }
      }),
      // A run that hangs is a counterexample too.
      { numRuns: 40, timeout: 5000 },
    );
  }, 60_000);
});
