/** Vulnerabilities of rsync that were published in 2025 and 2026: docs/security.md. Races have a file of their own. */
import { PassThrough } from 'node:stream';
import * as zlib from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { RequestedNames } from '../../src/filter/requested.ts';
import { parseReceivedRules } from '../../src/filter/wire.ts';
import type { OptionsInput } from '../../src/options/resolve.ts';
import { MSG } from '../../src/protocol/mux.ts';
import { availableCompressors } from '../../src/protocol/token.ts';
import { readSecludedArguments } from '../../src/server/secluded.ts';
import { parseServerCommand } from '../../src/server/server-command.ts';
import { handleMessages } from '../../src/session/messages.ts';
import { deletedNames } from '../support/pair.ts';
import {
  DIRECTORY,
  DOT,
  type Entry,
  entry,
  IS_NEW,
  int,
  join,
  list,
  type ScriptedPeer,
  short,
  sumHead,
  TRANSFER,
  varint,
} from '../support/scripted-peer.ts';
import { type EntrySpec, noise } from '../support/tree.ts';
import { expectRefusal, expectUntouched, meet, spaces } from './hostile.ts';
import { quiet, serve } from './hostile-client.ts';

afterEach(() => {
  for (const space of spaces.splice(0)) space.remove();
});

const CONTENT = noise(1400, 3);
const FILE: readonly EntrySpec[] = [{ path: 'f', content: CONTENT }];

describe('CVE-2025-10158, a negative index from a receiver', () => {
  const indexes = [-1000, -100, -99, -8, -7, -6, -5, -4, 0x7fffffff, 2, 3];
  it.each(['client', 'server'] as const)('%s', async (side) => {
    for (const ndx of indexes) {
      for (const iflags of [TRANSFER | IS_NEW, 0x0008]) {
        const ask = async (peer: ScriptedPeer, before: Uint8Array): Promise<void> => {
          peer.data(before, peer.index.encode(ndx), short(iflags), sumHead());
          await quiet(peer);
          peer.finish(0);
        };
        const options = { incRecurse: false };
        const met =
          side === 'client'
            ? await meet({ direction: 'push', tree: FILE, options }, (peer) => {
                peer.serve();
                return ask(peer, Buffer.alloc(0));
              })
            : await serve({ role: 'sender', tree: FILE, options }, (peer) => ask(peer, int(0)));
        expectRefusal(met, 'RSYNC_PROTOCOL', 2, /index/);
      }
    }
  });
});

describe('CVE-2026-41035, lengths of extended attributes that are not sorted as announced', () => {
  it.each(['-X', '-lrtXe.LsfxCIvu', '-A', '--fake-super'])('no server takes %s', (word) => {
    expect(() => parseServerCommand(['--server', word, '.', 'dst/'])).toThrow(
      expect.objectContaining({ code: 'RSYNC_UNSUPPORTED' }),
    );
  });
});

describe('CVE-2026-43618, a block number that runs over in a compressed reply', () => {
  const compressors = availableCompressors().filter((name) => name !== 'none');
  it.each(compressors)('%s', async (compressChoice) => {
    const old = noise(1500, 9);
    const hazards: Uint8Array[] = [
      // Relative runs that add up: 63 and 65,536 blocks at a time.
      Buffer.concat(Array.from({ length: 40_000 }, () => Buffer.from([0xff, 0xff, 0xff]))),
      join([0x20], int(0x7fffffff), [0xbf]),
      join([0x20], int(-1), [0x80]),
      join([0x21], int(0x7ffffff0), short(0xffff)),
      join([0x82, 0x81]),
    ];
    for (const tokens of hazards) {
      const options: OptionsInput = { incRecurse: false, compress: true, compressChoice };
      const met = await meet({ tree: [{ path: 'f', content: old }], options }, async (peer) => {
        peer.serve();
        peer.data(list([DOT, { name: 'f', size: 1500 }]));
        await quiet(peer);
        peer.data(peer.index.encode(1), short(TRANSFER), sumHead(3, 700, 2, 100), tokens);
        await quiet(peer);
        peer.finish(0);
      });
      expectRefusal(met, 'RSYNC_PROTOCOL', 2, /token: blocks .* of a basis of 3/);
    }
  });
});

describe('CVE-2026-43620, incremental recursion without `.` in its first list', () => {
  it.each([
    ['an item for index 0', 0, 0x0008],
    ['a transfer for index 0', 0, TRANSFER],
    ['an item for the gap between two lists', 2, 0x0008],
  ] as const)('%s', async (_name, ndx, iflags) => {
    const met = await meet({ asks: ['src/a'], options: { recursive: true } }, async (peer) => {
      peer.serve(0x1ff);
      peer.data(list([{ name: 'a', mode: DIRECTORY, flags: 0x01 }]));
      peer.data(peer.index.encode(ndx), short(iflags));
      await quiet(peer);
      peer.finish(0);
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /index \d/, ['here/a']);
  });
});

describe('CVE-2026-53786 and CVE-2026-53802, files that a client wants a server to read as rules', () => {
  it.each(['. /etc/passwd', 'merge /etc/passwd', '.- ../secret', '.C'])('%s', (rule) => {
    for (const side of ['sender', 'receiver'] as const) {
      expect(() => parseReceivedRules([rule], side)).toThrow(expect.objectContaining({ name: 'RsyncError' }));
    }
  });
});

describe('CVE-2026-53789, a sender that widens what --delete may look into', () => {
  const tree: readonly EntrySpec[] = [
    { path: 'keep', content: 'keep' },
    { path: 'dir/keep', content: 'keep' },
  ];
  const run = (asks: string[], entries: readonly Entry[], options: OptionsInput, compatFlags = 0x1fe) =>
    meet({ asks, tree, options: { deleteMode: 'default', ...options } }, async (peer) => {
      const protocol = options.protocol ?? 32;
      peer.isFramed = protocol >= 30;
      peer.serve(compatFlags, protocol);
      peer.data(protocol >= 30 ? list(entries) : legacyList(entries));
      await quiet(peer);
      peer.finish(0);
    });
  const expectKept = (met: Awaited<ReturnType<typeof run>>): void => {
    expect(deletedNames(met.events)).toEqual([]);
    // Without the end of the session it can only have failed.
    expect(met.error).toBeDefined();
    expectUntouched(met, ['here/a', 'here']);
  };

  it.each([true, false])(
    '`.` beside the directory that was asked for, incremental: %s',
    async (incRecurse) => {
      const entries = [DOT, { name: 'a', mode: DIRECTORY, flags: 0x01 }];
      expectKept(await run(['src/b', 'src/a'], entries, { incRecurse }, incRecurse ? 0x1ff : 0x1fe));
    },
  );
  it('`.` where a file was asked for', async () => {
    expectKept(await run(['src/f'], [DOT, { name: 'f', size: 5 }], { incRecurse: false }));
  });
  it('`.` where a file was asked for, protocol 29', async () => {
    expectKept(
      await run(['src/f'], [DOT, { name: 'f', size: 5 }], { protocol: 29, checksumChoice: undefined }),
    );
  });
  it('a root that is no directory', async () => {
    const met = await run(['src/'], [{ name: '.', flags: 0x04 }], {});
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /not a directory/);
  });
  it('parents that nobody asked for', async () => {
    const met = await run(['src/a/b'], [{ name: 'a', mode: DIRECTORY, flags: 0x01 }], {});
    expectRefusal(met, 'RSYNC_PROTOCOL', 4, /unrequested/);
  });
});

/** Entries as protocol 29 has them; only what the test above needs. */
function legacyList(entries: readonly Entry[]): Buffer {
  const parts = entries.map(({ name, mode = 0o100644, size = 0 }) =>
    join(
      [name === '.' ? 0x01 : 0x10, name.length],
      Buffer.from(name),
      int(size),
      int(1_000_000_000),
      int(mode),
    ),
  );
  return join(...parts, [0], int(0));
}

describe.each(['client', 'server'] as const)('CVE-2026-53792, blocks of no length: %s', (side) => {
  it.each([
    [1, 0, 0],
    [3, 0, 0],
    [1, 700, -1],
    [0x7fffffff, 0, 0],
  ])('count %i, length %i, remainder %i', async (count, blength, remainder) => {
    const head = sumHead(count, blength, 2, remainder);
    const options = { incRecurse: false };
    const ask = async (peer: ScriptedPeer, before: Uint8Array): Promise<void> => {
      peer.data(before, peer.index.encode(1), short(TRANSFER | IS_NEW), head, Buffer.alloc(600));
      await quiet(peer);
      peer.finish(0);
    };
    const met =
      side === 'client'
        ? await meet({ direction: 'push', tree: FILE, options }, (peer) => {
            peer.serve();
            return ask(peer, Buffer.alloc(0));
          })
        : await serve({ role: 'sender', tree: FILE, options }, (peer) => ask(peer, int(0)));
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /invalid (block|remainder) length/);
  });

  it('a remainder of 0 is a whole last block', async () => {
    const ask = async (peer: ScriptedPeer, before: Uint8Array): Promise<void> => {
      peer.data(
        before,
        peer.index.encode(1),
        short(TRANSFER | IS_NEW),
        sumHead(2, 700, 2, 0),
        Buffer.alloc(12),
      );
      await quiet(peer);
      peer.data([0, 0, 0, 0, 0]);
      peer.finish(0);
    };
    const options = { incRecurse: false };
    const met =
      side === 'client'
        ? await meet({ direction: 'push', tree: FILE, options }, (peer) => {
            peer.serve();
            return ask(peer, Buffer.alloc(0));
          })
        : await serve({ role: 'sender', tree: FILE, options }, (peer) => ask(peer, int(0)));
    expect(met.error).toBeUndefined();
    expect(met.peer.dataStream.includes(CONTENT)).toBe(true);
  });
});

it.each(['--max-alloc=0', '--max-alloc=99999999999G', '-M--max-alloc=0'])(
  'CVE-2026-53794, a bound that the peer takes away: %s is no word for a server of ours',
  (word) => {
    expect(() => parseServerCommand(['--server', '-r', word, '.', 'dst/'])).toThrow(
      expect.objectContaining({ name: 'RsyncError' }),
    );
  },
);

it.each(['--zt=100000', '--compress-threads=100000'])(
  'CVE-2026-70455, threads without number: %s is no word for a server of ours',
  (word) => {
    expect(() => parseServerCommand(['--server', '-rz', word, '.', 'dst/'])).toThrow(
      expect.objectContaining({ name: 'RsyncError' }),
    );
  },
);

describe('CVE-2026-70456, arguments without end, past the command line', () => {
  it.each([
    ['many', Buffer.from('a\0'.repeat(70_000))],
    ['one that is long', Buffer.alloc(4 << 20, 'a')],
  ])('%s', async (_name, bytes) => {
    const input = new PassThrough({ highWaterMark: 16 << 20 });
    input.write(bytes);
    await expect(readSecludedArguments(input)).rejects.toMatchObject({ code: 'RSYNC_LIMIT', exitCode: 22 });
  });

  it('none at all, and an end in the middle', async () => {
    for (const text of ['', 'rsync', 'rsync\0--server\0']) {
      const input = new PassThrough();
      input.end(text);
      await expect(readSecludedArguments(input)).rejects.toMatchObject({
        code: 'RSYNC_STREAM',
        exitCode: 12,
      });
    }
  });
});

it.each(['9'.repeat(400), '1e400', '0x7fffffffffffffffff', `${'1'.repeat(40)}K`, '-1', '1.9e99G', 'NaN'])(
  'CVE-2026-70457, a size that is none: %s',
  (size) => {
    for (const option of ['--block-size', '--bwlimit', '--max-delete']) {
      let value: unknown;
      try {
        value = parseServerCommand(['--server', '-r', `${option}=${size}`, '.', 'dst/']).options;
      } catch (error) {
        expect(error).toMatchObject({ name: 'RsyncError', exitCode: 1 });
        continue;
      }
      const {
        blockSize,
        bwlimit,
        maxDelete = 0,
      } = value as { blockSize: number; bwlimit: number; maxDelete?: number };
      for (const number of [blockSize, bwlimit, maxDelete]) expect(Number.isSafeInteger(number)).toBe(true);
      expect(blockSize).toBeLessThanOrEqual(1 << 29);
    }
  },
);

describe('CVE-2026-70458, hard links where none were asked for', () => {
  it.each([true, false])('entries that lead and follow a group, -H: %s', async (hardLinks) => {
    const met = await meet({ options: { hardLinks, incRecurse: false } }, async (peer) => {
      peer.serve();
      // `f` leads a group, `g` is of it; `d` is a directory that leads one; `h` is of a group of nobody.
      const lead = entry({ name: 'f', size: 1, flags: 0x1200 });
      const directory = entry({ name: 'd', mode: DIRECTORY, flags: 0x1200 });
      const follow = join(varint(0x0200), [1], Buffer.from('g'), varint(1));
      peer.data(entry(DOT), lead, follow, directory, join(varint(0x0200), [1], Buffer.from('h'), varint(77)));
      await quiet(peer);
      peer.finish(0);
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /hard-link reference 77/);
  });
});

it('CVE-2026-70459, a list of a directory where there is none', async () => {
  for (const index of [0, 1, 5, 0x7fffff00]) {
    const met = await meet({ asks: ['src/f'], options: { recursive: true } }, async (peer) => {
      peer.serve(0x1ff);
      peer.data(list([{ name: 'f', size: 5 }]), peer.index.encode(-101 - index), list([{ name: 'x' }]));
      await quiet(peer);
      peer.finish(0);
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 2, /sub-list for directory \d+ of 0|index -\d+/);
  }
});

it('CVE-2026-70461, backslashes within and at the end of a name that is asked for', () => {
  for (const name of ['a\\b\\', '\\', '\\\\', 'a\\', 'a*\\b\\', '[\\', '*\\', `${'\\'.repeat(4095)}`]) {
    const asked = new RequestedNames([name, `dir/${name}`], {
      relative: true,
      recursive: false,
      dirs: false,
    });
    expect(asked.verdict('other', false)).toBe('refused');
  }
  const asked = new RequestedNames(['a\\b\\'], { relative: false, recursive: false, dirs: false });
  expect(asked.verdict('a\\b\\', false)).toBe('allowed');
});

it('CVE-2026-70462, a time-out that a peer takes away: no message makes it longer, or none', () => {
  const lowered: number[] = [];
  const wire = { onMessage: (_code: number, _payload: Uint8Array): void => {} };
  const link = { lowerTimeout: (seconds: number) => lowered.push(seconds) };
  const ctx = { wire, isServer: false };
  handleMessages(ctx as never, link as never, false);
  for (const seconds of [0, -1, -(2 ** 31), 2 ** 31 - 1, 86_401])
    wire.onMessage(MSG.IO_TIMEOUT, int(seconds));
  expect(lowered).toEqual([]);
  wire.onMessage(MSG.IO_TIMEOUT, int(20));
  expect(lowered).toEqual([20]);
  handleMessages({ ...ctx, isServer: true } as never, link as never, false);
  expect(() => wire.onMessage(MSG.IO_TIMEOUT, int(20))).toThrow(/time-out message from a client/);
});

// Node 20 has no zstd, and offers none.
it.skipIf(!('zstdCompressSync' in zlib))('a zstd window of 2 GiB is refused by its header', async () => {
  // Frame header: no single segment, window descriptor 31 - 10 << 3.
  const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00]);
  const options: OptionsInput = { incRecurse: false, compress: true, compressChoice: 'zstd' };
  const met = await meet({ options }, async (peer) => {
    peer.serve();
    peer.data(list([DOT, { name: 'f', size: 5 }]));
    await quiet(peer);
    const data = join([0x40, frame.length], frame);
    peer.data(peer.index.encode(1), short(TRANSFER | IS_NEW), sumHead(), data, [0]);
    await quiet(peer);
    peer.finish(0);
  });
  expectRefusal(met, 'RSYNC_STREAM', 12, /zstd/, ['here/f']);
});
