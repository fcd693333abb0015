import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import type { OptionsInput } from '../../src/options/resolve.ts';
import { deletedNames, items, messages } from '../support/pair.ts';
import {
  DIRECTORY,
  DOT,
  type Entry,
  IS_NEW,
  int,
  join,
  list,
  literal,
  md5,
  ScriptedPeer,
  SYMLINK,
  short,
  statistics,
  sumHead,
  TAG,
  TRANSFER,
  varint,
  vstring,
} from '../support/scripted-peer.ts';
import { type EntrySpec, noise } from '../support/tree.ts';
import { type Encounter, expectRefusal, expectUntouched, meet, spaces } from './hostile.ts';

afterEach(() => {
  for (const space of spaces.splice(0)) space.remove();
});

const DONE = -1;
const END_OF_LISTS = -2;
const subList = (directory: number): number => -101 - directory;

describe('handshake', () => {
  it.each([0, 19, 41, 255, -1])('version %i is out of range', async (version) => {
    const met = await meet({}, (peer) => {
      peer.raw(int(version));
      peer.finish(1);
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /shell clean/);
  });

  it.each([20, 28])('version %i is too old', async (version) => {
    const met = await meet({}, (peer) => void peer.raw(int(version)));
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, new RegExp(`protocol ${version}, older than 29`));
  });

  it('shell noise in front of the version is shown', async () => {
    const met = await meet({}, (peer) => {
      peer.raw(Buffer.from('Welcome to \x1b[1mhost\x1b[0m\n'));
      peer.raw(int(32));
      peer.finish(0);
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /shell clean.*"Welcome to \\x1b\[1mhost/);
  });

  it('incremental recursion was not offered', async () => {
    const met = await meet({ options: { incRecurse: false } }, (peer) => peer.serve(0x1ff));
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /incremental recursion/);
  });

  it('a list of names is too long', async () => {
    const met = await meet({ options: { checksumChoice: 'auto' } }, (peer) => {
      peer.raw(int(32), varint(0x1fe), vstring('x'.repeat(256)));
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 4, /negotiation list is too long/);
  });

  it.each(['', 'crc32 sha9', 'none'])('no checksum in common: "%s"', async (names) => {
    const met = await meet({ options: { checksumChoice: 'auto' } }, (peer) => {
      peer.raw(int(32), varint(0x1fe), vstring(names));
    });
    expectRefusal(met, 'RSYNC_UNSUPPORTED', 4, /no common checksum/);
  });

  it('no compressor in common', async () => {
    const met = await meet({ options: { compress: true } }, (peer) => {
      peer.raw(int(32), varint(0x1fe), vstring('none bzip2'));
    });
    expectRefusal(met, 'RSYNC_UNSUPPORTED', 4, /no common compressor/);
  });
});

describe('frames', () => {
  const framed: [string, (peer: ScriptedPeer) => void, string, number, RegExp][] = [
    ['unknown tag', (peer) => peer.message(7 + 5, []), 'RSYNC_STREAM', 12, /unexpected tag 5/],
    ['tag below the base', (peer) => peer.message(3, []), 'RSYNC_STREAM', 12, /unexpected tag -4/],
    [
      'message over 5119 bytes',
      (peer) => peer.message(TAG.INFO, Buffer.alloc(5120, 'x')),
      'RSYNC_STREAM',
      12,
      /tag 2 has an invalid length of 5120/,
    ],
    [
      'IO_ERROR of 3 bytes',
      (peer) => peer.message(TAG.IO_ERROR, [1, 0, 0]),
      'RSYNC_STREAM',
      12,
      /tag 22 has an invalid length of 3/,
    ],
    [
      'ERROR_EXIT of 2 bytes',
      (peer) => peer.message(TAG.ERROR_EXIT, [1, 0]),
      'RSYNC_STREAM',
      12,
      /tag 86 has an invalid length of 2/,
    ],
    [
      'ERROR_EXIT with a code',
      (peer) => peer.message(TAG.ERROR_EXIT, int(11)),
      'RSYNC_REMOTE_EXIT',
      11,
      /code 11/,
    ],
    [
      'ERROR_EXIT with a code out of range',
      (peer) => peer.message(TAG.ERROR_EXIT, int(70000)),
      'RSYNC_REMOTE_EXIT',
      12,
      /code 12/,
    ],
    [
      'ERROR_EXIT without a code, though nothing failed',
      (peer) => peer.message(TAG.ERROR_EXIT, []),
      'RSYNC_REMOTE_EXIT',
      12,
      /code 12/,
    ],
    [
      'NO_SEND for an index not asked for',
      (peer) => peer.message(TAG.NO_SEND, int(3)),
      'RSYNC_PROTOCOL',
      2,
      /index 3, which was not asked for/,
    ],
  ];
  it.each(framed)('%s', async (_name, say, code, exitCode, message) => {
    const met = await meet({}, (peer) => {
      peer.serve();
      say(peer);
    });
    expectRefusal(met, code, exitCode, message);
  });

  it('ERROR_EXIT is answered, so that both ends know', async () => {
    const met = await meet({}, async (peer) => {
      peer.serve();
      peer.message(TAG.ERROR_EXIT, int(23));
      await peer.untilEnd();
    });
    expect(met.error?.exitCode).toBe(23);
    expect(met.peer.frames.at(-1)).toMatchObject({ tag: TAG.ERROR_EXIT });
  });
});

describe('file list', () => {
  const hazards: [string, readonly Entry[], string, number, RegExp][] = [
    ['`..` as a component', [DOT, { name: '../outside/x' }], 'RSYNC_UNSAFE_PATH', 4, /\.\./],
    ['`..` in the middle', [DOT, { name: 'a/../../outside/x' }], 'RSYNC_UNSAFE_PATH', 4, /\.\./],
    ['`..` alone', [DOT, { name: '..', mode: DIRECTORY }], 'RSYNC_UNSAFE_PATH', 4, /\.\./],
    ['absolute name', [DOT, { name: '/tmp/x' }], 'RSYNC_UNSAFE_PATH', 4, /absolute/],
    ['NUL in a name', [DOT, { name: 'a\0b' }], 'RSYNC_PROTOCOL', 2, /NUL/],
    ['empty name', [DOT, { name: '' }], 'RSYNC_PROTOCOL', 2, /empty name/],
    ['prefix beyond the name before', [DOT, { name: 'x', prefix: 9 }], 'RSYNC_PROTOCOL', 2, /prefix of 9/],
    ['name of 5000 bytes', [DOT, { name: 'n'.repeat(5000) }], 'RSYNC_LIMIT', 22, /name of 5000 bytes/],
    ['`.` is not a directory', [{ name: '.' }], 'RSYNC_PROTOCOL', 2, /`\.`.*not a directory/],
    ['mode of no known type', [DOT, { name: 'x', mode: 0o170644 }], 'RSYNC_PROTOCOL', 2, /no known type/],
    [
      'symlink target of 5000 bytes',
      [DOT, { name: 'x', mode: SYMLINK, target: 't'.repeat(5000) }],
      'RSYNC_LIMIT',
      22,
      /target of 5000 bytes/,
    ],
    [
      'NUL in a symlink target',
      [DOT, { name: 'x', mode: SYMLINK, target: 'a\0b' }],
      'RSYNC_PROTOCOL',
      2,
      /NUL/,
    ],
    [
      'entry below a symlink of the same list',
      [DOT, { name: 'x', mode: SYMLINK, target: '../outside' }, { name: 'x/y', size: 5 }],
      'RSYNC_PROTOCOL',
      2,
      /x\/y is in no directory/,
    ],
    [
      'entry below nothing',
      [DOT, { name: 'missing/y', size: 5 }],
      'RSYNC_PROTOCOL',
      2,
      /missing\/y is in no directory/,
    ],
    [
      'hard-link reference to nothing',
      [DOT, { name: 'x', flags: 0x0200 }],
      'RSYNC_PROTOCOL',
      2,
      /hard-link reference/,
    ],
  ];
  it.each(hazards)('%s', async (_name, entries, code, exitCode, message) => {
    const met = await meet({}, (peer) => {
      peer.serve();
      peer.data(list(entries));
    });
    expectRefusal(met, code, exitCode, message);
  });

  it('a negative length', async () => {
    const met = await meet({}, (peer) => {
      peer.serve();
      peer.data(varint(4), [1], Buffer.from('x'), [0xfc, ...Buffer.alloc(8, 0xff)]);
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 4, /file length -1/);
  });

  it('a name that was not asked for', async () => {
    const met = await meet({ asks: ['src/f'], options: { recursive: false } }, (peer) => {
      peer.serve();
      peer.data(list([{ name: 'f' }, { name: 'g' }]));
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 4, /rejecting unrequested file-list name: g/);
  });

  it('a name that our rules exclude', async () => {
    const filters: OptionsInput['filters'] = [{ kind: 'exclude', text: fromText('*.o') }];
    const met = await meet({ options: { filters } }, (peer) => {
      peer.serve();
      peer.data(list([DOT, { name: 'a.o' }]));
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 4, /rejecting excluded file-list name: a\.o/);
  });

  it('a list that announces no end takes memory only for what has come', async () => {
    const met = await meet({}, (peer) => {
      peer.serve();
      // A name of 2,097,151 bytes is announced; three have come.
      peer.data(varint(0x40), varint(0x1fffff), Buffer.from('abc'));
    });
    expectRefusal(met, 'RSYNC_LIMIT', 22, /name of 2097151 bytes/);
  });
});

describe('incremental recursion', () => {
  const serveLists = (peer: ScriptedPeer, ...parts: Uint8Array[]): void => {
    peer.serve(0x1ff);
    peer.data(list([DOT, { name: 'd', mode: DIRECTORY }]), ...parts);
  };
  const marker = (peer: ScriptedPeer, directory: number): Buffer => peer.index.encode(subList(directory));

  const hazards: [string, (peer: ScriptedPeer) => Uint8Array[], RegExp][] = [
    ['sub-list for an unknown directory', (p) => [marker(p, 9), list([])], /directory 9 of 2/],
    [
      'second sub-list for a directory',
      (p) => [marker(p, 1), list([]), marker(p, 1), list([])],
      /second sub-list for directory 1/,
    ],
    [
      'sub-list after the end of lists',
      (p) => [p.index.encode(END_OF_LISTS), marker(p, 1), list([])],
      /sub-list after the last one/,
    ],
    [
      'second end of lists',
      (p) => [p.index.encode(END_OF_LISTS), p.index.encode(END_OF_LISTS)],
      /unexpected end of file lists/,
    ],
    ['end of a list that is in use', (p) => [p.index.encode(DONE)], /under way/],
    ['index without a meaning', (p) => [p.index.encode(-50)], /index -50/],
  ];
  it.each(hazards)('%s', async (_name, parts, message) => {
    const met = await meet({}, (peer) => serveLists(peer, ...parts(peer)));
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, message, ['here/d']);
  });

  it('entry of another directory in a sub-list', async () => {
    const met = await meet({}, (peer) => serveLists(peer, marker(peer, 1), list([{ name: 'e/x' }])));
    expectRefusal(met, 'RSYNC_UNSAFE_PATH', 4, /outside/, ['here/d']);
  });

  it('sub-list for a directory that lost to one of the same name', async () => {
    const met = await meet({ asks: ['a/d', 'b/d'] }, (peer) => {
      peer.serve(0x1ff);
      const twice = { name: 'd', mode: DIRECTORY, flags: 0x01 };
      peer.data(list([twice, twice]), peer.index.encode(subList(1)), list([]));
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /dropped duplicate/, ['here/d']);
  });

  it('sub-list without incremental recursion', async () => {
    const met = await meet({ options: { incRecurse: false } }, (peer) => {
      peer.serve();
      peer.data(list([DOT, { name: 'd', mode: DIRECTORY }]), peer.index.encode(subList(1)), list([]));
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /sub-list without incremental recursion/, ['here/d']);
  });
});

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
    expectRefusal(met, 'RSYNC_ABORTED', 20, /interrupted/);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20);
  });

  it('a peer that says nothing: --timeout ends it', async () => {
    const met = await meet({ options: { timeout: 1 } }, () => {});
    expectRefusal(met, 'RSYNC_TIMEOUT', 30, /timeout after 1 seconds/);
  });

  it('a peer that stops reading: our memory stays bounded, --timeout ends it', async () => {
    const peer = new ScriptedPeer(false);
    const size = 64 << 20;
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
    expectRefusal(met, 'RSYNC_TIMEOUT', 30, /timeout after 1 seconds/);
    expect(met.events.some((event) => event.type === 'item')).toBe(true);
    expect(peer.channel.output.writableLength).toBeLessThan(4 << 20);
  });
});
