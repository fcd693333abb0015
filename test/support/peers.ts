import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A real rsync. */
export interface Peer {
  /** As `rsync --version` says, "3.2.7"; with the suite behind it, "3.5.0-trixie", if an older suite has the same. */
  version: string;
  path: string;
  /** The Debian suite that it comes from. */
  suite: string;
  /** The rrsync of that suite, which starts this rsync; undefined if the suite has none. */
  rrsync: string | undefined;
}

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** How many peers `scripts/setup-peers.sh` sets up, of as many generations as the archive has. */
export const PEER_COUNT = 4;

/** Where the peers live; RSYNCJS_PEERS overrides it. */
export function peerDirectory(): string {
  return resolve(process.env.RSYNCJS_PEERS ?? join(repository, '.cache/peers'));
}

/** The real rsync binaries that are set up, oldest first. */
export function peers(): Peer[] {
  const root = peerDirectory();
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => /^\d+(\.\d+)+(-[a-z]+)?$/.test(name) && existsSync(join(root, name, 'suite')))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((version) => peerIn(join(root, version), version));
}

function peerIn(dir: string, version: string): Peer {
  const [suite = ''] = readFileSync(join(dir, 'suite'), 'latin1').trim().split(' ');
  const rrsync = join(dir, 'rrsync');
  return { version, path: join(dir, 'rsync'), suite, rrsync: existsSync(rrsync) ? rrsync : undefined };
}

/**
 * The peers, for tests that are nothing without them: an empty list means "skip, and global-setup.ts has said so".
 * In CI a missing peer is an error, so that the suite can not go green without it.
 */
export function requirePeers(): Peer[] {
  const found = peers();
  if (process.env.CI && process.platform !== 'win32' && found.length < PEER_COUNT) {
    throw new Error(
      `${found.length} of ${PEER_COUNT} real rsync peers in ${peerDirectory()}: run scripts/setup-peers.sh`,
    );
  }
  return found;
}

/**
 * Those whose rrsync, a script, can be run on this machine. In CI each must: an interpreter that is missing would make tests
 * go by in silence.
 */
export function peersWithRrsync(): (Peer & { rrsync: string })[] {
  const all = requirePeers().filter((peer): peer is Peer & { rrsync: string } => peer.rrsync !== undefined);
  const runnable = all.filter(({ rrsync }) => existsSync(interpreter(rrsync)));
  if (process.env.CI && process.platform !== 'win32' && (all.length === 0 || runnable.length < all.length))
    throw new Error('an rrsync does not run (apt-get install perl python3)');
  return runnable;
}

/** The program of the first line of a script. */
function interpreter(script: string): string {
  return /^#!(\S+)/.exec(readFileSync(script, 'latin1'))?.[1] ?? '';
}

/** The newest peer; a placeholder where there is none, for tables that are built before tests are skipped. */
export function newestPeer(): Peer {
  return requirePeers().at(-1) ?? { version: '0', path: 'rsync', suite: '', rrsync: undefined };
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  input?: string | Uint8Array;
  /** Milliseconds until the program is killed. Default 30,000. */
  timeout?: number;
}

export interface RunResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: Buffer;
  /** Wall clock, in milliseconds. */
  elapsed: number;
}

/** Nothing of the tester's own habits may reach a program under test. */
function cleanEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) =>
      value !== undefined && !/^(RSYNC|LC_|LANG|POPT|CVSIGNORE|NODE_OPTIONS|VITEST)/.test(name),
  ) as [string, string][];
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC', ...extra };
}

/** Runs a program to its end; never throws for what the program does. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((settle, fail) => {
    const begin = performance.now();
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: cleanEnvironment(options.env),
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout!.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr!.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin?.on('error', () => {}).end(options.input);
    const timer = setTimeout(() => {
      stderr.push(Buffer.from(`\n[killed by the test after ${options.timeout ?? 30_000} ms]\n`));
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open; what it would still say does not matter.
      child.stdout!.destroy();
      child.stderr!.destroy();
    }, options.timeout ?? 30_000);
    child.once('error', (error) => {
      clearTimeout(timer);
      fail(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      settle({
        code,
        signal,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr),
        elapsed: performance.now() - begin,
      });
    });
  });
}

/** Runs a real rsync. */
export function runRsync(peer: Peer, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return run(peer.path, args, options);
}

/** The command as it is published. */
export const MAIN = join(repository, 'dist/bundle/main.js');

/**
 * Runs the command under test: MAIN, or the program that RSYNCJS_UNDER_TEST names (a real rsync there
 * proves the tests themselves: all must pass).
 */
export function runOurs(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const other = process.env.RSYNCJS_UNDER_TEST;
  if (other !== undefined && other !== '') return run(resolve(repository, other), args, options);
  if (!existsSync(MAIN)) throw new Error(`${MAIN} does not exist: run npm run build`);
  return run(process.execPath, [MAIN, ...args], options);
}

/** A folder with rsyncjs under the name `rsync`. */
function oursAsRsync(dir: string): string {
  const folder = join(dir, 'ours-as-rsync');
  mkdirSync(folder, { recursive: true });
  const script = `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`;
  writeFileSync(join(folder, 'rsync'), script, { mode: 0o755 });
  return folder;
}

/** A fresh folder that the caller removes. */
export function temporaryFolder(name = 'test'): string {
  return mkdtempSync(join(tmpdir(), `rsyncjs-${name}-`));
}

/**
 * Makes a remote shell that needs no network, and returns its path (for `-e`). Like ssh it takes options, a host and
 * words, joins the words with spaces and lets a shell read them; unlike ssh it starts in the current directory and
 * finds the peer first under the name `rsync`; `ours` is rsyncjs.
 */
export function fakeShell(dir: string, peer: Peer | 'ours' = newestPeer()): string {
  const path = join(dir, `shell-${peer === 'ours' ? peer : peer.version}`);
  // A program that runs cannot be written again.
  if (!existsSync(path)) {
    writeFileSync(
      path,
      `#!/bin/sh
while :; do
  case $1 in
    -l|-p|-i|-o|-F) shift 2 ;;
    -*) shift ;;
    *) break ;;
  esac
done
shift
PATH='${peer === 'ours' ? oursAsRsync(dir) : dirname(peer.path)}':$PATH
export PATH
exec /bin/sh -c "$*"
`,
      { mode: 0o755 },
    );
  }
  return path;
}
