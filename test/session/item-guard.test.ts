/** A guard is asked about what is there and what comes, when it is decided on and once more before it is done. */
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ItemGuard } from '../../src/client/transfer-request.ts';
import { toText } from '../../src/core/bytes.ts';
import { isRegular } from '../../src/core/mode.ts';
import { runPair, Workspace } from '../support/pair.ts';

let space: Workspace;
beforeEach(() => {
  space = new Workspace();
});
afterEach(() => space.remove());

/** `a` is 10 bytes here, and 100 there. */
function grown(): { src: string; dst: string } {
  const src = space.make('src', []);
  const dst = space.make('dst', []);
  writeFileSync(`${src}/a`, 'x'.repeat(100));
  writeFileSync(`${dst}/a`, 'y'.repeat(50));
  return { src: `${src}/`, dst };
}

test.each([
  ['put together beside its place', {}],
  ['put in its place at the end', { delayUpdates: true }],
])('a file that got shorter while it was read is not what was decided on (%s)', async (_, more) => {
  const { src, dst } = grown();
  const asked: unknown[] = [];
  const { error, result } = await runPair({
    direction: 'pull',
    options: { archive: true, ...more },
    sources: [src],
    destination: dst,
    onEvent: (event) => {
      if (event.type === 'flist' && event.stage === 'end') truncateSync(`${src}a`, 10);
    },
    guard: {
      mayChange(name, found, coming) {
        if (name === '.') return true;
        asked.push([toText(name), found.size, coming?.size, isRegular(coming!.mode)]);
        return coming!.size >= found.size;
      },
    },
  });
  expect([error, result?.exitCode]).toEqual([undefined, 0]);
  expect(asked).toEqual([
    ['a', 50, 100, true],
    ['a', 50, 10, true],
  ]);
  expect(readFileSync(`${dst}/a`, 'utf8')).toBe('y'.repeat(50));
  expect(readdirSync(dst)).toEqual(['a']);
});

/** Nothing gets shorter. */
const grows: ItemGuard = {
  mayChange: (_, found, coming) => found.isDirectory || (coming !== undefined && coming.size >= found.size),
};

test('a hard link to what came out shorter than the list had it', async () => {
  const { src, dst } = grown();
  linkSync(`${src}a`, `${src}b`);
  renameSync(`${dst}/a`, `${dst}/b`);
  writeFileSync(`${dst}/a`, 'short');
  const { error } = await runPair({
    direction: 'pull',
    options: { archive: true, hardLinks: true },
    sources: [src],
    destination: dst,
    onEvent: (event) => {
      if (event.type === 'flist' && event.stage === 'end') truncateSync(`${src}a`, 10);
    },
    guard: grows,
  });
  expect(error).toBeUndefined();
  expect(['a', 'b'].map((name) => readFileSync(`${dst}/${name}`).length)).toEqual([10, 50]);
});

test('what was appended to, did not come out right, and got shorter before it is sent whole', async () => {
  const { src, dst } = grown();
  const { error } = await runPair({
    direction: 'pull',
    options: { archive: true, append: 2 },
    sources: [src],
    destination: dst,
    onEvent: (event) => {
      if (event.type === 'message' && /failed verification/.test(event.text)) truncateSync(`${src}a`, 10);
    },
    guard: grows,
  });
  expect(error).toBeUndefined();
  expect(readFileSync(`${dst}/a`, 'utf8')).toBe('y'.repeat(50) + 'x'.repeat(50));
  expect(readdirSync(dst)).toEqual(['a']);
});

test('what it does not let go stays: files of every kind, and the folders that they are in', async () => {
  const { src, dst } = grown();
  for (const path of ['gone/deep', 'stays']) mkdirSync(`${dst}/${path}`, { recursive: true });
  for (const path of ['gone/deep/held', 'gone/deep/free', 'stays/free']) writeFileSync(`${dst}/${path}`, '');
  const { result } = await runPair({
    direction: 'pull',
    options: { archive: true, deleteMode: 'during' },
    sources: [src],
    destination: dst,
    guard: { mayChange: (name) => !/held|^a$/.test(name) },
  });
  expect(result?.exitCode).toBe(0);
  expect(readdirSync(dst, { recursive: true }).sort()).toEqual(['a', 'gone', 'gone/deep', 'gone/deep/held']);
  expect(readFileSync(`${dst}/a`, 'utf8')).toBe('y'.repeat(50));
});

test.each([29, 31])('what it does not let out is not sent, at protocol %i', async (protocol) => {
  const { src, dst } = grown();
  writeFileSync(`${src}b`, 'b');
  const { error, result } = await runPair({
    direction: 'push',
    options: { archive: true, protocol },
    sources: [src],
    destination: dst,
    guard: { maySend: (name) => name !== 'a' },
  });
  expect([error, result?.exitCode, result?.stats.transferredFiles]).toEqual([undefined, 0, 1]);
  expect(readFileSync(`${dst}/a`, 'utf8')).toBe('y'.repeat(50));
  expect(readdirSync(dst)).toEqual(['a', 'b']);
});
