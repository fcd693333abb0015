/** Ctrl-C and its relatives in the middle of a file: exit 20, the old file intact, no temporary file. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fakeShell, MAIN, newestPeer, requirePeers, temporaryFolder } from '../support/peers.ts';
import { noise, removeTree } from '../support/tree.ts';

const found = requirePeers();
const base = temporaryFolder('interrupt');
afterAll(() => removeTree(base));

function temporaries(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('.big.'));
}

/** Pulls a file slowly over an older one, and sends the signal when data is arriving. */
async function interrupted(signal: NodeJS.Signals, options: readonly string[]) {
  const folder = join(base, `${signal}${options.join('')}`);
  const [src, dst] = [join(folder, 'src'), join(folder, 'dst')];
  mkdirSync(src, { recursive: true });
  mkdirSync(dst);
  writeFileSync(join(src, 'big'), noise(4_000_000, 1));
  writeFileSync(join(dst, 'big'), 'the old file');
  const shell = fakeShell(base, newestPeer());
  const args = [MAIN, '-a', '--bwlimit=500', '--no-W', ...options, '-e', shell, `host:${src}/big`, `${dst}/`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((done) => child.on('exit', (code) => done(code)));
  while (temporaries(dst).length === 0 && child.exitCode === null)
    await new Promise((next) => setTimeout(next, 20));
  await new Promise((next) => setTimeout(next, 500));
  child.kill(signal);
  return { code: await ended, dst };
}

describe.skipIf(found.length === 0)('a pull in the middle of a file', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s', async (signal) => {
    const { code, dst } = await interrupted(signal, []);
    expect(code).toBe(20);
    expect(temporaries(dst)).toEqual([]);
    expect(readFileSync(join(dst, 'big'), 'utf8')).toBe('the old file');
  });

  it('SIGINT with --partial keeps what has come, dated 1970', async () => {
    const { code, dst } = await interrupted('SIGINT', ['--partial']);
    expect(code).toBe(20);
    expect(temporaries(dst)).toEqual([]);
    const { size, mtimeMs } = statSync(join(dst, 'big'));
    expect(mtimeMs).toBe(0);
    const kept = readFileSync(join(dst, 'big'));
    expect(size).toBeGreaterThan(0);
    expect(kept.equals(noise(4_000_000, 1).subarray(0, size))).toBe(true);
  });
});
