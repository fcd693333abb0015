/**
 * A peer that reads nothing, while there is much to be told to it: what waits in memory is bounded, and all goes on when
 * it reads again. Bytes and counts decide, no clock.
 */
import { existsSync, readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { OptionsInput } from '../../src/options/resolve.ts';
import {
  DONE,
  DOT,
  entry,
  int,
  join,
  list,
  type ScriptedPeer,
  TAG,
  varint,
} from '../support/scripted-peer.ts';
import type { EntrySpec } from '../support/tree.ts';
import { meet, spaces } from './hostile.ts';
import { serve } from './hostile-client.ts';

afterEach(() => {
  for (const space of spaces.splice(0)) space.remove();
});

/** What a pipe holds on one side, one frame more, and the data that is gathered for one. */
const BOUND = (256 + 72 + 72) * 1024;
/** More than both sides of a pipe hold, told with names of this length. */
const COUNT = 2600;
const LONG = 'n'.repeat(240);

const many = (prefix: string, count = COUNT): EntrySpec[] =>
  Array.from({ length: count }, (_, k) => ({ path: `${prefix}${k}-${LONG}`, content: '' }));

/** Looks at what waits for the peer, at every event and every turn. */
class Gauge {
  most = 0;
  events = 0;
  peer: ScriptedPeer | undefined;

  readonly onEvent = (): void => {
    this.events++;
    this.look();
  };

  private look(): void {
    this.most = Math.max(this.most, this.peer?.channel.output.writableLength ?? 0);
  }

  /** Waits until nothing happens any more. */
  async standstill(): Promise<void> {
    let before = -1;
    for (let still = 0; still < 500; still++) {
      await new Promise(setImmediate);
      this.look();
      const { peer } = this;
      const now = this.events + (peer === undefined ? 0 : peer.taken + peer.channel.output.writableLength);
      if (now !== before) still = 0;
      before = now;
    }
  }
}

/** Says something to a server that makes it talk, and listens only when it has come to a standstill. */
async function stalled(
  init: Omit<Parameters<typeof serve>[0], 'onEvent'>,
  say: (peer: ScriptedPeer, gauge: Gauge) => void | Promise<void>,
): Promise<{ gauge: Gauge; told: number; met: Awaited<ReturnType<typeof serve>> }> {
  const gauge = new Gauge();
  let told = 0;
  const met = await serve({ ...init, onEvent: gauge.onEvent }, async (peer) => {
    gauge.peer = peer;
    await gauge.standstill();
    peer.stopListening();
    await say(peer, gauge);
    await gauge.standstill();
    told = gauge.events;
    peer.listen();
    await gauge.standstill();
    peer.cut();
  });
  return { gauge, told, met };
}

/** The end of the filter list: no rules. */
const NO_RULES = int(0);

describe('a server that tells of deletions', () => {
  const tree = [...many('', COUNT / 2), ...many('surplus/', COUNT / 2), { path: 'kept', content: 'kept' }];

  it.each<[string, OptionsInput]>([
    ['--delete-during, incremental', { deleteMode: 'during' }],
    ['--delete-after', { deleteMode: 'after', incRecurse: false }],
    ['--delete-delay', { deleteMode: 'delay', incRecurse: false }],
  ])('%s', async (_, options) => {
    const { gauge, told, met } = await stalled({ role: 'receiver', options, tree }, async (peer, gauge) => {
      // With incremental recursion: the end of the lists, without which a list of one entry is not begun.
      peer.data(NO_RULES, list([DOT]), options.incRecurse === false ? [] : peer.index.encode(-2));
      for (let phase = 0; phase < 3 && options.incRecurse === false; phase++) {
        await gauge.standstill();
        peer.data(DONE);
      }
    });
    expect(gauge.most).toBeGreaterThan(1 << 16);
    expect(gauge.most).toBeLessThan(BOUND);
    expect(told).toBeLessThan(COUNT);
    const deleted = met.events.filter(({ type }) => type === 'deleted').length;
    expect(deleted).toBe(COUNT + 2);
    expect(met.error).toMatchObject({ code: 'RSYNC_STREAM' });
    expect(readdirSync(met.space.at('here'))).toEqual([]);
  });

  it('--force, a directory in the way of a file', async () => {
    const options: OptionsInput = { force: true, incRecurse: false };
    const { gauge, told, met } = await stalled(
      { role: 'receiver', options, tree: many('f/') },
      (peer) => void peer.data(list([DOT, { name: 'f' }])),
    );
    expect(gauge.most).toBeLessThan(BOUND);
    expect(told).toBeLessThan(COUNT);
    expect(met.events.filter(({ type }) => type === 'deleted').length).toBe(COUNT);
    expect(existsSync(met.space.at('here/f'))).toBe(false);
  });
});

it('a server that lists what it was sent', async () => {
  const entries = Array.from({ length: COUNT }, (_, k) => ({ name: `${LONG}${k}` }));
  const options: OptionsInput = { listOnly: true, incRecurse: false };
  const { gauge, told, met } = await stalled({ role: 'receiver', options }, async (peer) => {
    for (let at = 0; at < COUNT; at += 100)
      if (!peer.data(...entries.slice(at, at + 100).map(entry))) await peer.drained();
    peer.data([0], varint(0));
  });
  expect(gauge.most).toBeLessThan(BOUND);
  expect(told).toBeLessThan(COUNT);
  expect(met.events.filter(({ type }) => type === 'listed').length).toBe(COUNT);
});

it('a server that tells what its rules hide', async () => {
  const rule = Buffer.from(`- *${LONG}`);
  const { gauge, told, met } = await stalled(
    {
      role: 'sender',
      options: { verbose: 2, incRecurse: false },
      tree: [...many('', COUNT / 2), ...many('d/', COUNT / 2)],
    },
    (peer) => void peer.data(int(rule.length), rule, NO_RULES),
  );
  expect(gauge.most).toBeLessThan(BOUND);
  expect(told).toBeLessThan(COUNT);
  const remarks = met.events.filter((event) => event.type === 'message' && event.text.includes('hiding'));
  expect(remarks.length).toBe(COUNT);
});

it('a server that removes its sources and tells of each: once, however often it hears of it', async () => {
  const options: OptionsInput = { removeSourceFiles: true, verbose: 2, incRecurse: false };
  const { gauge, told, met } = await stalled(
    { role: 'sender', options, tree: many('') },
    async (peer, gauge) => {
      peer.listen();
      peer.data(NO_RULES);
      await gauge.standstill();
      peer.stopListening();
      for (let times = 0; times < 3; times++)
        for (let ndx = 1; ndx <= COUNT; ndx++) peer.message(TAG.SUCCESS, int(ndx));
    },
  );
  expect(gauge.most).toBeGreaterThan(1 << 16);
  expect(gauge.most).toBeLessThan(BOUND);
  expect(told).toBeLessThan(COUNT);
  const removed = met.events.filter((event) => event.type === 'message' && event.text.includes('remove'));
  expect(removed.length).toBe(COUNT);
  expect(readdirSync(met.space.at('here'))).toEqual([]);
});

/** NDX_DEL_STATS and its counts, again and again. */
const deletionStatistics = (peer: ScriptedPeer, times: number): Buffer =>
  join(...Array.from({ length: times }, () => join(peer.index.encode(-3), [0, 0, 0, 0, 0])));

it.each([
  ['while files are asked for', [NO_RULES]],
  ['when all are through', [NO_RULES, DONE, DONE, DONE, DONE]],
])('a server that is asked to send deletion statistics back, %s', async (_, before) => {
  const { gauge } = await stalled({ role: 'sender' }, (peer) => {
    peer.data(...before);
    for (let k = 0; k < 15; k++) peer.data(deletionStatistics(peer, 4000));
  });
  expect(gauge.most).toBeGreaterThan(1 << 16);
  expect(gauge.most).toBeLessThan(BOUND);
});

it('a client that asks for files', async () => {
  const gauge = new Gauge();
  await meet({ options: { incRecurse: false }, onEvent: gauge.onEvent }, async (peer) => {
    gauge.peer = peer;
    peer.serve();
    await gauge.standstill();
    peer.stopListening();
    const entries = Array.from({ length: 60_000 }, (_, k) => entry({ name: String(k), size: 1 }));
    peer.data(entry(DOT));
    for (let at = 0; at < entries.length; at += 1000) peer.data(...entries.slice(at, at + 1000));
    peer.data([0], varint(0));
    await gauge.standstill();
    peer.cut();
  });
  expect(gauge.most).toBeGreaterThan(1 << 16);
  expect(gauge.most).toBeLessThan(BOUND);
});
