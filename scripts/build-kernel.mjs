#!/usr/bin/env node
// Compiles src/delta/kernel/*.ts (AssemblyScript) and writes src/delta/kernel.generated.ts, which is committed: a
// plain `tsc` needs no AssemblyScript. Run after every change in that folder; test/delta/kernel.test.ts fails if the
// two have parted.
//
//   node scripts/build-kernel.mjs

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'src/delta/kernel');

const hash = createHash('sha256');
for (const name of readdirSync(folder).sort()) {
  if (!name.endsWith('.ts')) continue;
  hash.update(`${name}\n`);
  hash.update(readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n'));
}

let wasm;
const { error, stderr } = await asc.main(
  [
    'index.ts',
    '--outFile',
    'kernel.wasm',
    '-O3',
    '--converge',
    '--noAssert',
    '--runtime',
    'stub',
    '--enable',
    'simd',
  ],
  {
    readFile(name) {
      try {
        return readFileSync(join(folder, name), 'utf8');
      } catch {
        return null;
      }
    },
    writeFile(name, contents) {
      if (name === 'kernel.wasm') wasm = contents;
    },
    listFiles: () => [],
  },
);
if (error) {
  console.error(stderr.toString());
  process.exit(1);
}

const lines = Buffer.from(wasm)
  .toString('base64')
  .match(/.{1,116}/g);
writeFileSync(
  join(root, 'src/delta/kernel.generated.ts'),
  `// Made by scripts/build-kernel.mjs from src/delta/kernel/*.ts. Do not edit.

/** SHA-256 of the sources: each file's name, a newline, its text, in the order of their names. */
export const KERNEL_SOURCES = '${hash.digest('hex')}';

/** The module, base64. */
export const KERNEL_WASM = \`
${lines.join('\n')}
\`;
`,
);
