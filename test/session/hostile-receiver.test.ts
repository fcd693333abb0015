import { appendFileSync, existsSync, rmSync, truncateSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { OptionsInput } from '../../src/options/resolve.ts';
import { messages } from '../support/pair.ts';
import {
  IS_NEW,
  int,
  join,
  md5,
  type ScriptedPeer,
  short,
  sumHead,
  TAG,
  TRANSFER,
} from '../support/scripted-peer.ts';
import { type EntrySpec, noise } from '../support/tree.ts';
import { type Encounter, expectRefusal, expectUntouched, meet, spaces } from './hostile.ts';

afterEach(() => {
  for (const space of spaces.splice(0)) space.remove();
});

const CONTENT = noise(1500, 3);
/** Sorted: `.` 0, `f` 1, `g` 2, `d` 3, `d/x` 4. */
const TREE: readonly EntrySpec[] = [
  { path: 'f', content: CONTENT },
  { path: 'g', content: 'g' },
  { path: 'd/x', content: 'x' },
];

const ask = (
  script: (peer: ScriptedPeer) => void | Promise<void>,
  init: {
    tree?: readonly EntrySpec[];
    options?: OptionsInput;
    onEvent?: Parameters<typeof meet>[0]['onEvent'];
  } = {},
): Promise<Encounter> =>
  meet(
    { direction: 'push', tree: init.tree ?? TREE, options: { times: true, ...init.options }, ...pick(init) },
    async (peer) => {
      peer.serve();
      await script(peer);
    },
  );

function pick(init: { onEvent?: Parameters<typeof meet>[0]['onEvent'] }): object {
  return init.onEvent === undefined ? {} : { onEvent: init.onEvent };
}

const request = (peer: ScriptedPeer, ndx: number, head: Uint8Array, iflags = TRANSFER | IS_NEW): Buffer =>
  join(peer.index.encode(ndx), short(iflags), head);

/** Phases without more requests, from the first DONE to the goodbye. Our side has nothing to wait for. */
function goodbye(peer: ScriptedPeer, code = 0): void {
  peer.data([0, 0, 0, 0, 0]);
  peer.finish(code);
}

/** The reply data after the list: the list ends with the two zero bytes after `d/x`. */
function replies(met: Encounter): Buffer {
  const stream = met.peer.dataStream;
  return stream.subarray(stream.indexOf('d/x') + 3);
}

describe('requests', () => {
  const hazards: [string, (peer: ScriptedPeer) => Uint8Array[], RegExp][] = [
    ['index out of range', (p) => [request(p, 5, sumHead())], /transfer index 5 is in no list/],
    ['huge index', (p) => [request(p, 0x7fffffff, sumHead())], /transfer index 2147483647 is in no list/],
    ['notice for an index out of range', (p) => [request(p, 99, Buffer.alloc(0), 8)], /item index 99/],
    ['data of a directory', (p) => [request(p, 3, sumHead())], /non-regular file: 3/],
    ['request after the redo phase', (p) => [Buffer.from([0, 0]), request(p, 1, sumHead())], /phase 2/],
    ['negative index without a meaning', (p) => [p.index.encode(-7)], /unexpected index -7/],
    ['sub-list from a receiver', (p) => [p.index.encode(-101)], /unexpected index -101/],
    ['negative count', (p) => [request(p, 1, sumHead(-1, 700, 2, 0))], /invalid checksum count -1/],
    ['checksums of 17 bytes', (p) => [request(p, 1, sumHead(1, 700, 17, 0))], /invalid checksum length 17/],
    ['negative checksum length', (p) => [request(p, 1, sumHead(1, 700, -1, 0))], /invalid checksum length/],
    ['block length 0 with blocks', (p) => [request(p, 1, sumHead(3, 0, 2, 0))], /invalid block length 0/],
    ['huge block length', (p) => [request(p, 1, sumHead(3, 0x7fffffff, 2, 0))], /invalid block length/],
    ['negative remainder', (p) => [request(p, 1, sumHead(3, 700, 2, -5))], /invalid remainder/],
    ['remainder over the block', (p) => [request(p, 1, sumHead(3, 700, 2, 701))], /invalid remainder/],
    ['deletion counts out of range', (p) => [p.index.encode(-3), int(-1)], /invalid deletion count|varint/],
    [
      'long xname',
      (p) => [p.index.encode(1), short(0x9000), Buffer.from([0xff, 0xff]), Buffer.alloc(32767, 'x')],
      /xname of 32767 bytes/,
    ],
  ];
  it.each(hazards)('%s', async (name, parts, message) => {
    const met = await ask((peer) => void peer.data(...parts(peer)));
    const [code, exit] =
      name === 'deletion counts out of range' ? ['RSYNC_STREAM', 12] : ['RSYNC_PROTOCOL', 2];
    expectRefusal(met, code as string, exit as number, message);
  });

  it('block sums beyond the memory limit are refused by their number alone', async () => {
    const met = await ask((peer) => void peer.data(request(peer, 1, sumHead(0x7fffffff, 700, 16, 0))));
    expectRefusal(met, 'RSYNC_PROTOCOL', 22, /block sums of \d+ bytes/);
  });

  it('many announced sums that do not come take no memory', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const met = await ask((peer) => {
      peer.data(request(peer, 1, sumHead(50_000_000, 700, 2, 0)), Buffer.alloc(60));
      setTimeout(() => peer.finish(0), 50);
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
    expectRefusal(met, 'RSYNC_STREAM', 12, /connection unexpectedly closed/);
  });

  it('a time-out message that only a daemon may send does no harm', async () => {
    const met = await ask((peer) => {
      peer.message(TAG.IO_TIMEOUT, int(0x7fffffff));
      goodbye(peer);
    });
    expect(met.result?.exitCode).toBe(0);
  });

  it('SUCCESS and NO_SEND mean nothing to a sender that removes nothing', async () => {
    const met = await ask((peer) => {
      peer.message(TAG.SUCCESS, int(1));
      peer.message(TAG.NO_SEND, int(77));
      goodbye(peer);
    });
    expect(met.result?.exitCode).toBe(0);
    expectUntouched(met);
  });

  it('DELETED with escape sequences is told as it came, and nothing else happens', async () => {
    const met = await ask((peer) => {
      peer.message(TAG.DELETED, Buffer.from('\x1b[2J../x\0'));
      goodbye(peer);
    });
    expect(met.events.filter(({ type }) => type === 'deleted')).toEqual([
      { type: 'deleted', name: '\x1b[2J../x', isDirectory: true },
    ]);
    expectUntouched(met);
  });

  it('the goodbye has room for nothing else', async () => {
    const met = await ask((peer) => {
      peer.data([0, 0, 0], request(peer, 1, sumHead()));
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /index 1 during the goodbye/);
  });
});

describe('sources that change', () => {
  const onList =
    (change: (path: string) => void): NonNullable<Parameters<typeof meet>[0]['onEvent']> =>
    (event, space) => {
      if (event.type === 'flist' && event.stage === 'end') change(space.at('here/f'));
    };

  it('a file that vanished is not sent: NO_SEND, exit 24', async () => {
    const met = await ask(
      (peer) => {
        peer.data(request(peer, 1, sumHead()));
        goodbye(peer);
      },
      { onEvent: onList((path) => rmSync(path)) },
    );
    expect(met.error).toBeUndefined();
    expect(met.result?.exitCode).toBe(24);
    const told = met.peer.frames.filter(({ tag }) => tag === TAG.NO_SEND);
    expect(told.map(({ payload }) => payload.readInt32LE())).toEqual([1]);
    const flags = met.peer.frames.filter(({ tag }) => tag === TAG.IO_ERROR);
    expect(flags.map(({ payload }) => payload.readInt32LE())).toEqual([2]);
    expect(messages(met.events)).toEqual([expect.stringContaining('file has vanished')]);
  });

  it('a file that shrank: its digest is spoiled, so that it is asked for again, and the run ends with 23', async () => {
    const size = 8 << 20;
    let cut = false;
    const met = await ask(
      (peer) => {
        peer.data(request(peer, 1, sumHead()));
        goodbye(peer);
      },
      {
        tree: [{ path: 'f', sparse: { size, extents: [{ at: 0, data: CONTENT }] } }, ...TREE.slice(1)],
        onEvent: (event, space) => {
          if (cut || event.type !== 'item') return;
          cut = true;
          truncateSync(space.at('here/f'), 1000);
        },
      },
    );
    expect(cut).toBe(true);
    expect(met.error).toBeUndefined();
    expect(met.result?.exitCode).toBe(23);
    const { content, digest } = expand(replies(met));
    expect(digest.equals(md5(content))).toBe(false);
    expect(messages(met.events)).toEqual([expect.stringContaining('read errors mapping')]);
  });

  it('a file that grew: its digest is that of what was sent', async () => {
    const met = await ask(
      (peer) => {
        peer.data(request(peer, 1, sumHead()));
        goodbye(peer);
      },
      { onEvent: onList((path) => appendFileSync(path, 'more')) },
    );
    expect(met.result?.exitCode).toBe(0);
    const { content, digest } = expand(replies(met));
    expect(content.subarray(0, 1500).equals(CONTENT)).toBe(true);
    expect(digest.equals(md5(content))).toBe(true);
  });
});

/** The literal data and the digest of the first reply in `stream`, which begins in the last entry of the list. */
function expand(stream: Buffer): { content: Buffer; digest: Buffer } {
  // The reply opens with its index (1: two on from -1), the flags and an empty sum head.
  const opening = join([0x02], short(TRANSFER | IS_NEW), sumHead());
  let at = stream.indexOf(opening) + opening.length;
  const parts: Buffer[] = [];
  for (;;) {
    const length = stream.readInt32LE(at);
    at += 4;
    if (length === 0) return { content: Buffer.concat(parts), digest: stream.subarray(at, at + 16) };
    expect(length).toBeGreaterThan(0);
    parts.push(stream.subarray(at, at + length));
    at += length;
  }
}

describe('sources that may be removed', () => {
  const success = (ndx: number, options: OptionsInput): Promise<Encounter> =>
    ask(
      async (peer) => {
        while (!peer.dataStream.includes('d/x')) await peer.until(peer.dataStream.length + 1);
        peer.message(TAG.SUCCESS, int(ndx));
        goodbye(peer);
      },
      { options },
    );

  it.each([
    [3, /has done with directory d/],
    [0, /has done with directory \./],
    [5, /success for index 5, which is in no list/],
    [-1, /success for index -1/],
    [0x7fffffff, /success for index 2147483647/],
  ])('index %i', async (ndx, message) => {
    expectRefusal(await success(ndx, { removeSourceFiles: true }), 'RSYNC_PROTOCOL', 2, message);
  });

  it('nothing is removed that was not to be', async () => {
    const met = await success(1, {});
    expect(met.result?.exitCode).toBe(0);
    expectUntouched(met);
  });

  it('a file that is there is removed, once', async () => {
    const met = await success(1, { removeSourceFiles: true });
    expect(met.result?.exitCode).toBe(0);
    expectUntouched(met, ['here/f']);
    expect(existsSync(met.space.at('here/f'))).toBe(false);
  });
});
