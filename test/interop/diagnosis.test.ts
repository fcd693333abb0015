/** Failures at the start and in the middle of a session, against a real sshd that is set up to fail that way. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  fakeShell,
  MAIN,
  newestPeer,
  type Peer,
  peers,
  requirePeers,
  runRsync,
  temporaryFolder,
} from '../support/peers.ts';
import { sshdMissing } from '../support/sshd.ts';
import { noise, removeTree } from '../support/tree.ts';
import { relay } from '../transport/support.ts';
import { FailingHost, told, which } from './failing-host.ts';

const found = requirePeers();
const base = temporaryFolder('diagnosis');
const peer: Peer = newestPeer();
const bash = which('bash') ?? '/bin/bash';
const isRoot = process.getuid?.() === 0;
const src = join(base, 'src');
const big = join(base, 'big');
let host: FailingHost;
let count = 0;
const fresh = (): string => join(base, `dst${++count}`);

describe.skipIf(found.length === 0 || sshdMissing() !== undefined)('a host that fails', () => {
  beforeAll(async () => {
    mkdirSync(src);
    mkdirSync(big);
    writeFileSync(join(src, 'a'), 'a\n');
    writeFileSync(join(src, 'b'), 'b\n');
    writeFileSync(join(big, 'big'), noise(8_000_000, 1));
    chmodSync(base, 0o755);
    host = await FailingHost.start();
  });
  afterAll(async () => {
    await host?.stop();
    removeTree(base);
  });

  const pull = (shell: string, rsyncPath = peer.path) =>
    host.ours(shell, ['--rsync-path', rsyncPath, `HOST:${src}/`, `${fresh()}/`]);

  describe('text of a start-up file', () => {
    for (const [name, file, line, guard] of [
      ['bash', '.bashrc', 'echo "Welcome to $HOSTNAME"', 'case $- in'],
      ['zsh', '.zshenv', 'echo Welcome', '-o interactive'],
      ['fish', '.config/fish/config.fish', 'echo Welcome', 'status is-interactive'],
    ] as const) {
      it.skipIf(which(name) === undefined)(`${name} (skipped if it is not installed)`, async () => {
        const { command } = host.account(which(name)!, { [file]: `${line}\n` });
        const { code, message, hint } = await pull(host.shell({ command }));
        expect(code).toBe(2);
        expect(message).toMatch(
          /^rsyncjs: ssh \S+: is your shell clean\? .*"Welcome.*\\n" \(starting rsync; /,
        );
        expect(hint).toContain(`~/${file} of the account must print nothing to a command`);
        expect(hint).toContain(guard);
      });
    }

    it('one byte of it, and control characters', async () => {
      const short = host.account(bash, { '.bashrc': 'printf x\n' });
      expect((await pull(host.shell({ command: short.command }))).message).toContain('answer: "x" (');
      const colours = host.account(bash, { '.bashrc': "printf '\\033[31mred\\033[0m\\a\\n'\n" });
      const { message, stderr } = await pull(host.shell({ command: colours.command }));
      expect(message).toContain('"\\\\x1b[31mred\\\\x1b[0m\\\\x07\\\\n"'.replaceAll('\\\\', '\\'));
      expect(stderr).not.toMatch(/[\0-\x08\x0b-\x1f]/);
    });

    it('of --rsync-path, where the shell is quiet', async () => {
      const { code, hint } = await pull(host.shell(), `echo hello; ${peer.path}`);
      expect(code).toBe(2);
      expect(hint).toContain('it comes from --rsync-path="echo hello;');
    });

    it('ends as with rsync itself', async () => {
      const { command } = host.account(bash, { '.bashrc': 'echo Welcome\n' });
      const args = ['-a', '--rsync-path', peer.path, '-e', host.shell({ command })];
      const theirs = await runRsync(peer, [...args, `${host.sshd.user}@127.0.0.1:${src}/`, `${fresh()}/`]);
      expect(theirs.code).toBe(2);
    });
  });

  describe('no rsync', () => {
    it('finds it elsewhere, and the advice works', async () => {
      const account = host.account(
        bash,
        { 'bin/rsync': `#!/bin/sh\nPATH=/usr/bin:/bin exec ${peer.path} "$@"\n` },
        host.barePath(),
      );
      const shell = host.shell({ command: account.command });
      const { code, message, hint } = await pull(shell, 'rsync');
      expect(code).toBe(127);
      expect(message).toContain(
        'rsync was not found on that host (starting rsync; "rsync --server --sender ',
      );
      expect(message).toContain('ended with status 127; 0 bytes in, 4 out)');
      const [, path] = /^It is there as \S+: use --rsync-path=(\S+)\.$/.exec(hint) ?? [];
      expect(path, hint).toBeDefined();
      const again = await pull(shell, path);
      // A machine with an rsync of its own in /usr/bin is told of that one.
      expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: '' });
    });

    it('a path that is not there', async () => {
      const { code, message } = await pull(host.shell(), '/none/rsync');
      expect(code).toBe(127);
      expect(message).toContain('/none/rsync, named by --rsync-path, was not found there');
    });

    it('over a remote shell that is a program: without a second command', async () => {
      const shell = fakeShell(base, peer);
      const { code, message, hint } = await pull(shell, '/none/rsync');
      expect(code).toBe(127);
      expect(message).toContain('/none/rsync, named by --rsync-path, was not found there (starting rsync; ');
      expect(hint).toContain('--rsync-path');
    });

    it.each([
      ['a directory', () => base, 'is a directory'],
      ['no program', () => join(src, 'a'), 'is not a program that this account may run'],
      ['a foreign program', foreign, 'is for another processor or system'],
      ['a script without its interpreter', orphan, 'needs a program that is not there'],
    ])('%s', async (_title, path, what) => {
      const account = host.account(bash, {});
      const { code, message } = await pull(host.shell({ command: account.command }), path());
      expect([126, 127]).toContain(code);
      expect(message).toContain(what);
    });
  });

  function foreign(): string {
    const path = join(base, `foreign${++count}`);
    writeFileSync(path, Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01'), Buffer.alloc(64)]), {
      mode: 0o755,
    });
    return path;
  }

  function orphan(): string {
    const path = join(base, `orphan${++count}`);
    writeFileSync(path, '#!/none/interpreter\n', { mode: 0o755 });
    return path;
  }

  describe('a forced command', () => {
    it.each([
      [
        'a menu',
        'echo "1) status"; echo "2) quit"',
        2,
        'something else ran in place of rsync',
        'ForceCommand',
      ],
      ['nothing', 'exit 0', 12, 'without a word of rsync', 'ForceCommand'],
      ['a failure', 'exit 1', 1, 'failed with status 1', '/bin/false'],
      [
        'sftp alone',
        'echo "This service allows sftp connections only."; exit 1',
        2,
        'limited to sftp',
        'another user',
      ],
      [
        'a cloud image',
        `echo 'Please login as the user "admin" rather than the user "root".'; echo; sleep 20`,
        2,
        'does not take root as the user',
        'admin@HOST:PATH',
      ],
    ])('%s: runs once', async (_title, line, exitCode, what, advice) => {
      const log = join(host.dir, `log${++count}`);
      const { code, message, hint } = await pull(
        host.shell({ command: host.script(`echo run >> ${log}`, line) }),
      );
      expect({ code, message }).toEqual({ code: exitCode, message: expect.stringContaining(what) });
      expect(hint).toContain(advice);
      expect(readFileSync(log, 'utf8')).toBe('run\n');
    });

    it.skipIf(which('git-shell') === undefined)('git-shell (skipped if git is not installed)', async () => {
      const { message } = await pull(
        host.shell({ command: host.script('exec git-shell -c "$SSH_ORIGINAL_COMMAND"') }),
      );
      expect(message).toContain('for git alone');
    });

    it.skipIf(which('script') === undefined)('a terminal (skipped if there is no script(1))', async () => {
      const line = 'exec script -qec "$SSH_ORIGINAL_COMMAND" /dev/null';
      const { code, message } = await pull(host.shell({ command: host.script(line) }));
      // Which comes first is a matter of chance: the version of the server, or ours that the terminal shows.
      expect([2, 12]).toContain(code);
      expect(message).toContain('is a terminal');
    });
  });

  describe.each(peers().filter(({ rrsync }) => rrsync !== undefined))('rrsync $version', ({ rrsync }) => {
    const refused = (flags: string, args: (host: string) => string[]) =>
      host.ours(host.shell({ command: `${rrsync} ${flags} ${src}`.replace('  ', ' ') }), args('HOST:'));

    it('tells the direction that is allowed', async () => {
      const push = await refused('-ro', (at) => [`${src}/a`, `${at}x`]);
      expect(push.message).toContain('rrsync refused the request: ');
      expect(push.hint).toContain('may only read: pull');
      const pulled = await refused('-wo', (at) => [`${at}a`, fresh()]);
      expect(pulled.hint).toContain('may only write: push');
    });

    it('tells about paths, options and --rsync-path', async () => {
      expect((await refused('', (at) => [`${at}../a`, fresh()])).hint).toContain('relative to the directory');
      expect((await refused('', (at) => ['-s', `${at}a`, fresh()])).hint).toContain('Leave out -s');
      expect((await refused('', (at) => ['--rsync-path=sudo rsync', `${at}a`, fresh()])).hint).toContain(
        'leave out --rsync-path="sudo rsync"',
      );
    });
  });

  describe('a remote rsync that gives up', () => {
    it.each(peers())('$version: unknown option', async ({ path, version }) => {
      const program = host.script('shift', `exec ${path} --server --none "$@"`);
      const { code, message } = await pull(host.shell(), program);
      expect(code).toBe(1);
      expect(message).toContain(
        `the remote rsync ${version.replace(/-.*/, '')} does not know the option --none`,
      );
    });

    it('a folder that can not be made, a destination of another kind: as with rsync itself', async () => {
      for (const [to, exitCode, advice] of [
        [join(base, 'no/such/folder/'), 11, '--mkpath'],
        [join(src, 'a'), 3, 'Check the path'],
      ] as const) {
        const args = ['--rsync-path', peer.path, `${src}/`];
        const { code, hint } = await host.ours(host.shell(), [...args, `HOST:${to}`]);
        expect(code).toBe(exitCode);
        expect(hint).toContain(advice);
        const theirs = await runRsync(peer, [
          '-a',
          '-e',
          host.shell(),
          ...args,
          `${host.sshd.user}@127.0.0.1:${to}`,
        ]);
        expect(theirs.code).toBe(exitCode);
      }
    });

    it('silence: --timeout', async () => {
      const { code, message } = await host.ours(host.shell(), [
        ...['--timeout=1', '--rsync-path', `sleep 30; ${peer.path}`, `HOST:${src}/`, fresh()],
      ]);
      expect(code).toBe(30);
      expect(message).toMatch(
        /io timeout after 1 seconds \(starting rsync; ".*" had not ended; 0 bytes in, 4 out\)/,
      );
    });
  });

  describe('the middle of a transfer', () => {
    /** Starts a slow transfer, does something to it once data flows, and waits for its end. */
    async function disturbed(
      direction: 'pull' | 'push',
      shell: string,
      act: (pid: number) => void,
    ): Promise<ReturnType<typeof told>> {
      const to = fresh();
      mkdirSync(to);
      const pidFile = join(base, `pid${++count}`);
      const program = host.script(`echo $$ > ${pidFile}`, `exec ${peer.path} "$@"`);
      const at = `${host.sshd.user}@127.0.0.1:`;
      const paths = direction === 'pull' ? [`${at}${big}/`, `${to}/`] : [`${big}/`, `${at}${to}/`];
      const args = [MAIN, '-a', '--bwlimit=500', '--rsync-path', program, '-e', shell, ...paths];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      const chunks: Buffer[] = [];
      child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
      const closed = new Promise<number | null>((done) => child.on('close', done));
      // The temporary file of the receiving side: data is flowing.
      while (child.exitCode === null && !readdirSync(to).some((name) => name.startsWith('.big.')))
        await new Promise((next) => setTimeout(next, 20));
      act(Number(readFileSync(pidFile, 'utf8')));
      const code = await closed;
      return told({ code, signal: null, stdout: Buffer.alloc(0), stderr: Buffer.concat(chunks), elapsed: 0 });
    }

    it.each([
      ['pull', 'SIGKILL', 'memory'],
      ['push', 'SIGKILL', 'memory'],
      ['pull', 'SIGSEGV', 'crashed'],
    ] as const)('%s: %s of the remote rsync', async (direction, signal, advice) => {
      const { code, message, hint } = await disturbed(direction, host.shell(), (pid) =>
        process.kill(pid, signal),
      );
      expect(code).toBe(12);
      expect(message).toMatch(
        new RegExp(
          `the remote rsync was killed by ${signal.slice(0, 6)}.* \\(in the transfer; ".*" was killed by .*; \\d+ bytes in, \\d+ out\\)`,
        ),
      );
      expect(hint).toContain(advice);
      expect(hint).toContain('Run it again');
    });

    it.each(['pull', 'push'] as const)('%s: the connection is cut', async (direction) => {
      const between = await relay(host.sshd.port);
      const { code, message, hint } = await disturbed(direction, host.shell({ port: between.port }), () =>
        between.cut(),
      );
      between.stop();
      expect(code).toBe(255);
      expect(message).toMatch(
        /the connection was lost \(in the transfer; ".*" gave no exit status; .*; connection: /,
      );
      expect(hint).toContain('Run it again');
    });

    it('the network falls silent', async () => {
      const between = await relay(host.sshd.port);
      const shell = host.shell({
        port: between.port,
        options: '-o ServerAliveInterval=1 -o ServerAliveCountMax=2',
      });
      const { code, message, hint } = await disturbed('pull', shell, () => between.freeze());
      between.stop();
      expect(code).toBe(255);
      expect(message).toContain('connection: silent for 2 seconds');
      expect(hint).toContain('ServerAliveInterval');
    });
  });

  describe.skipIf(!isRoot || process.platform !== 'linux')(
    'a full disk (root on Linux mounts a small one)',
    () => {
      const small = join(base, 'small');
      beforeAll(() => {
        mkdirSync(small);
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]);
      });
      afterAll(() => execFileSync('umount', [small]));

      it.each(peers())('there: rsync $version', async ({ path }) => {
        const { code, message, hint } = await host.ours(host.shell(), [
          '--rsync-path',
          path,
          `${big}/`,
          `HOST:${small}/`,
        ]);
        expect(code).toBe(11);
        expect(message).toContain(
          `the disk there is full: "${small}/big": No space left on device (in the transfer; `,
        );
        expect(hint).toContain('Free some space there');
      });

      it('here', async () => {
        const { code, message, hint } = await host.ours(host.shell(), [
          '--rsync-path',
          peer.path,
          `HOST:${big}/`,
          `${small}/`,
        ]);
        expect(code).toBe(11);
        expect(message).toBe(`rsyncjs: write failed on "${small}/big": No space left on device (28)`);
        expect(hint).toContain('Free some space here');
        expect(readdirSync(small)).toEqual([]);
      });
    },
  );

  const canMakeAccounts = isRoot && process.platform === 'linux' && which('useradd') !== undefined;
  describe.skipIf(!canMakeAccounts)('an account (root on Linux makes one)', () => {
    const name = `rsyncjs${process.pid}`;
    const home = join(base, 'home');
    const rules = `/etc/sudoers.d/${name}`;
    beforeAll(() => {
      // "*" is no password, and unlike "!" no lock.
      execFileSync('useradd', ['-m', '-d', home, '-s', '/bin/sh', '-p', '*', name], { stdio: 'pipe' });
    });
    afterAll(() => {
      execFileSync('rm', ['-f', rules]);
      execFileSync('userdel', ['-f', name], { stdio: 'pipe' });
    });
    const asThem = (rsyncPath: string) =>
      host.ours(host.shell(), ['--rsync-path', rsyncPath, `HOST:${src}/`, `${fresh()}/`], name);

    it('~/.ssh/rc prints', async () => {
      mkdirSync(join(home, '.ssh'));
      writeFileSync(join(home, '.ssh/rc'), 'echo Welcome\n');
      const { code, message, hint } = await asThem(peer.path);
      writeFileSync(join(home, '.ssh/rc'), '');
      expect(code).toBe(2);
      expect(message).toContain('"Welcome\\n"');
      expect(hint).toMatch(/^~\/\.ssh\/rc /);
    });

    it('nologin', async () => {
      const nologin = which('nologin') ?? '/usr/sbin/nologin';
      execFileSync('usermod', ['-s', nologin, name]);
      const { message } = await asThem(peer.path);
      execFileSync('usermod', ['-s', '/bin/sh', name]);
      expect(message).toContain('the account there has no login shell (nologin)');
    });

    it.skipIf(which('sudo') === undefined)(
      'sudo (skipped if it is not installed): the advice works',
      async () => {
        for (const sudo of ['sudo', 'sudo -n']) {
          const { code, message, hint } = await asThem(`${sudo} ${peer.path}`);
          expect(code).toBe(1);
          expect(message).toContain('sudo there wants a password (starting rsync; ');
          expect(hint.includes(`--rsync-path="sudo -n ${peer.path}"`)).toBe(sudo === 'sudo');
          const [, rule] = /with the line "([^"]+)"/.exec(hint) ?? [];
          writeFileSync(rules, `${rule}\n`, { mode: 0o440 });
          const again = await asThem(`${sudo} ${peer.path}`);
          expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: '' });
          writeFileSync(rules, `${rule}\nDefaults:${name} requiretty\n`, { mode: 0o440 });
          expect((await asThem(`${sudo} ${peer.path}`)).hint).toContain('!requiretty');
          execFileSync('rm', ['-f', rules]);
        }
      },
    );

    it('su asks', async () => {
      // It reads from where the data comes, and waits for ever.
      const { code, stderr } = await asThem(host.script(`exec su root -c "${peer.path} $*"`));
      expect(code).toBe(12);
      expect(stderr).toMatch(
        /the remote command asks for a password .* had not ended; .*; it said: Password:$/m,
      );
      expect(stderr).toContain('log in as the user');
    });
  });
});
