import { describe, expect, it } from 'vitest';
import type { ChecksumName, CompressorName } from '../../src/core/algorithms.ts';
import {
  clientHandshake,
  type HandshakeTerms,
  type ServerTerms,
  serverHandshake,
} from '../../src/protocol/handshake.ts';
import { CF, type Negotiated } from '../../src/protocol/negotiated.ts';
import { Wire } from '../../src/protocol/wire.ts';
import { int, join, varint, vstring } from '../support/scripted-peer.ts';

const CHECKSUMS: readonly ChecksumName[] = ['xxh128', 'xxh3', 'xxh64', 'md5', 'md4', 'sha1'];
const COMPRESSORS: readonly CompressorName[] = ['zstd', 'lz4', 'zlibx', 'zlib'];
const LETTERS = '.iLsfxCIvu';

const terms = (some: Partial<ServerTerms> = {}): ServerTerms => ({
  protocol: 32,
  capabilities: LETTERS,
  checksumChoice: undefined,
  checksums: CHECKSUMS,
  compress: false,
  compressChoice: undefined,
  compressors: COMPRESSORS,
  mayRecurseIncrementally: true,
  checksumSeed: 7,
  ...some,
});

/** Two wires with nothing between them; `log` holds what the first has written. */
function connected(): { client: Wire; server: Wire; fromClient: Buffer[]; fromServer: Buffer[] } {
  const fromClient: Buffer[] = [];
  const fromServer: Buffer[] = [];
  const side = (log: Buffer[], other: () => Wire): Wire =>
    new Wire({
      write: (bytes) => {
        const copy = Buffer.from(bytes);
        log.push(copy);
        queueMicrotask(() => other().receive(copy));
        return true;
      },
      pause: () => {},
    });
  const client: Wire = side(fromClient, () => server);
  const server: Wire = side(fromServer, () => client);
  return { client, server, fromClient, fromServer };
}

async function agree(client: HandshakeTerms, server: ServerTerms): Promise<[Negotiated, Negotiated, string]> {
  const ends = connected();
  const [a, b] = await Promise.all([
    clientHandshake(ends.client, client),
    serverHandshake(ends.server, server),
  ]);
  return [a, b, Buffer.concat(ends.fromClient).toString('hex')];
}

/** A handshake with bytes from a script; also what the client wrote. */
async function against(
  bytes: Uint8Array,
  some: Partial<ServerTerms> = {},
): Promise<{ got: Negotiated; wrote: Buffer }> {
  const wrote: Buffer[] = [];
  const wire = new Wire({
    write: (chunk) => {
      wrote.push(Buffer.from(chunk));
      return true;
    },
    pause: () => {},
  });
  wire.receive(bytes);
  wire.receiveEnd();
  wire.onEnd = () => new Error('early end');
  const got = await clientHandshake(wire, terms(some));
  expect(wire.reader.remaining).toBe(0);
  return { got, wrote: Buffer.concat(wrote) };
}

describe('client and server', () => {
  const versions = [29, 30, 31, 32];

  it.each(versions)(
    'start from protocol %i, which the greetings of a daemon have agreed on',
    async (agreedProtocol) => {
      const [a, b, written] = await agree(terms({ agreedProtocol }), terms({ agreedProtocol }));
      expect([a.protocol, b.protocol]).toEqual([agreedProtocol, agreedProtocol]);
      // No version int: the answer to the list of checksums is all.
      expect(written).toBe(agreedProtocol >= 30 ? vstring('xxh128').toString('hex') : '');
    },
  );
  const pairs = versions.flatMap((a) => versions.map((b): [number, number] => [a, b]));

  it.each(pairs)('a client of %i and a server of %i', async (a, b) => {
    for (const capabilities of ['', '.L', '.LsfxCIvu', LETTERS]) {
      for (const compress of [false, true]) {
        for (const checksumChoice of [undefined, ['sha1', 'md5'] as const]) {
          const some = { capabilities, compress, checksumChoice };
          const [x, y] = await agree(terms({ ...some, protocol: a }), terms({ ...some, protocol: b }));
          expect(y).toEqual(x);
          const protocol = Math.min(a, b);
          const negotiates = protocol >= 30 && capabilities.includes('v');
          expect(x).toMatchObject({
            protocol,
            checksumSeed: 7,
            incRecurse: protocol >= 30 && capabilities.includes('i'),
            usesVarintFlags: negotiates,
            safeFlist: protocol >= 31 || (protocol === 30 && capabilities.includes('f')),
            hasDeleteStats: protocol >= 31,
            framesClient: protocol >= 30,
            compressor: compress ? (negotiates ? 'zstd' : 'zlib') : 'none',
            classicMd4: protocol === 29 && checksumChoice === undefined,
            transferChecksum:
              checksumChoice?.[0] ?? (negotiates ? 'xxh128' : protocol === 29 ? 'md4' : 'md5'),
          });
        }
      }
    }
  });

  it('incremental recursion needs both', async () => {
    for (const [capabilities, may] of [
      [LETTERS, false],
      ['.Lfv', true],
    ] as const) {
      const [x] = await agree(terms({ capabilities }), terms({ capabilities, mayRecurseIncrementally: may }));
      expect(x.incRecurse).toBe(false);
    }
  });

  it('a seed of the server: as asked for, or a random one that is not 0', async () => {
    const [x] = await agree(terms(), terms({ checksumSeed: -5 }));
    expect(x.checksumSeed).toBe(-5);
    const seeds = new Set<number>();
    for (let k = 0; k < 5; k++) seeds.add((await agree(terms(), terms({ checksumSeed: 0 })))[0].checksumSeed);
    expect(seeds.has(0)).toBe(false);
    expect(seeds.size).toBeGreaterThan(1);
  });

  it('no common checksum, no common compressor: both ends with 4', async () => {
    const ends = connected();
    const server = serverHandshake(ends.server, terms({ checksums: ['md4'] }));
    server.catch(() => {});
    await expect(clientHandshake(ends.client, terms({ checksums: ['md5'] }))).rejects.toMatchObject({
      code: 'RSYNC_UNSUPPORTED',
      exitCode: 4,
      hint: expect.stringContaining('md5'),
    });
  });
});

describe('the rules of choice', () => {
  /** A client of 3.2 to 3.4 or of 3.5: it sends its whole list and takes its own first name that the server has. */
  async function serverAgainst(list: string): Promise<string> {
    const { client, server } = connected();
    const serving = serverHandshake(server, terms());
    client.writer.bytes(join(int(32), vstring(list)));
    client.flush();
    await client.read((r) => r.int());
    await client.read((r) => r.varint());
    const offered = await client.read((r) => Buffer.from(r.vstring()).toString());
    const { transferChecksum } = await serving;
    const own = list
      .toLowerCase()
      .split(' ')
      .find((name) => offered.split(' ').includes(name));
    // Whatever the client prefers is what our server takes: the old rule, which the new one agrees with.
    expect(transferChecksum).toBe(own);
    return transferChecksum;
  }

  it('our server follows the order of the client', async () => {
    expect(await serverAgainst('xxh128 xxh3 xxh64 md5 md4 sha1')).toBe('xxh128');
    expect(await serverAgainst('md5 xxh64')).toBe('md5');
    expect(await serverAgainst('crc32 sha1 md5')).toBe('sha1');
    expect(await serverAgainst('MD5 xxh64')).toBe('md5');
  });

  /** Our client is misread by neither rule: it names one checksum, of those that the server offered. */
  it.each([
    ['xxh128 xxh3 xxh64 md5 md4 sha1 none', 'xxh128'],
    ['md5 xxh64 md4 none', 'xxh64'],
    ['sha1 md4', 'md4'],
    ['xxhash md5', 'xxh64'],
    ['XXH3 future', 'xxh3'],
  ])('our client answers "%s" with %s alone', async (offered, chosen) => {
    const { got, wrote } = await against(join(int(32), varint(0x1fe), vstring(offered), int(1)));
    expect(got.transferChecksum).toBe(chosen);
    expect(wrote.toString('hex')).toBe(join(int(32), vstring(chosen)).toString('hex'));
  });

  it('both lists are read before either is answered', async () => {
    const bytes = join(int(32), varint(0x1fe), vstring('md5'), vstring('zlib zlibx none'), int(1));
    const { got, wrote } = await against(bytes, { compress: true });
    expect(got).toMatchObject({ transferChecksum: 'md5', compressor: 'zlibx' });
    expect(wrote.toString('hex')).toBe(join(int(32), vstring('md5'), vstring('zlibx')).toString('hex'));
  });

  it('what is named by option is not negotiated', async () => {
    const { got, wrote } = await against(join(int(32), varint(0x1fe), int(1)), {
      compress: true,
      compressChoice: 'lz4',
      checksumChoice: ['md4', 'xxh3'],
    });
    expect(got).toMatchObject({
      transferChecksum: 'md4',
      listChecksum: 'xxh3',
      compressor: 'lz4',
      classicMd4: false,
    });
    expect(wrote.length).toBe(4);
  });
});

describe('captured starts of servers', () => {
  // Release, bytes, what they mean: docs/protocol/1-session.md, 1.4.
  it.each([
    ['3.0.0', 30, '03', CF.INC_RECURSE | CF.SYMLINK_TIMES],
    ['3.1.0', 31, '0f', 0x0f],
    ['3.1.3', 31, '3f', 0x3f],
  ])('%s', async (_release, protocol, flags, value) => {
    const bytes = join(int(protocol), Buffer.from(flags, 'hex'), int(123456));
    const { got } = await against(bytes);
    expect(got).toMatchObject({
      protocol,
      compatFlags: value,
      checksumSeed: 123456,
      transferChecksum: 'md5',
    });
    expect(got.md5SeedFirst).toBe((value & CF.CHKSUM_SEED_FIX) !== 0);
  });

  it.each([
    ['3.2.0', '80ff', 0xff],
    ['3.5.0', '81ff', 0x1ff],
  ])('%s', async (_release, flags, value) => {
    const bytes = join(int(32), Buffer.from(flags, 'hex'), vstring('md5'), int(1));
    expect((await against(bytes)).got).toMatchObject({ compatFlags: value, hasId0Names: value > 0xff });
  });

  it('protocol 29 has neither flags nor lists', async () => {
    const { got } = await against(join(int(29), int(-1)));
    expect(got).toMatchObject({ protocol: 29, compatFlags: 0, checksumSeed: -1, classicMd4: true });
  });

  it('a peer that claims 40 speaks 32', async () => {
    const { got } = await against(join(int(40), varint(0x1fe), vstring('md5'), int(1)));
    expect(got.protocol).toBe(32);
  });

  it('every truncated prefix is an early end', async () => {
    const bytes = join(int(32), varint(0x1ff), vstring('md5 md4'), vstring('zlibx zlib'), int(1));
    for (let length = 0; length < bytes.length; length++) {
      await expect(against(bytes.subarray(0, length), { compress: true })).rejects.toThrow('early end');
    }
    await against(bytes, { compress: true });
  });
});
