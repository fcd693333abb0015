/** CVE-2024-12088 and its kin: which symlinks `--safe-links` and `--copy-unsafe-links` take for safe, beside real rsync. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runPair, Workspace } from '../support/pair.ts';
import { newestPeer, requirePeers, runRsync } from '../support/peers.ts';
import { compareTrees, type EntrySpec, snapshotTree } from '../support/tree.ts';

const space = new Workspace();
afterAll(() => space.remove());

const TARGETS = [
  'inside',
  '.',
  '..',
  '../inside',
  '../../outside/secret',
  '/etc/hostname',
  'a/../inside',
  'a/../../x',
]
  .concat([
    'a/../../../outside/secret',
    'here/../../outside/secret',
    'here/here/../../../outside/secret',
    '../..',
  ])
  .concat([
    './inside',
    './../inside',
    '././../../x',
    'a//b',
    'a//../..//x',
    '..//inside',
    'a/b/../../..',
    'inside/..',
  ])
  .concat([
    'inside/../..',
    '...',
    '..x',
    'a/..',
    'a/../',
    '../',
    './',
    '//etc',
    'a/./../x',
    'a/.././../x',
    '../a/..',
  ]);

/** Copied, a link to a directory that it is in has no end. */
const LEADS_TO_FILE = /(inside|secret|hostname|x|b)$/;

/** A link of every target at three depths; `here` is a symlink to its own directory, which others lead through. */
const tree = (targets: readonly string[]): EntrySpec[] =>
  ['', 'd/', 'd/e/'].flatMap((prefix): EntrySpec[] => [
    { path: `${prefix}inside`, content: 'inside' },
    { path: `${prefix}here`, type: 'symlink', target: '.' },
    ...targets.map((target, k): EntrySpec => ({ path: `${prefix}link-${k}`, type: 'symlink', target })),
  ]);

describe.skipIf(requirePeers().length === 0)('symlinks that lead out', () => {
  space.make('outside', [{ path: 'secret', content: 'secret' }]);
  let runs = 0;
  it.each([
    ['--safe-links', { safeLinks: true }, TARGETS],
    [
      '--copy-unsafe-links',
      { copyUnsafeLinks: true },
      TARGETS.filter((target) => LEADS_TO_FILE.test(target)),
    ],
  ] as const)('%s', async (word, option, targets) => {
    const src = space.make(`src${word}`, tree(targets));
    const expected = space.at(`expected-${runs++}`);
    const { code } = await runRsync(newestPeer(), ['-rlt', word, `${src}/`, expected]);
    expect([0, 23]).toContain(code);
    for (const direction of ['pull', 'push'] as const) {
      const dst = space.at(`dst-${runs++}`);
      mkdirSync(dst);
      const options = { recursive: true, links: true, times: true, ...option };
      const { result } = await runPair({ direction, options, sources: [`${src}/`], destination: dst });
      expect(result?.exitCode).toBe(code);
      const skip = (name: string): boolean => name === '.';
      expect(compareTrees(snapshotTree(expected), snapshotTree(dst), { skip })).toEqual([]);
      if (word !== '--safe-links') continue;
      // Followed from where it is, no link that was taken leads to the secret.
      for (const name of readdirSync(dst).filter((each) => each.startsWith('link-'))) {
        let content = '';
        try {
          content = readFileSync(join(dst, name), 'latin1');
        } catch {
          // It leads nowhere, or to a directory.
        }
        expect(content).not.toBe('secret');
      }
    }
  });
});
