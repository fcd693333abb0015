import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kindOf, type Tree, type TreeEntry } from '../../../src/sync/project/tree.ts';
import { BaseDecoder, BaseEncoder, DamagedBase } from '../../../src/sync/state/base-codec.ts';
import { readBase, writeBase } from '../../../src/sync/state/base-list.ts';
import { temporaryFolder } from '../../support/peers.ts';

const byte = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code));
const component = fc.string({ unit: byte, minLength: 1, maxLength: 6 }).filter((s) => !/\/|^\.\.?$/.test(s));
const path = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const permissions = fc.integer({ min: 0, max: 0o7777 });
const plain = { size: 0, mtime: 0, mtimeNsec: 0 };
const entry: fc.Arbitrary<TreeEntry> = fc.oneof(
  fc
    .record({
      size: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      mtime: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      micros: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999 })),
      mode: permissions,
    })
    .map(({ size, mtime, micros, mode }) => ({
      kind: 'file' as const,
      size,
      mtime,
      mtimeNsec: micros * 1000,
      mode: 0o100000 | mode,
    })),
  permissions.map((mode) => ({ kind: 'directory' as const, ...plain, mode: 0o40000 | mode })),
  fc
    .string({ unit: byte, maxLength: 9 })
    .map((target) => ({ kind: 'symlink' as const, ...plain, mode: 0o120777, target })),
  fc
    .constantFrom(0o10644, 0o20600, 0o60600, 0o140777)
    .map((mode) => ({ kind: kindOf(mode), ...plain, mode })),
);
const tree: fc.Arbitrary<Tree> = fc
  .array(fc.tuple(path, entry), { maxLength: 20 })
  .map((all) => new Map(all));

function encode(all: Tree): Buffer {
  const encoder = new BaseEncoder();
  const chunks: Buffer[] = [];
  for (const name of [...all.keys()].sort()) {
    const chunk = encoder.add(name, all.get(name)!);
    if (chunk !== undefined) chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat([...chunks, encoder.end()]);
}

function decode(chunks: Iterable<Buffer>): { found: Tree; complete: boolean } {
  const found: Tree = new Map();
  const decoder = new BaseDecoder((name, each) => found.set(name, each));
  for (const chunk of chunks) decoder.feed(chunk);
  return { found, complete: decoder.complete };
}

const SOME: Tree = new Map([
  ['src', { kind: 'directory', ...plain, mode: 0o40755 }],
  ['src/a.ts', { kind: 'file' as const, size: 300, mtime: 1_700_000_000, mtimeNsec: 5_000, mode: 0o100644 }],
  ['src/b.ts', { kind: 'file' as const, size: 5, mtime: 1_700_000_001, mtimeNsec: 0, mode: 0o100644 }],
  ['src/l', { kind: 'symlink', ...plain, mode: 0o120777, target: 'a.ts' }],
]);

describe('entries of a base as bytes', () => {
  it('come back from any tree, cut into chunks anywhere', () => {
    fc.assert(
      fc.property(tree, fc.integer({ min: 1, max: 40 }), (all, size) => {
        const bytes = encode(all);
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, k) =>
          bytes.subarray(k * size, (k + 1) * size),
        );
        expect(decode(chunks)).toEqual({ found: all, complete: true });
      }),
    );
  });

  it('are known to be incomplete at every truncated prefix', () => {
    const bytes = encode(SOME);
    for (let length = 0; length < bytes.length; length++) {
      expect([length, decode([bytes.subarray(0, length)]).complete]).toEqual([length, false]);
    }
  });

  it('take few bytes: what a path shares with the one before is not repeated', () => {
    // 4 for the directory and its mode, 22 for a.ts, 9 for b.ts, 11 for the symlink, 1 for the end.
    expect(encode(SOME).length).toBeLessThan(55);
  });

  it('that a damaged or hostile file has are refused, before anything is held', () => {
    const refused = (...bytes: number[]) => {
      try {
        decode([Buffer.from(bytes)]);
      } catch (error) {
        if (error instanceof DamagedBase) return error.message;
        throw error;
      }
      return 'nothing';
    };
    const mode = [0xed, 0x83, 0x01]; // 0o40755
    const dir = (name: string) => [0, 0, name.length, ...Buffer.from(name), ...mode];
    expect(refused(...dir('a'), 0xff)).toBe('nothing');
    for (const name of ['../x', '/etc', 'a//b', 'a/', '.', 'a/../b', 'a\0']) {
      expect([name, refused(...dir(name))]).toEqual([name, 'a path in it is out of order or none']);
    }
    expect(refused(...dir('b'), ...dir('a'))).toBe('a path in it is out of order or none');
    expect(refused(...dir('b'), ...dir('b'))).toBe('a path in it is out of order or none');
    expect(refused(4)).toBe('an entry of it is of no known form');
    // A prefix of bytes that are not there; a name longer than any; a number without an end.
    expect(refused(0, 1)).toBe('a number in it is too large');
    expect(refused(0, 0, 0xff, 0xff, 0x7f)).toBe('a number in it is too large');
    expect(refused(0, 0, ...Array(20).fill(0x80))).toBe('a number in it is too large');
    expect(refused(0, 0, 1, 0x61, 0)).toBe('a mode in it is none');
    expect(refused(0xff, 0)).toBe('bytes follow its end');
  });
});

describe('the file of a base', () => {
  it('comes back with its digest, and is another one than the state speaks of if that is so', async () => {
    const at = join(temporaryFolder(), 'deep', 'x.base');
    expect(await readBase(at)).toEqual({ kind: 'none' });
    const digest = await writeBase(at, SOME);
    expect(await readBase(at, digest)).toEqual({ kind: 'found', tree: SOME, digest });
    expect(await writeBase(at, new Map())).not.toBe(digest);
    expect(await readBase(at, digest)).toMatchObject({
      kind: 'unusable',
      reason: 'it is not the one that the state speaks of',
      keptAs: `${at}.bad`,
    });
    expect([existsSync(at), existsSync(`${at}.bad`)]).toEqual([false, true]);
  });

  it('is unusable at every truncated prefix and with any byte changed', async () => {
    const at = join(temporaryFolder(), 'x.base');
    await writeBase(at, SOME);
    const whole = readFileSync(at);
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(at, whole.subarray(0, length));
      expect([length, (await readBase(at)).kind]).toEqual([length, 'unusable']);
    }
    for (let k = 0; k < whole.length; k++) {
      const damaged = Buffer.from(whole);
      damaged[k]! ^= 0x10;
      writeFileSync(at, damaged);
      const read = await readBase(at);
      // A changed bit of padding may mean nothing to the decompressor; what it gives must then be all of it.
      if (read.kind === 'found') expect(read.tree).toEqual(SOME);
      else expect(read.kind).toBe('unusable');
    }
  });

  it('of a later release is left alone; one with a wrong digest is not used', async () => {
    const at = join(temporaryFolder(), 'x.base');
    await writeBase(at, SOME);
    const whole = readFileSync(at);
    writeFileSync(at, Buffer.concat([Buffer.from('rsyncjs base 2\n'), whole.subarray(15)]));
    expect(await readBase(at)).toMatchObject({ kind: 'unusable', newer: true, keptAs: undefined });
    const body = brotliDecompressSync(whole.subarray(15));
    body[body.length - 1]! ^= 1;
    writeFileSync(at, Buffer.concat([whole.subarray(0, 15), brotliCompressSync(body)]));
    expect(await readBase(at)).toMatchObject({ kind: 'unusable', reason: 'its digest is another one' });
  });

  it('with more to it than a body inflates in pieces: 8 MiB of nothing is refused at its first bytes', async () => {
    const at = join(temporaryFolder(), 'x.base');
    const bomb = brotliCompressSync(Buffer.alloc(8 << 20, 0x80), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 1 },
    });
    expect(bomb.length).toBeLessThan(4096);
    writeFileSync(at, Buffer.concat([Buffer.from('rsyncjs base 1\n'), bomb]));
    expect(await readBase(at)).toMatchObject({
      kind: 'unusable',
      reason: 'an entry of it is of no known form',
    });
  });

  it('of a tree that can not be stored leaves the old one', async () => {
    const at = join(temporaryFolder(), 'x.base');
    const digest = await writeBase(at, SOME);
    const long: Tree = new Map([['x'.repeat(5000), SOME.get('src')!]]);
    await expect(writeBase(at, long)).rejects.toMatchObject({ code: 'RSYNC_FILE_IO' });
    expect(await readBase(at, digest)).toMatchObject({ kind: 'found' });
  });
});
