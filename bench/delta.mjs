#!/usr/bin/env node
// The delta algorithm alone, in memory, one core: MB/s (10^6 bytes of file a second), best of three rounds.
//
//   npx tsc && node bench/delta.mjs [MiB, default 256] [plain]

import { randomFillSync } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { createHash, loadHashes } from '../dist/delta/hashes.js';
import { useKernel } from '../dist/delta/kernel-instance.js';
import { Matcher, SumTable } from '../dist/delta/match.js';
import { Signer, sumHeadFor } from '../dist/delta/signature.js';

const MIB = 1 << 20;
const size = Number(process.argv[2] ?? 256) * MIB;
const CHUNK = 256 << 10;
useKernel(process.argv[3] !== 'plain');
await loadHashes(123456);

const basis = Buffer.alloc(size);
for (let at = 0; at < size; at += 64 * MIB) randomFillSync(basis, at, Math.min(64 * MIB, size - at));
const other = Buffer.alloc(size);
for (let at = 0; at < size; at += 64 * MIB) randomFillSync(other, at, Math.min(64 * MIB, size - at));

function* chunks(data) {
  for (let at = 0; at < data.length; at += CHUNK) yield data.subarray(at, at + CHUNK);
}

function measure(label, bytes, body) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    body();
    best = Math.min(best, performance.now() - start);
  }
  console.log(`${label.padEnd(44)} ${(bytes / 1e3 / best).toFixed(0).padStart(8)} MB/s`);
}

const LENGTHS = { md4: 16, md5: 16, sha1: 20, xxh64: 8, xxh3: 8, xxh128: 16 };
const context = (name) => ({ name, seed: 123456, classicMd4: false, md5SeedFirst: true });

function sign(name, head) {
  const signer = new Signer(head, context(name));
  const parts = [];
  for (const chunk of chunks(basis)) parts.push(signer.push(chunk).slice());
  parts.push(signer.finish());
  return Buffer.concat(parts);
}

function match(name, head, sums, file) {
  const table = new SumTable(head, sums, context(name), { inplace: false });
  const matcher = new Matcher(table, { literal() {}, match() {} });
  for (const chunk of chunks(file)) matcher.push(chunk);
  matcher.finish();
  return matcher.stats;
}

for (const [name, blockSize] of [
  ['xxh128', 0],
  ['xxh128', 700],
  ['xxh64', 0],
  ['md5', 0],
  ['md4', 0],
  ['sha1', 0],
]) {
  const head = sumHeadFor({ size, protocol: 32, blockSize, digestLength: LENGTHS[name] });
  let sums;
  const label = `${name}, ${head.count} blocks of ${head.blength}`;
  measure(`signature    ${label}`, size, () => {
    sums = sign(name, head);
  });
  let stats;
  measure(`match all    ${label}`, size, () => {
    stats = match(name, head, sums, basis);
  });
  if (stats.literalBytes > 0) throw new Error('not everything matched');
  if (name !== 'xxh128') continue;
  measure(`match none   ${label}`, size, () => {
    stats = match(name, head, sums, other);
  });
  const shifted = basis.subarray(1);
  measure(`match moved  ${label}`, size, () => {
    stats = match(name, head, sums, shifted);
  });
  if (stats.literalBytes > 2 * head.blength) throw new Error('moved by one byte, not found');
}

for (const name of Object.keys(LENGTHS)) {
  measure(`whole file   ${name}`, size, () => {
    const hash = createHash(name);
    for (const chunk of chunks(basis)) hash.update(chunk);
    hash.digest();
  });
  const start = performance.now();
  for (let i = 0; i < 10_000; i++) {
    const hash = createHash(name);
    hash.update(basis.subarray(100 * i, 100 * (i + 1)));
    hash.digest();
  }
  console.log(
    `${`10,000 files of 100 bytes   ${name}`.padEnd(44)} ${(performance.now() - start).toFixed(1).padStart(8)} ms`,
  );
}
