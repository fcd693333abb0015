#!/usr/bin/env node
import { basename } from 'node:path';
import { abortOnSignals } from './signals.ts';

/** Milliseconds for what may still be open after a run: a connection that does not close must not hold the process. */
const PATIENCE = 500;

const started = basename(process.argv[1] ?? '').replace(/\.(?:[cm]?[jt]s|exe|cmd)$/i, '');
const argv = process.argv.slice(2);
const name = started === 'rsync' ? 'rsync' : 'rsyncjs';

/** Before any path: a file may have that name. */
function isDaemon(): boolean {
  const end = argv.findIndex((word) => word === '.' || word === '--');
  const at = argv.indexOf('--daemon');
  return at >= 0 && (end < 0 || at < end);
}

// Each end is loaded alone: it is not kept waiting for the other ones.
if (argv[0] === 'serve' && name !== 'rsync') {
  process.exitCode = await (await import('./serve.ts')).runServe(argv, abortOnSignals());
} else if (isDaemon()) {
  process.exitCode = await (await import('./daemon.ts')).runDaemon(argv, name);
} else if (argv.includes('--server')) {
  process.exitCode = await (await import('./server.ts')).runServer(argv, abortOnSignals());
} else {
  process.exitCode = await runCommand();
}
setTimeout(() => process.exit(), PATIENCE).unref();

async function runCommand(): Promise<number> {
  const { run } = await import('./run.ts');
  return run({
    argv,
    name,
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    // Whoever asks for the version must not wait for ssh to be loaded.
    transfer: async (request) => (await import('../client/transfer.ts')).transfer(request),
    onPrompt: async () => (await import('../transport/ssh/auth/askpass.ts')).commandLinePrompts(process.env),
    signal: abortOnSignals(),
    windows: process.platform === 'win32',
  });
}
