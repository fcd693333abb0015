import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why there can be no account to log in to with a password, or undefined. */
export function accountsMissing(): string | undefined {
  if (process.platform !== 'linux') return 'accounts for tests are made on Linux alone';
  if (process.getuid?.() !== 0) return 'only root can make accounts for tests';
  try {
    execFileSync('/bin/sh', ['-c', 'command -v useradd chpasswd userdel'], { stdio: 'pipe' });
    return undefined;
  } catch {
    return 'no useradd, chpasswd, userdel (apt-get install passwd)';
  }
}

export interface Account {
  name: string;
  password: string;
  home: string;
  /** Lets a key in: the text of a .pub file. */
  authorize(publicKey: string): void;
  /** The account and its home are gone. */
  remove(): void;
}

let count = 0;

/** An account with a home of its own. */
export function makeAccount(password: string): Account {
  const base = mkdtempSync(join(tmpdir(), 'rsyncjs-account-'));
  chmodSync(base, 0o711);
  const name = `rjs${process.pid}x${count++}`;
  const home = join(base, 'home');
  execFileSync('useradd', ['-M', '-d', home, '-s', '/bin/sh', name], { stdio: 'pipe' });
  execFileSync('chpasswd', [], { input: `${name}:${password}\n`, stdio: 'pipe' });
  const [uid, gid] = (['-u', '-g'] as const).map((what) =>
    Number(execFileSync('id', [what, name], { encoding: 'utf8' })),
  );
  const own = (path: string, mode: number): void => {
    chownSync(path, uid!, gid!);
    chmodSync(path, mode);
  };
  mkdirSync(join(home, '.ssh'), { recursive: true });
  own(home, 0o700);
  own(join(home, '.ssh'), 0o700);
  const keys = join(home, '.ssh', 'authorized_keys');
  writeFileSync(keys, '');
  own(keys, 0o600);
  return {
    name,
    password,
    home,
    authorize: (publicKey) => writeFileSync(keys, `${publicKey.trim()}\n`, { flag: 'a' }),
    remove: () => {
      execFileSync('userdel', ['-f', name], { stdio: 'pipe' });
      rmSync(base, { recursive: true, force: true });
    },
  };
}
