import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type KeyType } from './sshd.ts';

const CANDIDATES = ['/usr/sbin/dropbear', '/usr/local/sbin/dropbear'];

const program = process.platform === 'win32' ? undefined : CANDIDATES.find((path) => existsSync(path));

/** Why there is no dropbear to test against, or undefined. In CI, on Linux, that is an error. */
export function dropbearMissing(): string | undefined {
  if (program !== undefined) return undefined;
  const reason = `no dropbear found in ${CANDIDATES.join(', ')} (apt-get install dropbear-bin)`;
  if (process.env.CI && process.platform === 'linux') throw new Error(reason);
  return reason;
}

export interface Dropbear {
  host: string;
  port: number;
  /** known_hosts with every host key of this server. */
  knownHostsPath: string;
  /** What it has logged so far. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts dropbear, the server of routers and small systems, on the loopback interface. It lets the accounts of the
 * machine in, with the keys in their homes.
 *
 * @param args further arguments, such as `-s` (no passwords), `-t` (key and password), `-T N` (attempts)
 */
export async function startDropbear(
  args: readonly string[] = [],
  hostKeyTypes: readonly KeyType[] = ['ed25519'],
): Promise<Dropbear> {
  if (program === undefined) throw new Error(dropbearMissing());
  const dir = mkdtempSync(join(tmpdir(), 'rsyncjs-dropbear-'));
  const keys = hostKeyTypes.map((type) => {
    const path = join(dir, type);
    execFileSync('dropbearkey', ['-t', type, '-f', path], { stdio: 'pipe' });
    const shown = execFileSync('dropbearkey', ['-y', '-f', path], { encoding: 'utf8' });
    return { path, line: /^\S+ AAAA\S+/m.exec(shown)![0] };
  });
  const port = await freePort();
  const child = spawn(
    program,
    [
      ...['-F', '-E', '-m', '-P', join(dir, 'pid'), '-p', `127.0.0.1:${port}`],
      ...keys.flatMap(({ path }) => ['-r', path]),
      ...args,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = await new Promise<boolean>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('Not backgrounding')) resolve(true);
    });
    child.once('error', () => resolve(false));
    void gone.then(() => resolve(false));
  });
  if (!ready) throw new Error(`dropbear did not start:\n${log}`);
  const knownHostsPath = join(dir, 'known_hosts');
  writeFileSync(knownHostsPath, keys.map(({ line }) => `[127.0.0.1]:${port} ${line}\n`).join(''));
  return {
    host: '127.0.0.1',
    port,
    knownHostsPath,
    log: () => log,
    stop: async () => {
      child.kill('SIGTERM');
      await gone;
      child.stderr.destroy();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
