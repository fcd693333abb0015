import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunResult, runOurs } from '../support/peers.ts';
import { makeKey, type Sshd, startSshd } from '../support/sshd.ts';

/** A real sshd, whose keys start what a test wants: one server for all ways to fail. */
export class FailingHost {
  readonly sshd: Sshd;
  readonly dir: string;
  #count = 0;

  private constructor(sshd: Sshd) {
    this.sshd = sshd;
    this.dir = sshd.dir;
    // Other accounts are to find their way to what lies here.
    chmodSync(sshd.dir, 0o755);
    chmodSync(sshd.authorizedKeysPath, 0o644);
  }

  static async start(): Promise<FailingHost> {
    return new FailingHost(await startSshd());
  }

  stop(): Promise<void> {
    return this.sshd.stop();
  }

  /** The words after `-e` for a key that runs `command`, or whatever it is told. */
  shell({ command, port, options = '' }: { command?: string; port?: number; options?: string } = {}): string {
    let key = this.sshd.userKeyPath;
    if (command !== undefined) {
      const made = makeKey(join(this.dir, `key${++this.#count}`));
      key = made.path;
      this.sshd.authorize(`command="${command}" ${made.publicKey}`);
    }
    const known = join(this.dir, 'known_hosts_of_tests');
    return `ssh -F none -p ${port ?? this.sshd.port} -i ${key} -o UserKnownHostsFile=${known} -o StrictHostKeyChecking=accept-new ${options}`;
  }

  /** A script that runs in place of every command. */
  script(...lines: string[]): string {
    const path = join(this.dir, `script${++this.#count}`);
    writeFileSync(path, `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 });
    return path;
  }

  /** An account with a login shell and start-up files of its own, as far as a script can play one. */
  account(
    shell: string,
    files: Record<string, string>,
    path = process.env.PATH ?? '',
  ): { command: string; home: string } {
    const home = join(this.dir, `home${++this.#count}`);
    mkdirSync(home);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(home, name, '..'), { recursive: true });
      writeFileSync(join(home, name), text, { mode: 0o755 });
    }
    return {
      home,
      command: this.script(
        `HOME='${home}'; SHELL='${shell}'; PATH='${path}'; export HOME SHELL PATH; unset SHLVL BASH_ENV ENV ZDOTDIR XDG_CONFIG_HOME`,
        `exec '${shell}' -c "$SSH_ORIGINAL_COMMAND"`,
      ),
    };
  }

  /** A PATH in which there is little, and no rsync. */
  barePath(): string {
    const bin = join(this.dir, `bin${++this.#count}`);
    mkdirSync(bin);
    for (const name of ['sh', 'uname', 'id', 'cat']) symlinkSync(which(name)!, join(bin, name));
    return bin;
  }

  async ours(shell: string, args: readonly string[], user = this.sshd.user): Promise<Told> {
    const words = args.map((word) => word.replace(/^HOST:/, `${user}@${this.sshd.host}:`));
    return told(await runOurs(['-a', '-e', shell, ...words], { env: { HOME: this.dir } }));
  }
}

/** What the command said: the failure's line, the hint below it, and the rest. */
export interface Told {
  code: number | null;
  message: string;
  hint: string;
  stderr: string;
}

export function told({ code, stderr }: RunResult): Told {
  const text = stderr.toString('utf8');
  const lines = text.trimEnd().split('\n');
  const at = lines.findLastIndex((line) => line.startsWith('rsyncjs: '));
  return { code, message: lines[at] ?? '', hint: at < 0 ? '' : (lines[at + 1] ?? ''), stderr: text };
}

/** Where a program is, or undefined. */
export function which(name: string): string | undefined {
  try {
    return execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
