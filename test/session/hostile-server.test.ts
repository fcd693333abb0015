import { afterEach, describe, expect, it } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import type { OptionsInput } from '../../src/options/resolve.ts';
import {
  DIRECTORY,
  DOT,
  type Entry,
  int,
  list,
  type ScriptedPeer,
  SYMLINK,
  TAG,
  varint,
  vstring,
} from '../support/scripted-peer.ts';
import { type Encounter, expectRefusal, meet, spaces } from './hostile.ts';
import { serve } from './hostile-client.ts';

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

/** Tells a receiving side of ours, client or server, what a sender says after the handshake. */
function tell(
  side: 'client' | 'server',
  incremental: boolean,
  say: (peer: ScriptedPeer) => void,
): Promise<Encounter> {
  if (side === 'server') return serve({ role: 'receiver', options: { incRecurse: incremental } }, say);
  return meet({}, (peer) => {
    peer.serve(incremental ? 0x1ff : 0x1fe);
    say(peer);
  });
}

describe.each(['client', 'server'] as const)('file list, told to a %s', (side) => {
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
    const met = await tell(side, false, (peer) => void peer.data(list(entries)));
    expectRefusal(met, code, exitCode, message);
  });

  it('a negative length', async () => {
    const met = await tell(
      side,
      false,
      (peer) => void peer.data(varint(4), [1], Buffer.from('x'), [0xfc, ...Buffer.alloc(8, 0xff)]),
    );
    expectRefusal(met, 'RSYNC_PROTOCOL', 4, /file length -1/);
  });

  it('a list that announces no end takes memory only for what has come', async () => {
    // A name of 2,097,151 bytes is announced; three have come.
    const met = await tell(
      side,
      false,
      (peer) => void peer.data(varint(0x40), varint(0x1fffff), Buffer.from('abc')),
    );
    expectRefusal(met, 'RSYNC_LIMIT', 22, /name of 2097151 bytes/);
  });
});

describe('a list that a server sends to its client', () => {
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
});

describe.each(['client', 'server'] as const)('incremental recursion, told to a %s', (side) => {
  const sayLists = (peer: ScriptedPeer, ...parts: Uint8Array[]): void => {
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
    const met = await tell(side, true, (peer) => sayLists(peer, ...parts(peer)));
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, message, ['here/d']);
  });

  it('entry of another directory in a sub-list', async () => {
    const met = await tell(side, true, (peer) => sayLists(peer, marker(peer, 1), list([{ name: 'e/x' }])));
    expectRefusal(met, 'RSYNC_UNSAFE_PATH', 4, /outside/, ['here/d']);
  });

  it('sub-list without incremental recursion', async () => {
    const met = await tell(side, false, (peer) => sayLists(peer, marker(peer, 1), list([])));
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /sub-list without incremental recursion/, ['here/d']);
  });
});

describe('incremental recursion of a server', () => {
  it('sub-list for a directory that lost to one of the same name', async () => {
    const met = await meet({ asks: ['a/d', 'b/d'] }, (peer) => {
      peer.serve(0x1ff);
      const twice = { name: 'd', mode: DIRECTORY, flags: 0x01 };
      peer.data(list([twice, twice]), peer.index.encode(subList(1)), list([]));
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /dropped duplicate/, ['here/d']);
  });
});
