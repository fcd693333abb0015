import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { freePort } from './daemon.mjs';

const CANDIDATES = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/opt/homebrew/sbin/sshd'];

function makeKey(path) {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'bench', '-f', path], { stdio: 'pipe' });
  return `${path}.pub`;
}

/** PerSourcePenalties came with 9.8; earlier ones refuse the keyword. */
function hasPenalties(program) {
  const text = String(spawnSync(program, ['-V'], { stdio: 'pipe' }).stderr);
  const [, major = '0', minor = '0'] = /OpenSSH_(\d+)\.(\d+)/.exec(text) ?? [];
  return Number(major) * 100 + Number(minor) >= 908;
}

/**
 * Starts an OpenSSH server on a free loopback port, with keys and a configuration of its own in a folder under `dir`
 * (which the caller removes). It lets in the account that runs the bench.
 *
 * `config`: further lines of sshd_config; they come first, so they win.
 * Returns `port`, `userKey` and `knownHosts` (paths), `log()` (text so far) and `stop()`.
 */
export async function startSshd(dir, config = []) {
  const program = CANDIDATES.find((path) => existsSync(path));
  if (program === undefined) throw new Error(`no sshd in ${CANDIDATES.join(', ')}`);
  const home = mkdtempSync(join(dir, 'sshd-'));
  // Started by root, sshd wants its privilege separation directory.
  if (process.getuid() === 0) mkdirSync('/run/sshd', { recursive: true });

  const hostKey = join(home, 'host_key');
  const hostKeyLine = readFileSync(makeKey(hostKey), 'utf8').split(' ').slice(0, 2).join(' ');
  const userKey = join(home, 'user_key');
  const authorizedKeys = join(home, 'authorized_keys');
  copyFileSync(makeKey(userKey), authorizedKeys);
  chmodSync(authorizedKeys, 0o600);
  const configPath = join(home, 'sshd_config');
  const knownHosts = join(home, 'known_hosts');

  for (let attempt = 0; ; attempt++) {
    const port = await freePort();
    writeFileSync(
      configPath,
      `${[
        ...config,
        'ListenAddress 127.0.0.1',
        `HostKey ${hostKey}`,
        `AuthorizedKeysFile ${authorizedKeys}`,
        'PidFile none',
        'StrictModes no',
        'UsePAM no',
        'PermitRootLogin yes',
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'PrintMotd no',
        'PrintLastLog no',
        'MaxStartups 200',
        // Keeps bash from reading the account's .bashrc, which it does for the first shell of an ssh connection.
        'SetEnv SHLVL=2',
        ...(hasPenalties(program) ? ['PerSourcePenalties no'] : []),
      ].join('\n')}\n`,
    );
    // -e: log to standard error, which says when the server is ready.
    const child = spawn(program, ['-D', '-e', '-f', configPath, '-p', String(port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const ready = await new Promise((resolve) => {
      child.stderr.setEncoding('utf8').on('data', (text) => {
        log += text;
        if (log.includes('Server listening on')) resolve(true);
      });
      child.once('error', () => resolve(false));
      void gone.then(() => resolve(false));
    });
    if (!ready) {
      if (attempt < 4 && /in use|Cannot bind/i.test(log)) continue;
      throw new Error(`sshd did not start:\n${log}`);
    }
    writeFileSync(knownHosts, `[127.0.0.1]:${port} ${hostKeyLine}\n`);
    return {
      port,
      userKey,
      knownHosts,
      log: () => log,
      stop: async () => {
        child.kill('SIGTERM');
        await gone;
        child.stderr.destroy();
      },
    };
  }
}
