#!/usr/bin/env node
// One large file over a link with a round trip of 0, 20 and 100 ms: what the window of the ssh channel allows.
// C rsync over the system's ssh and rsyncjs, in turns, through the same relay and against the same sshd and rsync.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delayRelay } from './support/delay-relay.mjs';
import { contestants, findRsync, transferArguments } from './support/programs.mjs';
import { startSshd } from './support/sshd.mjs';

const [size = '256', rounds = '3', base = tmpdir()] = process.argv.slice(2);
const MEBI = 2 ** 20;
const dir = mkdtempSync(join(base, 'rsyncjs-latency-'));

function run(command, args) {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const child = spawn(command[0], [...command.slice(1), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve((performance.now() - begin) / 1000);
      else reject(new Error(`${command.at(-1)} ended with ${code}: ${said}`));
    });
  });
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

try {
  const rsync = findRsync();
  const programs = contestants(rsync);
  const sshd = await startSshd(dir);
  const source = join(dir, 'source');
  const target = join(dir, 'target');
  mkdirSync(source);
  execFileSync('sh', ['-c', `head -c ${Number(size) * MEBI} /dev/urandom > "$0"`, join(source, 'file')]);
  console.log(`${size} MiB, median of ${rounds}, MiB/s: rsync ${rsync.version} over ssh, rsyncjs, ratio`);
  for (const roundTrip of [0, 20, 100]) {
    const relay = await delayRelay(sshd.port, roundTrip / 2);
    const knownHosts = join(dir, `known-${relay.port}`);
    writeFileSync(
      knownHosts,
      readFileSync(sshd.knownHosts, 'utf8').replaceAll(`:${sshd.port} `, `:${relay.port} `),
    );
    for (const direction of ['pull', 'push']) {
      const times = programs.map(() => []);
      for (let round = 0; round < Number(rounds); round++) {
        for (const [index, contestant] of programs.entries()) {
          rmSync(target, { recursive: true, force: true });
          const through = { ...sshd, port: relay.port, knownHosts };
          const args = transferArguments({
            contestant,
            sshd: through,
            rsync,
            direction,
            flags: [],
            source,
            target,
          });
          times[index].push(await run(contestant.command, args));
          if (statSync(join(target, 'file')).size !== Number(size) * MEBI)
            throw new Error('a file of another size');
        }
      }
      const [theirs, ours] = times.map((list) => Number(size) / median(list));
      const ratio = (ours / theirs).toFixed(2);
      console.log(
        `${String(roundTrip).padStart(3)} ms ${direction}  ${theirs.toFixed(0)}  ${ours.toFixed(0)}  ${ratio}`,
      );
    }
    await relay.stop();
  }
  await sshd.stop();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
