/**
 * The main job without anything installed: both ends of the protocol in one process, connected by a pipe, on a sample
 * tree in a temporary folder. Push, push the difference, pull back, and a dry run with deletions.
 */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WholeDisk } from '../dist/files/places.js';
import { pull, push } from '../dist/index.js';
import { resolveOptions } from '../dist/options/resolve.js';
import { runServerSession } from '../dist/session/server-session.js';
import { createPipe } from '../dist/transport/pipe.js';

const work = mkdtempSync(path.join(tmpdir(), 'rsyncjs-demo-'));
const laptop = path.join(work, 'laptop');
const server = path.join(work, 'server');
const copy = path.join(work, 'copy');

try {
  makeSample(laptop);
  mkdirSync(server);
  await run('push: everything is new', push, laptop, server);
  edit(laptop);
  await run('push again: only what changed travels', push, laptop, server);
  await run('pull it back elsewhere', pull, server, copy);
  rmSync(path.join(laptop, 'notes'), { recursive: true });
  await run('dry run with deletion: what would go', push, laptop, server, { delete: true, dryRun: true });
  compare(server, copy);
  console.log('\nThe copy equals the server, byte for byte.');
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function run(title, direction, from, to, settings = {}) {
  console.log(`\n== ${title}`);
  const options = { archive: true, ...settings };
  const [near, far] = createPipe();
  const pulls = direction === pull;
  const serving = runServerSession({
    channel: far,
    options: resolveOptions({
      archive: true,
      dryRun: options.dryRun,
      deleteMode: options.delete ? 'default' : 'none',
    }),
    role: pulls ? 'sender' : 'receiver',
    paths: [pulls ? `${from}/` : to],
    places: new WholeDisk(),
    capabilities: '.iLsfxCIvu',
  }).then(({ exitCode }) => far.finish(exitCode));
  const onEvent = (event) => {
    if (event.type === 'item' && event.stage === 'start') console.log(`   ${event.entry.name}`);
    if (event.type === 'deleted') console.log(`   deleting ${event.name}`);
    if (event.type === 'message') console.log(`   ${event.text}`);
  };
  const source = pulls ? `server:${from}/` : `${from}/`;
  const target = pulls ? to : `server:${to}`;
  const result = await direction(source, target, { ...options, channel: near, onEvent });
  await serving;
  if (result.exitCode !== 0) throw new Error(`ended with code ${result.exitCode}`);
  const { literalData, matchedData, bytesSent, bytesReceived, totalSize } = result.stats;
  const speedup = (totalSize / (bytesSent + bytesReceived)).toFixed(1);
  console.log(
    `   protocol ${result.protocol}, ${result.checksum}; literal ${literalData} bytes, matched ${matchedData}`,
  );
  console.log(`   sent ${bytesSent}, received ${bytesReceived}, total size ${totalSize}, speedup ${speedup}`);
}

function makeSample(root) {
  mkdirSync(path.join(root, 'notes'), { recursive: true });
  mkdirSync(path.join(root, 'data'));
  writeFileSync(path.join(root, 'readme.txt'), 'A small tree to synchronise.\n');
  writeFileSync(path.join(root, 'notes', 'todo.txt'), 'buy milk\n'.repeat(50));
  const rows = Array.from({ length: 40_000 }, (_, i) => `${i};value ${(i * 7919) % 10_007}\n`);
  writeFileSync(path.join(root, 'data', 'table.csv'), rows.join(''));
}

function edit(root) {
  const table = path.join(root, 'data', 'table.csv');
  writeFileSync(table, readFileSync(table, 'utf8').replace('20000;', '20000;edited '));
  appendFileSync(path.join(root, 'notes', 'todo.txt'), 'call home\n');
}

function compare(a, b) {
  const names = readdirSync(a, { recursive: true, withFileTypes: true });
  for (const entry of names) {
    if (!entry.isFile()) continue;
    const name = path.relative(a, path.join(entry.parentPath, entry.name));
    if (!readFileSync(path.join(a, name)).equals(readFileSync(path.join(b, name))))
      throw new Error(`${name} differs`);
  }
}
