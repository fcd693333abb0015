/** Vulnerabilities of rsync that were published in 2024 and before: docs/security.md. */
import { lstatSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { loadHashes } from '../../src/delta/hashes.ts';
import { rollingSum } from '../../src/delta/rolling.ts';
import { strongSum } from '../../src/delta/strong.ts';
import { snapshot, type Workspace } from '../support/pair.ts';
import {
  DIRECTORY,
  DOT,
  IS_NEW,
  int,
  join,
  list,
  literal,
  md5,
  type ScriptedPeer,
  SYMLINK,
  short,
  statistics,
  sumHead,
  TRANSFER,
  vstring,
} from '../support/scripted-peer.ts';
import { compareTrees, noise } from '../support/tree.ts';
import { expectRefusal, meet, spaces } from './hostile.ts';
import { quiet, serve } from './hostile-client.ts';

afterEach(() => {
  for (const space of spaces.splice(0)) space.remove();
});

const F = { path: 'f', content: noise(1400, 3) };

/** A request for the first file of a list with `.`, and the phases after it. */
const request = (peer: ScriptedPeer, head: Uint8Array, iflags = TRANSFER | IS_NEW): Buffer =>
  join(peer.index.encode(1), short(iflags), head);

/** Our side as the sender, asked with these bytes: as the client, and as the server. */
const SENDERS = {
  client: (options: object, ask: (peer: ScriptedPeer) => Uint8Array) =>
    meet({ direction: 'push', tree: [F], options }, async (peer) => {
      peer.serve();
      peer.data(ask(peer));
      await quiet(peer);
      peer.data([0, 0, 0, 0, 0]);
      peer.finish(0);
    }),
  server: (options: object, ask: (peer: ScriptedPeer) => Uint8Array) =>
    serve({ role: 'sender', tree: [F], options }, async (peer) => {
      peer.data(int(0), ask(peer));
      await quiet(peer);
      peer.data([0, 0, 0, 0, 0]);
      peer.finish(0);
    }),
} as const;

describe.each(['client', 'server'] as const)(
  'CVE-2024-12084, checksum lengths beyond the digest: %s',
  (side) => {
    it.each([
      ['md5', 17],
      ['xxh64', 17],
      ['sha1', 21],
      ['md5', 64],
      ['md5', 0x7fffffff],
      ['md5', -1],
    ])('%s, s2length %i', async (checksumChoice, s2length) => {
      const met = await SENDERS[side]({ checksumChoice, incRecurse: false }, (peer) =>
        request(peer, sumHead(2, 700, s2length, 0)),
      );
      expectRefusal(met, 'RSYNC_PROTOCOL', 2, /invalid checksum length/);
    });
  },
);

describe.each(['client', 'server'] as const)('CVE-2024-12085, comparing beyond the digest: %s', (side) => {
  it('what is announced beyond the 8 bytes of a digest decides nothing', async () => {
    await loadHashes(7);
    const ctx = { name: 'xxh64', seed: 7, classicMd4: false, md5SeedFirst: true } as const;
    const answers: string[] = [];
    for (const beyond of [0x00, 0x5a, 0xff]) {
      const sums = [0, 1].map((k) => {
        const block = F.content.subarray(k * 700, (k + 1) * 700);
        return join(int(rollingSum(block)), strongSum(ctx, block).subarray(0, 8), Buffer.alloc(8, beyond));
      });
      const options = { checksumChoice: 'xxh64', checksumSeed: 7, incRecurse: false };
      const met = await SENDERS[side](options, (peer) =>
        request(peer, join(sumHead(2, 700, 16, 0), ...sums)),
      );
      expect(met.error).toBeUndefined();
      const stream = met.peer.dataStream;
      // Both blocks are matched, in whatever way the rest of their sums was filled.
      expect(stream.includes(join(int(-1), int(-2), int(0)))).toBe(true);
      const at = stream.indexOf(sumHead(2, 700, 8, 0));
      // Head, three tokens, digest.
      answers.push(stream.subarray(at, at + 16 + 12 + 8).toString('hex'));
    }
    expect(new Set(answers).size).toBe(1);
  });
});

describe('CVE-2024-12086, a server that wants to learn of other files of the client', () => {
  it('another basis, or one outside, that a reply names is not read', async () => {
    for (const [basis, xname] of [
      [0x83, '../outside/secret'],
      [0x83, '/etc/passwd'],
      [0x00, 'f'],
      [0x82, 'f~'],
      [0x7f, ''],
    ] as const) {
      const old = noise(1500, 9);
      const met = await meet(
        { tree: [{ path: 'f', content: old }], options: { incRecurse: false } },
        async (peer) => {
          peer.serve();
          peer.data(list([DOT, { name: 'f', size: 1500 }]));
          await quiet(peer);
          const head = join(peer.index.encode(1), short(TRANSFER | 0x0800 | 0x1000), [basis], vstring(xname));
          peer.data(head, sumHead(3, 700, 2, 100), int(-1), int(-2), int(-3), int(0), md5(old));
          peer.data([0]);
          await quiet(peer);
          peer.data([0]);
          await quiet(peer);
          peer.data([0], statistics(), [0]);
          await quiet(peer);
          peer.finish(0);
        },
      );
      // The blocks are those of the file itself, the one that was asked with.
      expect(met.result?.exitCode, `${basis} ${xname}`).toBe(0);
      expect(readFileSync(met.space.at('here/f')).equals(old)).toBe(true);
    }
  });
});

describe('CVE-2024-12087, a symlink in place of a directory of another list', () => {
  const evil = async (peer: ScriptedPeer): Promise<void> => {
    const dir = { name: 'd', mode: DIRECTORY };
    const lead = { name: 'd', mode: SYMLINK, target: '../outside' };
    // Indexes: `.` 1, `d` 2; the second list of `.` has 4; that of `d` has 6.
    peer.data(list([DOT, dir]));
    await quiet(peer);
    peer.data(peer.index.encode(-101), list([lead]));
    await quiet(peer);
    peer.data(peer.index.encode(-102), list([{ name: 'd/evil', size: 4 }]), peer.index.encode(-2));
    await quiet(peer);
    const reply = join(short(TRANSFER | IS_NEW), sumHead(), literal(Buffer.from('evil')), int(0));
    peer.data(peer.index.encode(6), reply, md5(Buffer.from('evil')));
    await quiet(peer);
    peer.finish(0);
  };

  const expectInside = (met: { space: Workspace; before: ReturnType<typeof snapshot> }): void => {
    const after = snapshot(met.space.at('outside'));
    const before = new Map([...met.before].filter(([name]) => name.startsWith('outside/')));
    expect(
      compareTrees(before, new Map([...after].map(([k, v]) => [`outside/${k}`, v])), {
        skip: (name) => name === 'outside/.',
      }),
    ).toEqual([]);
  };

  it('client', async () => {
    const met = await meet({ options: { times: true } }, (peer) => {
      peer.serve(0x1ff);
      return evil(peer);
    });
    expectInside(met);
    expect(met.error?.exitCode ?? met.result?.exitCode).not.toBe(0);
  });

  it('server', async () => {
    const met = await serve({ role: 'receiver', options: { times: true } }, evil);
    expectInside(met);
    expect(met.exitCode).not.toBe(0);
  });
});

describe.each(['client', 'server'] as const)(
  'CVE-2024-12747, a symlink in place of a file that is sent: %s',
  (side) => {
    it.each(['the file', 'its directory'])('%s', async (what) => {
      const tree = [F, { path: 'd/f', content: 'harmless' }];
      const swap = (space: Workspace): void => {
        const name = what === 'the file' ? 'here/d/f' : 'here/d';
        rmSync(space.at(name), { recursive: true });
        symlinkSync(space.at(what === 'the file' ? 'outside/secret' : 'outside'), space.at(name));
      };
      // Indexes of the whole list: `.` 0, `f` 1, `d` 2, `d/f` 3.
      const ask = async (peer: ScriptedPeer, space: Workspace, ...before: Uint8Array[]): Promise<void> => {
        peer.data(...before);
        await quiet(peer);
        space.make('outside', [{ path: 'f', content: 'secret' }]);
        swap(space);
        peer.data(peer.index.encode(3), short(TRANSFER | IS_NEW), sumHead());
        await quiet(peer);
        peer.data([0, 0, 0, 0, 0]);
        peer.finish(0);
      };
      const options = { incRecurse: false, times: true };
      const met =
        side === 'client'
          ? await meet({ direction: 'push', tree, options }, (peer, space) => {
              peer.serve();
              return ask(peer, space);
            })
          : await serve({ role: 'sender', tree, options }, (peer, space) => ask(peer, space, int(0)));
      expect(lstatSync(met.space.at(what === 'the file' ? 'here/d/f' : 'here/d')).isSymbolicLink()).toBe(
        true,
      );
      expect(met.peer.dataStream.includes('secret')).toBe(false);
      expect('exitCode' in met ? met.exitCode : met.result?.exitCode).toBe(what === 'the file' ? 23 : 24);
    });
  },
);

it('CVE-2022-29154, names that nobody asked for: also below a name that was, and with wildcards', async () => {
  for (const [asks, name] of [
    [['src/a'], 'b'],
    [['src/a'], 'a2'],
    [['src/*.txt'], 'x.sh'],
    [['src/a', 'src/b'], 'ab'],
  ] as const) {
    const met = await meet({ asks }, (peer) => {
      peer.serve();
      peer.data(list([{ name }]));
    });
    expectRefusal(met, 'RSYNC_PROTOCOL', 4, /rejecting unrequested file-list name/);
  }
});
