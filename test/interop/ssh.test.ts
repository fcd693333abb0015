/** The built-in ssh as people reach it: through the command, and through the library with settings of its own. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isRsyncError, list, type PromptRequest, pull, push, type SshOptions } from '../../src/index.ts';
import { newestPeer, requirePeers, runOurs, temporaryFolder } from '../support/peers.ts';
import { type Sshd, sshdMissing, startSshd } from '../support/sshd.ts';
import { compareTrees, makeTree, removeTree, snapshotTree } from '../support/tree.ts';

const found = requirePeers();

describe.skipIf(found.length === 0 || sshdMissing() !== undefined)('the built-in ssh', () => {
  const base = temporaryFolder('ssh');
  const src = join(base, 'src');
  const home = join(base, 'home');
  const rsyncPath = newestPeer().path;
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
    mkdirSync(join(home, '.ssh'), { recursive: true });
    makeTree(src, [
      { path: 'file', content: 'content\n' },
      { path: 'folder/inner', content: 'inner\n' },
    ]);
    writeFileSync(
      join(home, '.ssh', 'config'),
      [
        'Host vault',
        `  HostName ${sshd.host}`,
        `  Port ${sshd.port}`,
        `  User ${sshd.user}`,
        `  IdentityFile ${sshd.userKeyPath}`,
        `  UserKnownHostsFile ${sshd.knownHostsPath}`,
        '  ForwardAgent yes',
      ].join('\n'),
      { mode: 0o600 },
    );
  });
  afterAll(async () => {
    await sshd?.stop();
    removeTree(base);
  });

  const same = (target: string): void => {
    expect(compareTrees(snapshotTree(src), snapshotTree(target)).join('\n')).toBe('');
  };

  describe('behind the command', () => {
    const env = { HOME: home };
    const common = ['-a', `--rsync-path=${rsyncPath}`];

    test('takes an alias of ~/.ssh/config, as `ssh alias` does', async () => {
      const target = join(base, 'alias');
      const { code, stderr } = await runOurs([...common, `vault:${src}/`, `${target}/`], { env });
      expect({ code, stderr: stderr.toString() }).toEqual({ code: 0, stderr: '' });
      same(target);
    });

    test('--ssh-debug tells every setting and its source, and changes nothing else', async () => {
      const line = [...common, '-in', `vault:${src}/`, join(base, 'none/')];
      const quiet = await runOurs(line, { env });
      const loud = await runOurs(['--ssh-debug', ...line], { env });
      expect(loud.code).toBe(0);
      expect(loud.stdout.equals(quiet.stdout)).toBe(true);
      const said = loud.stderr.toString();
      const config = join(home, '.ssh', 'config');
      expect(said).toMatch(new RegExp(`  Port +${sshd.port} +${config}:3 +used\n`));
      expect(said).toMatch(new RegExp(`  ForwardAgent +yes +${config}:7 +not used: .+\n`));
      expect(said).toMatch(/ {2}StrictHostKeyChecking +ask +default +used\n/);
      expect(said).toContain('ssh: offering ED25519 SHA256:');
      expect(said).toContain('ssh: logged in to');
      expect(said).not.toContain('ssh2:');
    });

    test.each([
      ['-e', 'ssh -v'],
      ['-e', 'ssh -o LogLevel=DEBUG'],
    ])('%s "%s" tells the protocol too', async (...shell) => {
      const { code, stderr } = await runOurs([...shell, ...common, '-n', `vault:${src}/`, base], { env });
      expect(code).toBe(0);
      expect(stderr.toString()).toContain('ssh settings for vault:');
      expect(stderr.toString()).toContain("ssh2: Remote ident: 'SSH-2.0-OpenSSH");
    });

    test('--rsh-spawn starts the ssh of the system', async () => {
      const target = join(base, 'spawned');
      const shell = `ssh -F ${join(home, '.ssh', 'config')} -o LogLevel=ERROR`;
      const before = sshd.log().length;
      const { code, stderr } = await runOurs(
        ['--rsh-spawn', '-e', shell, ...common, `vault:${src}/`, `${target}/`],
        { env },
      );
      expect({ code, stderr: stderr.toString() }).toEqual({ code: 0, stderr: '' });
      same(target);
      expect(sshd.log().slice(before)).toContain('Accepted publickey');
    });

    test.each([
      ['-4', 0],
      ['-6', 255],
    ])('%s chooses the family of addresses', async (option, code) => {
      const known = join(base, 'known-localhost');
      writeFileSync(known, `[localhost]:${sshd.port} ${sshd.hostKey}\n`);
      const shell = `ssh -p ${sshd.port} -i ${sshd.userKeyPath} -o UserKnownHostsFile=${known} -F none`;
      const line = [option, '-e', shell, ...common, '-n', `${sshd.user}@localhost:${src}/`, base];
      const result = await runOurs(line, { env });
      // The server listens on 127.0.0.1 alone.
      expect(result.code, result.stderr.toString()).toBe(code);
    });

    test('"Match exec" is refused where it matters, and run if allowed', async () => {
      const config = join(base, 'config-exec');
      const mark = join(base, 'executed');
      const text = readFileSync(join(home, '.ssh', 'config'), 'utf8');
      writeFileSync(config, `Match exec "touch ${mark}"\n  ServerAliveInterval 7\n${text}`);
      const line = ['-e', `ssh -F ${config}`, ...common, '-n', `vault:${src}/`, base];
      const refused = await runOurs(line, { env });
      expect(refused.code).toBe(4);
      expect(refused.stderr.toString()).toMatch(/config-exec:2.*Match exec[\s\S]*--ssh-match-exec/);
      expect(existsSync(mark)).toBe(false);
      expect((await runOurs(['--ssh-match-exec', ...line], { env })).code).toBe(0);
      expect(existsSync(mark)).toBe(true);
    });
  });

  describe('behind the library', () => {
    const settings = (ssh: SshOptions = {}) => ({
      archive: true,
      rsyncPath,
      env: { HOME: join(base, 'nobody'), PATH: process.env.PATH },
      ssh: {
        port: sshd.port,
        user: sshd.user,
        configFile: false,
        privateKey: readFileSync(sshd.userKeyPath, 'utf8'),
        knownHostsFile: sshd.knownHostsPath,
        ...ssh,
      } satisfies SshOptions,
    });
    const host = () => sshd.host;

    test('has everything from its settings, keys as CI systems store them', async () => {
      const text = readFileSync(sshd.userKeyPath, 'utf8');
      const forms = [
        text,
        text.trim().replaceAll('\n', '\r\n'),
        text.trim().replaceAll('\n', '\\n'),
        Buffer.from(text),
      ];
      for (const [i, privateKey] of forms.entries()) {
        const target = join(base, `library-${i}`);
        const result = await pull(`${host()}:${src}/`, `${target}/`, settings({ privateKey }));
        expect(result.exitCode).toBe(0);
        same(target);
      }
      const pushed = join(base, 'library-pushed');
      expect((await push(`${src}/`, `${host()}:${pushed}/`, settings())).exitCode).toBe(0);
      same(pushed);
    });

    test('asks about a host that is not known, with its fingerprint', async () => {
      const known = join(base, 'library-known');
      const asked: PromptRequest[] = [];
      const ask = (answer: (request: PromptRequest) => string | undefined) => ({
        ...settings({ knownHostsFile: known }),
        onPrompt: (request: PromptRequest) => {
          asked.push(request);
          return answer(request);
        },
      });
      const refusal = await list(
        `${host()}:${src}/`,
        ask(() => undefined),
      ).catch((error: unknown) => error);
      expect(isRsyncError(refusal) && refusal.code).toBe('RSYNC_HOST_KEY');
      expect(existsSync(known)).toBe(false);
      await list(
        `${host()}:${src}/`,
        ask(({ fingerprint }) => fingerprint),
      );
      expect(asked.map(({ kind }) => kind)).toEqual(['host-key', 'host-key']);
      expect(asked[0]!.fingerprint).toMatch(/^SHA256:/);
      expect(readFileSync(known, 'utf8')).toContain(sshd.hostKey);
      await list(
        `${host()}:${src}/`,
        ask(() => 'no'),
      );
      expect(asked).toHaveLength(2);
    });

    test('ends with its signal while it waits for an answer', async () => {
      const controller = new AbortController();
      const error = await list(`${host()}:${src}/`, {
        ...settings({ knownHostsFile: join(base, 'library-never') }),
        signal: controller.signal,
        onPrompt: () => {
          controller.abort();
          return new Promise(() => {});
        },
      }).catch((reason: unknown) => reason);
      expect(isRsyncError(error) && [error.code, error.exitCode]).toEqual(['RSYNC_ABORTED', 20]);
    });

    test('refuses settings of the built-in ssh together with another program', async () => {
      const error = await list(`${host()}:${src}/`, { ...settings(), rsh: 'rsh' }).catch(
        (reason: unknown) => reason,
      );
      expect(isRsyncError(error) && error.code).toBe('RSYNC_USAGE');
    });
  });
});
