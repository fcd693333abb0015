/**
 * Three machines and a server on days that nobody has thought out: whatever people do, whatever they choose, and wherever
 * a run breaks off, nothing is lost silently, nothing outside is touched, and in the end all are equal.
 *
 *   RSYNCJS_ALL=1                   a hundred days
 *   RSYNCJS_SEED=7 RSYNCJS_STEPS=50  that one, with a C rsync and without
 *
 * A day that goes wrong is made as short as it can be, and told step by step.
 */
import { describe, expect, it } from 'vitest';
import { newestPeer, peers, requirePeers } from '../../support/peers.ts';
import { playDay, shrink, tell } from './any-day/play.ts';

const all = process.env.RSYNCJS_ALL === '1';
const seed = Number(process.env.RSYNCJS_SEED ?? 0);
const steps = Number(process.env.RSYNCJS_STEPS ?? (all ? 50 : 30));
const count = (few: number, many: number) => (seed > 0 ? 1 : all ? many : few);
const days = (number: number) => Array.from({ length: number }, (_, index) => (seed || 1) + index);
const TIME = { timeout: 3_600_000 };

describe.skipIf(requirePeers().length === 0 || process.platform === 'win32')(
  'nothing is lost silently',
  () => {
    it.each(days(count(2, 80)))('on day %i, with a server that is a folder', TIME, async (day) => {
      const trouble = await playDay(day, steps, undefined);
      expect(trouble === undefined ? '' : tell(await shrink(trouble, undefined))).toBe('');
    });

    it.each(days(count(1, 20)))('on day %i, with a server of C rsync', TIME, async (day) => {
      const peer = day % 2 === 0 ? peers()[0] : newestPeer();
      const trouble = await playDay(day, all || seed > 0 ? steps : 12, peer);
      expect(trouble === undefined ? '' : tell(await shrink(trouble, peer))).toBe('');
    });
  },
);
