/**
 * The main job with nothing installed but this package: its own ssh server on the loopback interface, with keys and
 * files in a temporary folder, and its own command as the client. Everything that is shown is checked as well.
 */
import { spawn } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeOpenSshEd25519 } from '../dist/transport/ssh/auth/openssh-key.js';

const MAIN = fileURLToPath(new URL('../dist/bundle/main.js', import.meta.url));
const WIDTH = 78;
/** Milliseconds for one command: something hangs if it takes longer. */
const PATIENCE = 30_000;

const isColoured = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
const bold = (text) => (isColoured ? `\x1b[1m${text}\x1b[0m` : text);
const dim = (text) => (isColoured ? `\x1b[2m${text}\x1b[0m` : text);
const number = (value) => value.toLocaleString('en');

let work = '';
const at = (...names) => path.join(work, ...names);
let server;
let failure;

try {
  work = mkdtempSync(path.join(tmpdir(), 'rsyncjs-demo-'));
  console.log('Everything below happens on this machine, in a temporary folder.');
  makeKeys();
  makeSample();
  const { port, lines } = await startServer();
  heading('An ssh server that serves one folder, and nothing else');
  command('rsyncjs serve --ssh --root server --authorized-keys keys ...');
  for (const line of lines) console.log(`    ${line.slice(0, WIDTH - 4)}`);
  // What a user has in ~/.ssh/config. An account's own configuration must not matter here.
  process.env.RSYNC_RSH = `ssh -F none -p ${port} -l demo -i id -o UserKnownHostsFile=known`;
  writeFileSync(at('known'), `[127.0.0.1]:${port} ${publicLine('host')}\n`);

  heading('1. Push a tree: everything is new');
  const first = await rsyncjs('-ai', 'laptop/', '127.0.0.1:site/');
  expect(first.matched === 0 && first.literal === first.size, 'all data should have been sent');
  compare('laptop', 'server/site');

  heading('2. Change a few bytes, push again: only what changed travels');
  edit();
  const second = await rsyncjs('-ai', 'laptop/', '127.0.0.1:site/');
  expect(second.literal < second.size / 50, 'only what changed should have been sent');
  expect(second.matched > second.size / 2, 'the rest should have been found at the other end');
  compare('laptop', 'server/site');

  heading('3. Pull it back to another place');
  await rsyncjs('-ai', '127.0.0.1:site/', 'desktop/');
  compare('server/site', 'desktop');

  heading('4. Dry run of a mirror: what would be deleted?');
  rmSync(at('laptop', 'notes'), { recursive: true });
  const dry = await rsyncjs('-ain', '--delete', 'laptop/', '127.0.0.1:site/');
  expect(dry.lines.includes('*deleting   notes/todo.txt'), 'a deletion should have been announced');
  expect(existsSync(at('server/site/notes/todo.txt')), 'a dry run should have deleted nothing');
  compare('server/site', 'desktop');

  console.log(`\n${bold('Done:')} both copies equal the server, byte for byte. No rsync or ssh was needed.`);
} catch (error) {
  failure = error;
} finally {
  await stopServer();
  if (work !== '') rmSync(work, { recursive: true, force: true, maxRetries: 5 });
}
if (failure !== undefined) {
  console.error(`\nThe demo failed: ${failure.message}`);
  process.exitCode = 1;
}

function heading(text) {
  console.log(`\n${bold(text)}`);
}

function command(text) {
  console.log(dim(`  $ ${text}`));
}

/** Runs the command as a user would, shows what it says, and returns its figures. */
async function rsyncjs(...args) {
  command(`rsyncjs ${args.join(' ')}`);
  const { code, stdout, stderr } = await run([...args, '--stats', '--no-human-readable']);
  const [items, stats = ''] = stdout.split(/\n(?=Number of files: )/);
  const lines = items.split('\n').filter((line) => line !== '');
  for (const line of lines) console.log(`    ${line}`);
  if (code !== 0) throw new Error(`"rsyncjs ${args.join(' ')}" ended with code ${code}\n${stderr}`);
  const figure = (name) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(stats)?.[1]);
  const [literal, matched, size] = ['Literal data', 'Matched data', 'Total file size'].map(figure);
  const moved = figure('Total bytes sent') + figure('Total bytes received');
  expect(Number.isFinite(literal + matched + size + moved), `the figures are missing in:\n${stdout}`);
  const speedup = (size / moved).toFixed(1);
  console.log(
    `    literal ${number(literal)} bytes, matched ${number(matched)}; ${number(moved)} on the wire, speed-up ${speedup}`,
  );
  return { lines, literal, matched, size };
}

function start(args) {
  const env = { ...process.env, HOME: work, USERPROFILE: work };
  return spawn(process.execPath, [MAIN, ...args], { cwd: work, env, stdio: ['ignore', 'pipe', 'pipe'] });
}

function run(args) {
  return new Promise((resolve, reject) => {
    const child = start(args);
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`"rsyncjs ${args.join(' ')}" took longer than ${PATIENCE / 1000} seconds`));
    }, PATIENCE);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/** Resolves once it takes connections. */
function startServer() {
  return new Promise((resolve, reject) => {
    const keys = ['--authorized-keys', 'keys', '--host-key', 'host'];
    server = start(['serve', '--ssh', '--root', 'server', '--port', '0', ...keys]);
    const timer = setTimeout(() => reject(new Error('the server did not start in time')), PATIENCE);
    let said = '';
    let complaints = '';
    server.stdout.on('data', (chunk) => {
      said += chunk;
      const port = /port (\d+)/.exec(said)?.[1];
      if (port === undefined || !said.includes('Ctrl-C')) return;
      clearTimeout(timer);
      resolve({ port, lines: said.split('\n').slice(0, 2) });
    });
    server.stderr.on('data', (chunk) => {
      complaints += chunk;
    });
    server.once('error', reject);
    server.once('close', (code) => reject(new Error(`the server ended with code ${code}\n${complaints}`)));
  });
}

/** Resolves once it is gone: on Windows it holds the folder that is to be removed. */
function stopServer() {
  if (server === undefined || server.exitCode !== null) return undefined;
  return new Promise((resolve) => {
    server.once('close', resolve);
    server.kill();
  });
}

/** `id` of the user, who is let in, and `host` of the server. */
function makeKeys() {
  for (const name of ['id', 'host']) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(at(name), `${writeOpenSshEd25519(privateKey)}\n`, { mode: 0o600 });
    writeFileSync(at(`${name}.pub`), sshLine(createPublicKey(privateKey)));
  }
  writeFileSync(at('keys'), `${publicLine('id')} demo\n`, { mode: 0o600 });
}

function sshLine(key) {
  const point = Buffer.from(key.export({ format: 'jwk' }).x, 'base64url');
  const field = (bytes) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return `ssh-ed25519 ${Buffer.concat([field(Buffer.from('ssh-ed25519')), field(point)]).toString('base64')}`;
}

function publicLine(name) {
  return readFileSync(at(`${name}.pub`), 'utf8');
}

function makeSample() {
  for (const name of ['server', 'laptop', 'laptop/notes', 'laptop/data']) mkdirSync(at(name));
  writeFileSync(at('laptop/readme.txt'), 'A small tree to synchronise.\n');
  writeFileSync(at('laptop/notes/todo.txt'), 'buy milk\n'.repeat(50));
  const rows = Array.from({ length: 40_000 }, (_, i) => `${i};value ${(i * 7919) % 10_007}\n`);
  writeFileSync(at('laptop/data/table.csv'), rows.join(''));
}

function edit() {
  const table = at('laptop/data/table.csv');
  writeFileSync(table, readFileSync(table, 'utf8').replace('20000;', '20000;edited '));
  appendFileSync(at('laptop/notes/todo.txt'), 'call home\n');
}

/** Names and contents are the same. */
function compare(one, other) {
  const [a, b] = [one, other].map((root) => readdirSync(at(root), { recursive: true }).sort());
  expect(a.join('\n') === b.join('\n'), `${one} and ${other} should hold the same names`);
  for (const entry of readdirSync(at(one), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const name = path.relative(at(one), path.join(entry.parentPath, entry.name));
    const isSame = readFileSync(at(one, name)).equals(readFileSync(at(other, name)));
    expect(isSame, `${name} should be the same in ${one} and ${other}`);
  }
}

function expect(isSo, what) {
  if (!isSo) throw new Error(what);
}
