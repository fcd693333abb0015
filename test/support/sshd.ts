import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

export type KeyType = 'ed25519' | 'rsa' | 'ecdsa';

export interface SshdOptions {
  /** Host keys to generate. Default: ed25519 alone. */
  hostKeyTypes?: KeyType[];
  /** Further sshd_config lines. They come first, so they win over the harness's own. */
  config?: string[];
}

export interface Sshd {
  readonly host: string;
  readonly port: number;
  /** The account that sshd lets in: the one that runs the tests. */
  readonly user: string;
  /** The first host key, as "type base64". */
  readonly hostKey: string;
  /** All host keys, as "type base64". */
  readonly hostKeys: readonly string[];
  /** Private key file (ed25519, no passphrase) that the server accepts. */
  readonly userKeyPath: string;
  /** known_hosts with every host key of this server. */
  readonly knownHostsPath: string;
  readonly authorizedKeysPath: string;
  /** Temporary directory of this server; removed by `stop`. */
  readonly dir: string;
  /** Lets one more key in: the text of a .pub file. */
  authorize(publicKey: string): void;
  /** What sshd has logged so far. */
  log(): string;
  stop(): Promise<void>;
}

const CANDIDATES = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/opt/homebrew/sbin/sshd'];

const program = process.platform === 'win32' ? undefined : CANDIDATES.find((path) => existsSync(path));

/**
 * Why there is no server to test against, or undefined if there is one. In CI a missing server is an error, so that
 * the suite can not go green without it.
 */
export function sshdMissing(): string | undefined {
  if (program !== undefined) return undefined;
  const reason = `no sshd found in ${CANDIDATES.join(', ')} (apt-get install openssh-server)`;
  if (process.env.CI && process.platform !== 'win32') throw new Error(reason);
  return reason;
}

/** Makes a key pair with ssh-keygen; returns the private key's path and the text of its .pub file. */
export function makeKey(
  path: string,
  type: KeyType = 'ed25519',
  { passphrase = '', format }: { passphrase?: string; format?: 'PEM' | 'PKCS8' } = {},
): { path: string; publicKey: string } {
  const args = ['-q', '-t', type, '-N', passphrase, '-C', `test-${type}`, '-f', path];
  if (type === 'rsa') args.push('-b', '2048');
  if (format !== undefined) args.push('-m', format);
  execFileSync('ssh-keygen', args, { stdio: 'pipe' });
  return { path, publicKey: readFileSync(`${path}.pub`, 'utf8').trim() };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function version(sshd: string): number {
  let text = '';
  try {
    text = execFileSync('/bin/sh', ['-c', '"$0" -V 2>&1 || true', sshd], { encoding: 'utf8' });
  } catch {
    return 0;
  }
  const match = /OpenSSH_(\d+)\.(\d+)/.exec(text);
  return match === null ? 0 : Number(match[1]) * 100 + Number(match[2]);
}

/** Starts a real OpenSSH server on the loopback interface, with keys and configuration of its own. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  sshdMissing();
  if (program === undefined) throw new Error('no sshd');
  const user = userInfo().username;
  const dir = mkdtempSync(join(tmpdir(), 'rsyncjs-sshd-'));
  // Started by root, sshd wants its privilege separation directory.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });

  const hostKeyPaths = (options.hostKeyTypes ?? ['ed25519']).map((type) => join(dir, `host_${type}`));
  const hostKeys = (options.hostKeyTypes ?? ['ed25519']).map((type, i) => {
    const { publicKey } = makeKey(hostKeyPaths[i]!, type);
    return publicKey.split(' ').slice(0, 2).join(' ');
  });
  const userKeyPath = join(dir, 'user_key');
  const authorizedKeysPath = join(dir, 'authorized_keys');
  writeFileSync(authorizedKeysPath, `${makeKey(userKeyPath).publicKey}\n`);
  chmodSync(authorizedKeysPath, 0o600);

  for (let attempt = 0; ; attempt++) {
    const port = await freePort();
    const configPath = join(dir, 'sshd_config');
    writeFileSync(
      configPath,
      `${[
        ...(options.config ?? []),
        'ListenAddress 127.0.0.1',
        ...hostKeyPaths.map((path) => `HostKey ${path}`),
        `AuthorizedKeysFile ${authorizedKeysPath}`,
        'PidFile none',
        'StrictModes no',
        'UsePAM no',
        'PermitRootLogin yes',
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'PrintMotd no',
        'MaxStartups 200',
        'MaxAuthTries 20',
        'LogLevel VERBOSE',
        // Keeps bash from reading the account's .bashrc, which it does for the first shell of an ssh connection.
        'SetEnv SHLVL=2',
        // 9.8 and later punish an address for failed logins, and all tests come from one address.
        ...(version(program) >= 908 ? ['PerSourcePenalties no'] : []),
      ].join('\n')}\n`,
    );
    // -e: log to standard error, where the harness sees when the server is ready.
    const child = spawn(program, ['-D', '-e', '-f', configPath, '-p', String(port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    // Not 'close': sessions that outlive the server hold its standard error open.
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const ready = new Promise<boolean>((resolve) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        log += text;
        if (log.includes('Server listening on')) resolve(true);
      });
      child.once('error', () => resolve(false));
      void gone.then(() => resolve(false));
    });
    if (!(await ready)) {
      if (attempt < 4 && /in use|Cannot bind/i.test(log)) continue;
      rmSync(dir, { recursive: true, force: true });
      throw new Error(`sshd did not start:\n${log}`);
    }
    const knownHostsPath = join(dir, 'known_hosts');
    writeFileSync(knownHostsPath, hostKeys.map((key) => `[127.0.0.1]:${port} ${key}\n`).join(''));
    return {
      host: '127.0.0.1',
      port,
      user,
      hostKey: hostKeys[0]!,
      hostKeys,
      userKeyPath,
      knownHostsPath,
      authorizedKeysPath,
      dir,
      authorize: (publicKey) => appendFileSync(authorizedKeysPath, `${publicKey.trim()}\n`),
      log: () => log,
      stop: async () => {
        child.kill('SIGTERM');
        await gone;
        child.stderr.destroy();
        rmSync(dir, { recursive: true, force: true });
      },
    };
  }
}
