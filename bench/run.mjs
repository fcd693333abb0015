#!/usr/bin/env node
// C rsync and ours, side by side over one sshd: see README.md here. `--help` tells the options.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readArguments, UsageError } from './support/arguments.mjs';
import { caseRun, cases, rowCount } from './support/cases.mjs';
import { compare, runOnce } from './support/compare.mjs';
import { startDaemon } from './support/daemon.mjs';
import { describeMachine } from './support/machine.mjs';
import { killRuns, memoryMeter } from './support/measure.mjs';
import { probeCiphers } from './support/probe.mjs';
import { hotFunctions } from './support/profile.mjs';
import { contestants, findRsync } from './support/programs.mjs';
import { conditions, textTable, writeReadme } from './support/report.mjs';
import { startSshd } from './support/sshd.mjs';

const say = (text) => process.stderr.write(`${text}\n`);

async function main(settings) {
  const machine = describeMachine();
  const rsync = findRsync(settings.rsync);
  const profiling = settings.profile !== undefined;
  const nodeFlags = profiling ? ['--cpu-prof', `--cpu-prof-dir=${settings.profile}`] : [];
  const programs = contestants(rsync, settings.ours, nodeFlags);
  const sshdConfig = settings.cipher === undefined ? [] : [`Ciphers ${settings.cipher}`];
  const dir = mkdtempSync(join(settings.dir ?? tmpdir(), 'rsyncjs-bench-'));
  let sshd;
  let daemon;
  const cleanUp = () => {
    killRuns();
    rmSync(dir, { recursive: true, force: true });
  };
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]) {
    process.once(signal, () => {
      void Promise.all([sshd?.stop(), daemon?.stop()]).finally(() => {
        cleanUp();
        process.exit(code);
      });
    });
  }
  try {
    const common = { rsync, dir, timeout: settings.timeout };
    const ciphers = profiling ? undefined : await probeCiphers(programs, rsync, { ...common, sshdConfig });
    sshd = await startSshd(dir, sshdConfig);
    daemon = await startDaemon(dir, rsync);
    const servers = { sshd, daemon };
    if (profiling) return await profile(settings, programs[1], { ...common, ...servers });

    const { rounds, warmups, quick } = settings;
    const report = {
      date: new Date().toISOString(),
      machine,
      rsync: { version: rsync.version },
      ciphers,
      settings: { rounds, warmups, quick, cipher: settings.cipher, memoryMeter },
      results: [],
    };
    for (const line of conditions(report)) say(line);
    await eachCase(settings, dir, async (transfer, direction) => {
      const { name, title } = transfer;
      try {
        const figures = await compare({
          ...common,
          ...servers,
          programs,
          transfer,
          direction,
          rounds,
          warmups,
          progress,
        });
        report.results.push({ name, title, direction, ...figures });
      } catch (error) {
        say(`    FAILED ${error.message}`);
        report.results.push({ name, title, direction, failure: error.message });
      }
    });
    return report;
  } finally {
    await sshd?.stop();
    await daemon?.stop();
    cleanUp();
  }
}

/** Calls `body` for each case and direction that is asked for, with the case's trees in place. */
async function eachCase({ names, directions, quick }, dir, body) {
  for (const entry of cases.filter(({ name }) => names.includes(name))) {
    const transfer = caseRun(entry, dir, quick);
    const wanted = transfer.directions.filter((direction) => directions.includes(direction));
    if (wanted.length === 0) continue;
    transfer.prepare();
    for (const direction of wanted) {
      say(`${transfer.title}, ${direction}`);
      await body(transfer, direction);
    }
    if (!transfer.manyFiles) rmSync(join(dir, transfer.name), { recursive: true });
  }
}

function progress(name, round, { wall, cpu, peak }) {
  const memory = peak === undefined ? '' : `  peak ${(peak / 2 ** 20).toFixed(0)} MiB`;
  const label = round < 0 ? 'warm-up' : `round ${round + 1}`;
  say(`    ${label.padEnd(8)} ${name.padEnd(6)} wall ${wall.toFixed(3)} s  cpu ${cpu.toFixed(3)} s${memory}`);
}

async function profile(settings, ours, common) {
  mkdirSync(settings.profile, { recursive: true });
  await eachCase(settings, common.dir, async (transfer, direction) => {
    const before = new Set(readdirSync(settings.profile));
    const { wall, cpu } = await runOnce({ ...common, contestant: ours, transfer, direction });
    say(`    wall ${wall.toFixed(3)} s  cpu ${cpu.toFixed(3)} s, with the profiler`);
    process.stdout.write(hotFunctions(settings.profile, before));
  });
}

try {
  const settings = readArguments(process.argv.slice(2));
  if (settings !== undefined) {
    const report = settings.from ? JSON.parse(readFileSync(settings.from, 'utf8')) : await main(settings);
    if (report !== undefined) {
      process.stdout.write(`\n${textTable(report)}`);
      if (settings.json) writeFileSync(settings.json, `${JSON.stringify(report, null, 2)}\n`);
      const failed = report.results.some(({ failure }) => failure !== undefined);
      const whole = !report.settings.quick && report.results.length === rowCount;
      if (settings.writeReadme) {
        if (failed || !whole) {
          say('bench/README.md stays as it is: it wants every case at full size, and none that failed');
          process.exitCode = 1;
        } else {
          writeReadme(fileURLToPath(new URL('README.md', import.meta.url)), report);
        }
      }
      if (failed) process.exitCode = 1;
    }
  }
} catch (error) {
  say(
    error instanceof UsageError ? `${error.message} (--help tells the options)` : `bench: ${error.message}`,
  );
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
