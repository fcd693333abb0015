/**
 * npm run fuzz -- [--cases N] [--seed S] [--from N] [--case N]: many changed sessions, told to our two ends.
 *
 * Batches run in processes of their own with a small heap; a process that does not get on with its case is ended. The
 * first fault stops it all, with the seed and the number of the case: `--seed S --case N` runs that one again,
 * `--seed S --from N` goes on behind it.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const BATCH = 5000;
/** Mebibytes of the JavaScript heap. */
const HEAP = 256;
/** Milliseconds that one case may take. */
const PATIENCE = 120_000;

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    case: { type: 'string' },
  },
});
const seed = Number(values.seed);
const first = Number(values.case ?? values.from);
const end = values.case === undefined ? Number(values.cases) : first + 1;
if (![seed, first, end].every(Number.isSafeInteger) || first >= end) {
  console.error('usage: npm run fuzz -- [--cases N] [--seed S] [--from N] [--case N]');
  process.exit(1);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rsyncjs-fuzz-state-'));
const state = join(folder, 'case');
const totals = {};
const started = performance.now();
let failed = false;

for (let from = first; from < end && !failed; from += BATCH) {
  const to = Math.min(from + BATCH, end);
  failed = !(await runBatch(from, to));
  if (failed) break;
  for (const [key, count] of Object.entries(JSON.parse(readFileSync(`${state}.codes`, 'utf8'))))
    totals[key] = (totals[key] ?? 0) + count;
  console.log(`seed ${seed}: ${to} of ${end}, ${((performance.now() - started) / 1000).toFixed(0)} s`);
}
for (const key of Object.keys(totals).sort()) console.log(`${String(totals[key]).padStart(8)}  ${key}`);
rmSync(folder, { recursive: true, force: true });
process.exit(failed ? 1 : 0);

/** True if all is well. */
function runBatch(from, to) {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(
    process.execPath,
    [vitest, 'run', 'test/fuzz/fuzz.test.ts', `--execArgv=--max-old-space-size=${HEAP}`],
    {
      cwd: root,
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        RSYNCJS_FUZZ_SEED: String(seed),
        RSYNCJS_FUZZ_CASES: `${from}-${to}`,
        RSYNCJS_FUZZ_STATE: state,
      },
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (output = (output + chunk).slice(-20_000)));
  return new Promise((resolve) => {
    let last = '';
    let since = performance.now();
    const watch = setInterval(() => {
      const now = caseUnderWay();
      if (now !== last) since = performance.now();
      last = now;
      if (performance.now() - since < PATIENCE) return;
      output += `\nno end of case ${now} in ${PATIENCE / 1000} s\n`;
      kill(child);
    }, 1000);
    child.on('exit', (code) => {
      clearInterval(watch);
      if (code !== 0)
        console.error(`${output}\nfailed: npm run fuzz -- --seed ${seed} --case ${caseUnderWay()}`);
      resolve(code === 0);
    });
  });
}

function caseUnderWay() {
  try {
    return readFileSync(state, 'utf8');
  } catch {
    return '?';
  }
}

/** The runner and the process of the tests that it has started. */
function kill(child) {
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
