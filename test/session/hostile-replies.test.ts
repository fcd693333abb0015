import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { OptionsInput } from '../../src/options/resolve.ts';
import { deletedNames, items, messages } from '../support/pair.ts';
import {
  DOT,
  IS_NEW,
  int,
  join,
  list,
  literal,
  md5,
  ScriptedPeer,
  short,
  statistics,
  sumHead,
  TAG,
  TRANSFER,
  varint,
} from '../support/scripted-peer.ts';
import { type EntrySpec, noise } from '../support/tree.ts';
import { type Encounter, expectRefusal, expectUntouched, meet, spaces } from './hostile.ts';

afterEach(() => {
  for (const space of spaces.splice(0)) space.remove();
});

const DONE = -1;

describe('replies', () => {
  const OLD = noise(1500, 9);
  const NEW = Buffer.from('hello');
  const LIST = list([DOT, { name: 'f', size: 5 }]);
  /** Bytes of data that our side has written when it has asked for `f`: rules, request, DONE. */
  const ASKED_NEW = 4 + 19 + 1;
  /** The same with 3 blocks of a basis. */
  const ASKED_OLD = 4 + 19 + 3 * 6 + 1;
  const HEAD_OLD = sumHead(3, 700, 2, 100);
  const exists: readonly EntrySpec[] = [
    { path: 'f', content: OLD },
    { path: 'keep', content: 'keep' },
  ];

  /** Gives the list, waits for the request, and answers. */
  const answer = (
    parts: (peer: ScriptedPeer) => Uint8Array[],
    old = false,
    options: OptionsInput = {},
    more: (peer: ScriptedPeer) => void | Promise<void> = () => {},
  ): Promise<Encounter> =>
    meet({ options, tree: old ? exists : [] }, async (peer) => {
      peer.serve();
      peer.data(LIST);
      await peer.until(old ? ASKED_OLD : ASKED_NEW);
      peer.data(...parts(peer));
      await more(peer);
    });
  const reply = (peer: ScriptedPeer, ndx: number, iflags: number): Buffer =>
    join(peer.index.encode(ndx), short(iflags));
  const f = (peer: ScriptedPeer): Buffer => reply(peer, 1, TRANSFER | IS_NEW);
  const good = (peer: ScriptedPeer): Buffer => join(f(peer), sumHead(), literal(NEW), int(0), md5(NEW));
  const bad = (peer: ScriptedPeer, head = sumHead()): Buffer =>
    join(f(peer), head, literal(NEW), int(0), md5(Buffer.from('something else')));

  it('blocks in the reply to an appending request, which has none', async () => {
    const met = await meet({ options: { append: 1 }, tree: exists }, async (peer) => {
      peer.serve();
      peer.data(list([DOT, { name: 'f', size: 3000 }]));
      await peer.until(4 + 19 + 1);
      peer.data(reply(peer, 1, TRANSFER), HEAD_OLD, int(-1), int(0), md5(NEW));
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /block/);
  });

  it('the script itself is a good session', async () => {
    const met = await answer(
      (p) => [good(p), p.index.encode(DONE)],
      false,
      {},
      async (peer) => {
        await peer.until(ASKED_NEW + 3);
        peer.data(join([0, 0], statistics(), [0]));
        await peer.until(ASKED_NEW + 4);
        peer.finish(0);
      },
    );
    expect(met.error).toBeUndefined();
    expect(met.result?.exitCode).toBe(0);
    expect(readFileSync(met.space.at('here/f')).equals(NEW)).toBe(true);
  });

  const hazards: [string, (peer: ScriptedPeer) => Uint8Array[], boolean, RegExp][] = [
    [
      'transfer that was not asked for',
      (p) => [reply(p, 0, TRANSFER), sumHead()],
      false,
      /index 0, which was not asked for/,
    ],
    ['index out of range', (p) => [reply(p, 70_000, TRANSFER)], false, /index 70000, which was not asked/],
    ['notice that was not asked for', (p) => [reply(p, 1, 8)], false, /index 1, which was not asked for/],
    ['second reply to one request', (p) => [good(p), good(p)], false, /index 1, which was not asked for/],
    [
      'blocks where none were asked with',
      (p) => [f(p), sumHead(1, 700, 2, 0), int(-1)],
      false,
      /another sum head/,
    ],
    ['other block length in the echo', (p) => [f(p), sumHead(3, 500, 2, 100)], true, /another sum head/],
    ['no blocks in the echo', (p) => [f(p), sumHead()], true, /another sum head/],
    ['negative count', (p) => [f(p), sumHead(-1, 700, 2, 0)], true, /invalid checksum count -1/],
    ['huge block length', (p) => [f(p), sumHead(3, 1 << 20, 2, 0)], true, /invalid block length/],
    ['long checksum', (p) => [f(p), sumHead(3, 700, 17, 100)], true, /invalid checksum length 17/],
    ['remainder over the block length', (p) => [f(p), sumHead(3, 700, 2, 701)], true, /invalid remainder/],
    ['block without a basis', (p) => [f(p), sumHead(), int(-1)], false, /block/],
    ['block number = count', (p) => [f(p), HEAD_OLD, int(-4)], true, /block/],
    ['block number 2^31 - 1', (p) => [f(p), HEAD_OLD, int(-0x80000000)], true, /block/],
    ['end of a phase that is under way', (p) => [good(p), DONE4], false, /phase that is under way/],
    ['end of a phase without an answer', (p) => [p.index.encode(DONE)], false, /without an answer/],
  ];
  const DONE4 = Buffer.from([0, 0, 0, 0]);
  it.each(hazards)('%s', async (_name, parts, old, message) => {
    const met = await answer(parts, old);
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, message, old ? [] : ['here/f']);
    if (old) expect(readFileSync(met.space.at('here/f')).equals(OLD)).toBe(true);
  });

  it('our side says why it ends', async () => {
    const met = await answer(
      (p) => [reply(p, 70_000, TRANSFER)],
      false,
      {},
      (peer) => peer.untilEnd(),
    );
    const last = met.peer.frames.at(-1)!;
    expect(last.tag).toBe(TAG.ERROR_EXIT);
    expect(last.payload.readInt32LE()).toBe(2);
  });

  it('an absurd literal length allocates nothing', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const met = await answer(
      (p) => [f(p), sumHead(), int(0x7fffffff), NEW],
      false,
      {},
      (peer) => {
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
        peer.finish(0);
      },
    );
    expectRefusal(met, 'RSYNC_STREAM', 12, /connection unexpectedly closed/);
  });

  it('a reply in the last phase', async () => {
    const met = await answer(
      (p) => [good(p), p.index.encode(DONE)],
      false,
      {},
      async (peer) => {
        await peer.until(ASKED_NEW + 3);
        peer.data([0], good(peer));
      },
    );
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /transfer reply in phase 2/, ['here/f']);
  });

  it('negative statistics', async () => {
    const met = await answer(
      (p) => [good(p), p.index.encode(DONE)],
      false,
      {},
      async (peer) => {
        await peer.until(ASKED_NEW + 3);
        peer.data([0, 0], [0xfc, ...Buffer.alloc(8, 0xff)]);
      },
    );
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /negative number in the statistics/, ['here/f']);
  });

  it('deletion statistics out of range', async () => {
    const met = await answer((p) => [p.index.encode(-3), varint(-1)]);
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /invalid deletion count -1/);
  });

  it('a wrong digest twice: the old file stays, and the run ends with 23', async () => {
    const met = await answer(
      (p) => [bad(p, HEAD_OLD), p.index.encode(DONE)],
      true,
      {},
      async (peer) => {
        // The redo comes with whole digests of 16 bytes: `fe 00 00`, flags, head, 3 sums; then three DONEs.
        const redo = ASKED_OLD + 3 + 2 + 16 + 3 * 20;
        await peer.until(redo);
        const again = sumHead(3, 700, 16, 100);
        peer.data(bad(peer, again), [0]);
        await peer.until(redo + 3);
        peer.data([0], statistics(), [0]);
        await peer.until(redo + 4);
        peer.finish(0);
      },
    );
    expect(met.error).toBeUndefined();
    expect(met.result?.exitCode).toBe(23);
    expect(messages(met.events)).toEqual([
      expect.stringContaining('WARNING: f failed verification'),
      expect.stringContaining('ERROR: f failed verification'),
    ]);
    expectUntouched(met);
  });

  it('IO_ERROR of the sender forbids deletion', async () => {
    const met = await meet(
      { tree: exists, options: { deleteMode: 'during', ignoreExisting: true, incRecurse: false } },
      async (peer) => {
        peer.serve();
        peer.message(TAG.IO_ERROR, int(1));
        peer.data(LIST);
        await peer.until(5);
        peer.data([0]);
        await peer.until(5 + 2);
        peer.data([0, 0], statistics());
        await peer.until(5 + 2 + 7);
        peer.data([0]);
        await peer.until(5 + 2 + 7 + 2);
        peer.finish(0);
      },
    );
    expect(met.error).toBeUndefined();
    expect(met.result?.exitCode).toBe(23);
    expect(messages(met.events)).toContain('IO error encountered -- skipping file deletion');
    expectUntouched(met);
  });

  it('the I/O error at the end of a list forbids deletion; undefined bits are dropped', async () => {
    const met = await meet(
      { tree: exists, options: { deleteMode: 'before', ignoreExisting: true } },
      async (peer) => {
        peer.serve();
        peer.data(list([DOT, { name: 'f', size: 5 }], 0x71));
        await peer.until(5);
        peer.finish(0);
      },
    );
    expect(messages(met.events)).toContain('IO error encountered -- skipping file deletion');
    expectRefusal(met, 'RSYNC_STREAM', 12, /connection unexpectedly closed/);
  });

  it('DELETED with escape sequences is not our deletion: nothing is told, nothing happens', async () => {
    const met = await answer(
      (p) => [good(p), p.index.encode(DONE)],
      false,
      {},
      async (peer) => {
        peer.message(TAG.DELETED, Buffer.from('\x1b]0;owned\x07../outside/secret'));
        await peer.until(ASKED_NEW + 3);
        peer.data(join([0, 0], statistics(), [0]));
        await peer.until(ASKED_NEW + 4);
        peer.finish(0);
      },
    );
    expect(met.result?.exitCode).toBe(0);
    expect(deletedNames(met.events)).toEqual([]);
    expect(readFileSync(met.space.at('outside/secret'), 'latin1')).toBe('secret');
  });

  it('garbage after the goodbye changes nothing', async () => {
    const met = await answer(
      (p) => [good(p), p.index.encode(DONE)],
      false,
      {},
      async (peer) => {
        await peer.until(ASKED_NEW + 3);
        peer.data(join([0, 0], statistics(), [0]));
        await peer.until(ASKED_NEW + 4);
        peer.data(good(peer));
        peer.raw(noise(500));
        peer.finish(0);
      },
    );
    expect(met.error).toBeUndefined();
    expect(items(met.events)).toHaveLength(1);
    expect(readFileSync(met.space.at('here/f')).equals(NEW)).toBe(true);
    expectUntouched(met, ['here/f']);
  });

  it('a source that vanished is left out: MSG_NO_SEND', async () => {
    const met = await answer(
      () => [],
      true,
      {},
      async (peer) => {
        peer.message(TAG.NO_SEND, int(1));
        peer.data([0]);
        await peer.until(ASKED_OLD + 3);
        peer.message(TAG.IO_ERROR, int(2));
        peer.data([0, 0], statistics(), [0]);
        await peer.until(ASKED_OLD + 4);
        peer.finish(24);
      },
    );
    expect(met.error).toBeUndefined();
    expect(met.result?.exitCode).toBe(24);
    expectUntouched(met);
  });
});

describe('time and memory', () => {
  it('endless keep-alives cost nothing, and end when the caller wants', async () => {
    const stop = new AbortController();
    const before = process.memoryUsage().rss;
    const met = await meet({ signal: stop.signal, options: { timeout: 60 } }, async (peer) => {
      peer.serve();
      const idle = Buffer.concat(Array.from({ length: 5000 }, () => Buffer.from([0, 0, 0, 7])));
      for (let k = 0; k < 200; k++) if (!peer.raw(idle)) await peer.drained();
      stop.abort();
    });
    expectRefusal(met, 'RSYNC_ABORTED', 20, /interrupted/, [], 10_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20);
  });

  it('a peer that says nothing: --timeout ends it', async () => {
    const met = await meet({ options: { timeout: 1 } }, () => {});
    expectRefusal(met, 'RSYNC_TIMEOUT', 30, /timeout after 1 seconds/, [], 10_000);
  });

  it('a peer that stops reading: our memory stays bounded, --timeout ends it', async () => {
    const peer = new ScriptedPeer(false);
    const size = 16 << 20;
    const met = await meet(
      {
        direction: 'push',
        peer,
        options: { timeout: 1 },
        tree: [{ path: 'big', sparse: { size, extents: [] } }],
      },
      (p) => {
        p.serve();
        p.data(p.index.encode(1), short(TRANSFER | IS_NEW), sumHead());
      },
    );
    expectRefusal(met, 'RSYNC_TIMEOUT', 30, /timeout after 1 seconds/, [], 10_000);
    expect(met.events.some((event) => event.type === 'item')).toBe(true);
    expect(peer.channel.output.writableLength).toBeLessThan(4 << 20);
  });
});
