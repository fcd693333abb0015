/** Peers that want memory, time or depth: docs/security.md. No clock decides here, but bytes and counts. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import type { OptionsInput } from '../../src/options/resolve.ts';
import { runPair, Workspace } from '../support/pair.ts';
import {
  DIRECTORY,
  DOT,
  entry,
  frame,
  IS_NEW,
  int,
  join,
  list,
  literal,
  md5,
  REGULAR,
  type ScriptedPeer,
  short,
  sumHead,
  TAG,
  TRANSFER,
} from '../support/scripted-peer.ts';
import { type EntrySpec, isRoot } from '../support/tree.ts';
import { expectRefusal, meet, spaces } from './hostile.ts';
import { quiet, serve } from './hostile-client.ts';

afterEach(() => {
  for (const space of spaces.splice(0)) space.remove();
});

/** Bytes of this process beside code: what a flood could fill. */
function held(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const onWindows = process.platform === 'win32';
const MANY = 32;
const GROWTH = 48 << 20;

/** Says the same 64 KiB and more again and again, no faster than it is taken. */
async function flood(peer: ScriptedPeer, piece: Buffer): Promise<number> {
  const bytes = Buffer.concat(Array.from({ length: Math.ceil(65_536 / piece.length) }, () => piece));
  const before = held();
  let grown = 0;
  for (let times = 0; times < MANY; times++) {
    if (!peer.raw(bytes)) await peer.drained();
    grown = Math.max(grown, held() - before);
  }
  return grown;
}

describe.each(['client', 'server'] as const)('floods of messages: %s', (side) => {
  it.each([
    ['keep-alives', frame(TAG.DATA, [])],
    ['NOOP', frame(TAG.NOOP, [])],
    ['SUCCESS of files', frame(TAG.SUCCESS, int(1))],
    ['names that were deleted', frame(TAG.DELETED, Buffer.alloc(4000, 'x'))],
  ])('%s take no memory', async (_name, piece) => {
    let grown = Number.POSITIVE_INFINITY;
    const script = async (peer: ScriptedPeer): Promise<void> => {
      grown = await flood(peer, piece);
      await quiet(peer);
      peer.finish(0);
    };
    const met =
      side === 'client'
        ? await meet({}, (peer) => {
            peer.serve();
            return script(peer);
          })
        : await serve({ role: 'receiver' }, script);
    expect(met.error).toMatchObject({ code: 'RSYNC_STREAM', exitCode: 12 });
    expect(grown).toBeLessThan(GROWTH);
  });
});

it('a client that tells a server of deletions, and takes nothing: nothing is sent back', async () => {
  let waiting = Number.POSITIVE_INFINITY;
  const met = await serve({ role: 'sender' }, async (peer) => {
    peer.data(int(0));
    await quiet(peer);
    peer.stopListening();
    await flood(peer, frame(TAG.DELETED, Buffer.alloc(4000, 'x')));
    for (let turns = 0; turns < 100; turns++) await new Promise(setImmediate);
    waiting = peer.channel.output.writableLength;
    peer.finish(0);
    peer.cut();
  });
  expect(met.error?.exitCode).toBe(12);
  expect(waiting).toBeLessThan(1 << 16);
  expect(met.events.filter(({ type }) => type === 'deleted')).toEqual([]);
});

describe('a reader that takes nothing', () => {
  const SIZE = 64 << 20;
  const tree: readonly EntrySpec[] = [{ path: 'f', sparse: { size: SIZE, extents: [] } }];
  const options: OptionsInput = { incRecurse: false, wholeFile: true, progress: true };

  it.each(['client', 'server'] as const)('slows the %s down: the file is not read ahead', async (side) => {
    let read = 0;
    const ask = async (peer: ScriptedPeer, before: Uint8Array): Promise<void> => {
      peer.data(before, peer.index.encode(1), short(TRANSFER | IS_NEW), sumHead());
      // The first bytes are taken, so that it is known to send.
      while (!peer.bytes.includes(short(TRANSFER | IS_NEW))) await new Promise(setImmediate);
      peer.stopListening();
      for (let turns = 0; turns < 3000; turns++) await new Promise(setImmediate);
      peer.cut();
    };
    const onEvent = (event: { type: string; done?: number }): void => {
      if (event.type === 'progress') read = Math.max(read, event.done ?? 0);
    };
    const met =
      side === 'client'
        ? await meet({ direction: 'push', tree, options, onEvent }, (peer) => {
            peer.serve();
            return ask(peer, Buffer.alloc(0));
          })
        : await serve({ role: 'sender', tree, options, onEvent }, (peer) => ask(peer, int(0)));
    // 255 is how a remote shell ends that has lost its connection.
    expect([12, 255]).toContain(met.error?.exitCode);
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(2 * LIMITS.OUTPUT_HIGH_WATER + (4 << 20));
  });
});

describe('lists', () => {
  it('a list without end is held in about 100 bytes an entry', async () => {
    const COUNT = 200_000;
    let grown = Number.POSITIVE_INFINITY;
    const met = await meet({ options: { listOnly: true, incRecurse: false } }, async (peer) => {
      peer.serve();
      peer.data(entry(DOT));
      const before = held();
      for (let first = 0; first < COUNT; first += 1000) {
        const part = Array.from({ length: 1000 }, (_, k) => entry({ name: `name-${first + k}`, size: 1 }));
        if (!peer.data(...part)) await peer.drained();
      }
      await quiet(peer);
      globalThis.gc?.();
      grown = held() - before;
      peer.finish(0);
    });
    expect(met.error?.exitCode).toBe(12);
    expect(grown / COUNT).toBeLessThan(400);
  });

  it('sums that are announced by the million for a small file are held as they come, not before', async () => {
    let grown = Number.POSITIVE_INFINITY;
    const met = await serve({ role: 'sender', tree: [{ path: 'f', content: 'tiny' }] }, async (peer) => {
      const before = process.memoryUsage().arrayBuffers;
      peer.data(int(0), peer.index.encode(2), short(TRANSFER | IS_NEW), sumHead(50_000_000, 700, 16, 0));
      for (let k = 0; k < 10; k++) if (!peer.data(Buffer.alloc(20_000))) await peer.drained();
      await quiet(peer);
      grown = process.memoryUsage().arrayBuffers - before;
      peer.finish(0);
    });
    expect(met.error?.exitCode).toBe(12);
    expect(grown).toBeLessThan(16 << 20);
  });

  it.skipIf(onWindows)('a tree of 1000 levels is sent, made and cleaned', async () => {
    const space = new Workspace();
    spaces.push(space);
    const src = space.make('src', []);
    const dst = space.make('dst', [{ path: 'a/surplus', content: 'surplus' }]);
    const cwd = process.cwd();
    try {
      process.chdir(src);
      for (let level = 0; level < 1000; level++) {
        mkdirSync('a');
        process.chdir('a');
      }
      writeFileSync('bottom', 'deep');
    } finally {
      process.chdir(cwd);
    }
    const options: OptionsInput = { recursive: true, times: true, deleteMode: 'default' };
    const { result } = await runPair({ direction: 'push', options, sources: [`${src}/`], destination: dst });
    expect(result).toMatchObject({ exitCode: 0, stats: { transferredFiles: 1, deleted: { total: 1 } } });
  });

  it.skipIf(onWindows)(
    'a path of 4095 bytes is taken as far as the system takes it, one of 4096 is refused',
    async () => {
      const component = 'n'.repeat(254);
      const path = Array.from({ length: 16 }, () => component).join('/');
      const directories = path.split('/').map((_, k, all) => ({
        name: all.slice(0, k + 1).join('/'),
        mode: DIRECTORY,
      }));
      const name = `${path}/${'x'.repeat(4095 - path.length - 1)}`;
      const met = await meet({ options: { incRecurse: false } }, async (peer) => {
        peer.serve();
        peer.data(list([DOT, ...directories, { name, size: 4 }]));
        await quiet(peer);
        const reply = join(short(TRANSFER | IS_NEW), sumHead(), literal(Buffer.from('deep')), int(0));
        peer.data(peer.index.encode(17), reply, md5(Buffer.from('deep')));
        await quiet(peer);
        peer.finish(0);
      });
      expect(met.error).toMatchObject({ code: 'RSYNC_STREAM', exitCode: 12 });
      const cwd = process.cwd();
      process.chdir(met.space.at('here'));
      try {
        for (const part of path.split('/')) process.chdir(part);
        expect(statSync(name.slice(path.length + 1)).size).toBe(4);
      } finally {
        process.chdir(cwd);
        // Longer than any path may be, with what is above it: only a program that goes down step by step gets there.
        spawnSync('rm', ['-rf', met.space.at('here')]);
      }
      const longer = await meet({}, (peer) => {
        peer.serve();
        peer.data(list([DOT, { name: `${name}x` }]));
      });
      expectRefusal(longer, 'RSYNC_LIMIT', 22, /name of 4096 bytes/);
    },
  );
});

describe.each(['client', 'server'] as const)('kinds and modes that were not asked for: %s', (side) => {
  const receive = async (options: OptionsInput, entries: Parameters<typeof list>[0]) => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      peer.data(list(entries));
      await quiet(peer);
      peer.finish(0);
    };
    const all = { incRecurse: false, ...options };
    return side === 'client'
      ? meet({ options: all }, (peer) => {
          peer.serve();
          return script(peer);
        })
      : serve({ role: 'receiver', options: all }, script);
  };

  it('devices, fifos and sockets without -D', async () => {
    const kinds = [0o020666, 0o060666, 0o010666, 0o140666];
    const met = await receive({}, [DOT, ...kinds.map((mode, k) => ({ name: `n${k}`, mode }))]);
    expect(met.error?.exitCode).toBe(12);
    for (const [k] of kinds.entries())
      expect(statSync(met.space.at(`here/n${k}`), { throwIfNoEntry: false })).toBeUndefined();
  });

  it('set-id and sticky bits without -p, on directories too', async () => {
    const met = await receive({}, [
      DOT,
      { name: 'd', mode: DIRECTORY | 0o6000 },
      { name: 'e', mode: 0o041777 },
    ]);
    expect(statSync(met.space.at('here/d')).mode & 0o7000).toBe(0);
    expect(statSync(met.space.at('here/e')).mode & 0o7000).toBe(0);
  });

  it.skipIf(!isRoot)('owners without -o and -g', async () => {
    const met = await receive({}, [DOT, { name: 'd', mode: DIRECTORY }]);
    const { uid, gid } = statSync(met.space.at('here/d'));
    expect([uid, gid]).toEqual([process.getuid!(), process.getgid!()]);
  });

  it('the same name many times: once as a directory, once as a file', async () => {
    const twice = Array.from({ length: 500 }, (_, k) => ({
      name: 'x',
      mode: k % 2 === 0 ? DIRECTORY : REGULAR,
      size: 5,
    }));
    const met = await receive({}, [DOT, ...twice]);
    expect(met.error).toMatchObject({ code: 'RSYNC_STREAM', exitCode: 12 });
    expect(statSync(met.space.at('here/x')).isDirectory()).toBe(true);
  });
});
