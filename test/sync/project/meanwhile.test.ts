/** People go on working while a run is under way: what changes then is not overwritten, not deleted, and not forgotten. */
import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { toText } from '../../../src/core/bytes.ts';
import type { RunResult } from '../../../src/sync/project/run.ts';
import { newestPeer, requirePeers, temporaryFolder } from '../../support/peers.ts';
import { removeTree } from '../../support/tree.ts';
import { annaAndBert, contents, type Machine, put, remove } from '../support.ts';

const top = temporaryFolder('meanwhile');
afterAll(() => removeTree(top));

let count = 0;
let server = '';
let anna: Machine;
let bert: Machine;

const told = ({ outcome, exitCode, changed }: RunResult) => [outcome, exitCode, changed.map(toText)];

describe.skipIf(requirePeers().length === 0 || process.platform === 'win32')(
  'while a run is under way',
  () => {
    beforeEach(async () => {
      const base = join(top, String(++count));
      server = join(base, 'server');
      mkdirSync(base);
      [anna, bert] = annaAndBert(base, server, newestPeer());
      for (const path of ['a', 'b', 'folder/c', 'folder/d']) put(anna.root, path, `${path} of anna\n`);
      await anna.push();
      await bert.pull();
    });

    it('a file that the server has a newer version of is edited: it stays, and is a conflict from then on', async () => {
      put(anna.root, 'a', 'a of anna, later\n');
      put(anna.root, 'b', 'b of anna, later\n');
      await anna.push();
      const pulled = await bert.pull({ onPlan: () => appendFileSync(join(bert.root, 'a'), 'and of bert\n') });
      expect(told(pulled)).toEqual(['partial', 23, ['a']]);
      expect(contents(bert.root)).toMatchObject({ a: 'a of anna\nand of bert\n', b: 'b of anna, later\n' });
      const next = await bert.pull();
      expect([next.outcome, next.plan.conflicts.map(({ path }) => toText(path))]).toEqual(['stopped', ['a']]);
    });

    it.each([
      ['put together beside its place', []],
      ['written in its place', ['--inplace']],
      ['put in its place at the end', ['--delay-updates']],
      ['with a backup', ['--backup', '--backup-dir=.old']],
    ])('it is edited while its data comes (%s)', async (_, words) => {
      put(anna.root, 'a', `${'x'.repeat(200_000)}\n`);
      await anna.push();
      bert.profile = { ...bert.profile, words };
      let heard = false;
      const pulled = await bert.pull({
        onEvent: (event) => {
          if (event.type !== 'item' || toText(event.entry.name) !== 'a' || heard) return;
          heard = true;
          appendFileSync(join(bert.root, 'a'), 'and of bert\n');
        },
      });
      expect(heard).toBe(true);
      expect(told(pulled)).toEqual(['partial', 23, ['a']]);
      expect(readFileSync(join(bert.root, 'a'), 'utf8')).toBe('a of anna\nand of bert\n');
    });

    it('files that nothing was to be done about are edited, made and deleted: they are as somebody left them', async () => {
      put(anna.root, 'a', 'a of anna, later\n');
      await anna.push();
      const pulled = await bert.pull({
        onPlan: () => {
          appendFileSync(join(bert.root, 'b'), 'and of bert\n');
          put(bert.root, 'folder/new', 'of bert\n');
        },
      });
      expect(told(pulled)).toEqual(['ok', 0, []]);
      expect(contents(bert.root)).toMatchObject({
        a: 'a of anna, later\n',
        b: 'b of anna\nand of bert\n',
        'folder/new': 'of bert\n',
      });
      expect((await bert.push()).outcome).toBe('ok');
      expect(contents(server)).toEqual(contents(bert.root));
    });

    it('what is to come is there already, as a file, a folder or a symlink: it stays', async () => {
      for (const path of ['new-file', 'new-folder/x', 'new-link']) put(anna.root, path, `${path} of anna\n`);
      await anna.push();
      const pulled = await bert.pull({
        onPlan: () => {
          put(bert.root, 'new-file', 'of bert\n');
          put(bert.root, 'new-folder', 'no folder\n');
          symlinkSync('a', join(bert.root, 'new-link'));
        },
      });
      expect(told(pulled)).toEqual(['partial', 23, ['new-file', 'new-folder', 'new-link']]);
      expect(contents(bert.root)).toMatchObject({
        'new-file': 'of bert\n',
        'new-folder': 'no folder\n',
        'new-link': 'a of anna\n',
      });
    });

    it('a file that is to be deleted is edited, and another one is made beside it', async () => {
      remove(anna.root, 'folder');
      await anna.push();
      const pulled = await bert.pull({
        onPlan: () => {
          appendFileSync(join(bert.root, 'folder/c'), 'and of bert\n');
          put(bert.root, 'folder/new', 'of bert\n');
        },
      });
      expect(told(pulled)).toEqual(['partial', 23, ['folder/c']]);
      expect(contents(bert.root)).toEqual({
        a: 'a of anna\n',
        b: 'b of anna\n',
        'folder/': '',
        'folder/c': 'folder/c of anna\nand of bert\n',
        'folder/new': 'of bert\n',
      });
      const next = await bert.pull();
      expect(next.plan.delete).toEqual([]);
    });

    it('what somebody deletes here may come back, if the server has another version of it', async () => {
      put(anna.root, 'a', 'a of anna, later\n');
      await anna.push();
      const pulled = await bert.pull({ onPlan: () => rmSync(join(bert.root, 'a')) });
      expect(told(pulled)).toEqual(['ok', 0, []]);
      expect(readFileSync(join(bert.root, 'a'), 'utf8')).toBe('a of anna, later\n');
    });

    it('a push sends what was to be sent: what is changed on the server by another tool stays', async () => {
      put(bert.root, 'a', 'a of bert\n');
      const pushed = await bert.push({
        onPlan: () => {
          put(server, 'b', 'b by another tool\n');
          put(bert.root, 'made-meanwhile', 'of bert\n');
        },
      });
      expect(told(pushed)).toEqual(['ok', 0, []]);
      expect(contents(server)).toMatchObject({ a: 'a of bert\n', b: 'b by another tool\n' });
      const refused = await bert.push();
      expect(refused.plan.refused.map(({ path }) => toText(path))).toEqual(['b']);
      await bert.pull();
      expect((await bert.push()).outcome).toBe('ok');
      expect(contents(server)).toEqual(contents(bert.root));
      expect(contents(server)).toMatchObject({ b: 'b by another tool\n', 'made-meanwhile': 'of bert\n' });
    });
  },
);
