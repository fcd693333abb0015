import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/*
 * One run is `bash -c 'time ...'`: bash gives the wall clock and the CPU time of the program and of all descendants
 * that were waited for (rsync waits for its ssh and for its other half) to the millisecond, which GNU time gives to the
 * hundredth. GNU time, if there is one, runs inside and gives the largest resident set of any of these processes;
 * without it the process tree is polled under /proc; where there is none of that, memory is unknown.
 */
const SCRIPT = `TIMEFORMAT='%3R %3U %3S'; exec 3>&2; { time "$@" 2>&3 3>&-; } 2>"$0"`;
const GNU_TIME = '/usr/bin/time';
const POLL = 20;

const gnuTime = /GNU/.test(String(spawnSync(GNU_TIME, ['--version']).output));
export const memoryMeter = gnuTime ? 'GNU time' : process.platform === 'linux' ? '/proc' : 'none';

const running = new Set();

/** Kills what is running, with its children. */
export function killRuns() {
  for (const child of running) kill(child);
}

function kill(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
  }
}

/** Nothing of the user's own habits may reach the programs. */
function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(RSYNC|LC_|LANG|POPT|CVSIGNORE|NODE_|SSH_|npm_)/.test(name),
  );
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

/**
 * Runs a command to its end. Returns `wall`, `user` and `system` in seconds, `peak` in bytes (undefined: unknown) and
 * what it wrote to standard output. Throws if it fails or takes longer than `timeout` seconds.
 */
export async function measure(command, { dir, timeout }) {
  const timesPath = join(dir, 'times');
  const memoryPath = join(dir, 'memory');
  const meter = gnuTime ? [GNU_TIME, '-q', '-f', '%M', '-o', memoryPath] : [];
  const child = spawn('bash', ['--norc', '-c', SCRIPT, timesPath, ...meter, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment(),
    // A process group of its own, so that it can be killed with its children.
    detached: true,
  });
  running.add(child);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      output[name] += text;
    });
  }
  const poller = memoryMeter === '/proc' ? pollMemory(child.pid) : undefined;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill(child);
  }, timeout * 1000);
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  }).finally(() => {
    clearTimeout(timer);
    clearInterval(poller?.timer);
    running.delete(child);
  });
  if (late) throw new Error(`killed after ${timeout} s`);
  if (code !== 0) throw new Error(`ended with ${signal ?? code}:\n${output.stderr.slice(-2000)}`);

  const [wall, user, system] = readFileSync(timesPath, 'utf8')
    .trim()
    .split('\n')
    .at(-1)
    .split(' ')
    .map(Number);
  const peak = gnuTime ? Number(readFileSync(memoryPath, 'utf8')) * 1024 : poller?.peak();
  rmSync(timesPath);
  rmSync(memoryPath, { force: true });
  return { wall, user, system, cpu: user + system, peak, stdout: output.stdout };
}

/** Follows the largest VmHWM (highest resident set of a process so far) under `root`. */
function pollMemory(root) {
  let peak = 0;
  const look = (pid) => {
    let status;
    let children = '';
    try {
      status = readFileSync(`/proc/${pid}/status`, 'latin1');
      children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
    } catch {
      // Gone, or a kernel that does not list children.
    }
    const highest = Number(/^VmHWM:\s+(\d+) kB/m.exec(status ?? '')?.[1] ?? 0) * 1024;
    peak = Math.max(peak, highest);
    for (const child of children.split(' ')) if (child.trim() !== '') look(child.trim());
  };
  const timer = setInterval(() => look(root), POLL);
  return { timer, peak: () => peak || undefined };
}
