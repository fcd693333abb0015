import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Channel } from '../../../src/transport/channel.ts';
import { openRemoteShell, type RemoteShellTarget } from '../../../src/transport/remote-shell.ts';
import { makePlan } from '../../../src/transport/ssh/plan.ts';
import { freePort, type Sshd, sshdMissing, startSshd } from '../../support/sshd.ts';
import { failure, open, relay, temporaryFolder, text } from '../support.ts';

const dir = temporaryFolder();
const home = join(dir, 'home');
mkdirSync(join(home, '.ssh'), { recursive: true });

describe.skipIf(sshdMissing())('the way to a server', () => {
  let near: Sshd;
  let middle: Sshd;
  let far: Sshd;
  beforeAll(async () => {
    [near, middle, far] = await Promise.all([startSshd(), startSshd(), startSshd()]);
  });
  afterAll(async () => {
    await Promise.all([near.stop(), middle.stop(), far.stop()]);
  });

  const block = (name: string, sshd: Sshd, more: string[] = [], port = sshd.port): string[] => [
    `Host ${name}`,
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  User ${sshd.user}`,
    `  IdentityFile ${sshd.userKeyPath}`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${sshd.knownHostsPath}`,
    ...more.map((line) => `  ${line}`),
  ];

  let count = 0;
  const config = (...lines: string[][]): string => {
    const file = join(dir, `config-${count++}`);
    writeFileSync(file, `${lines.flat().join('\n')}\n`);
    return file;
  };

  const through = (
    file: string,
    command: string,
    more: Partial<RemoteShellTarget> & { args?: string } = {},
  ): Promise<Channel> => {
    const { args = '', ...target } = more;
    return openRemoteShell({
      host: 'far',
      command,
      words: [],
      rsh: `ssh -F ${file} ${args}`,
      env: { HOME: home, SHELL: '/bin/sh' },
      ...target,
    });
  };

  const run = async (channel: Channel): Promise<string> => {
    const said = await text(channel.input);
    expect(await channel.exit).toEqual({ code: 0, signal: null });
    channel.destroy();
    return said;
  };

  /** The server's own words about who is connected: the far server must see the hop, not us. */
  const WHO = 'echo $SSH_CONNECTION';

  describe('ProxyJump', () => {
    it('passes one host', async () => {
      const file = config(block('near', near), block('far', far, ['ProxyJump near']));
      expect(await run(await through(file, WHO))).toContain(` 127.0.0.1 ${far.port}\n`);
      expect(near.log()).toMatch(/Accepted publickey/);
      expect(near.log()).not.toMatch(/Starting session: command/);
    });

    it('passes several in order, each with its own user, port and key', async () => {
      const file = config(block('near', near), block('middle', middle), block('far', far));
      const trace: string[] = [];
      const channel = await through(file, WHO, {
        args: `-J near,${middle.user}@middle:${middle.port}`,
        trace: (line) => trace.push(line),
      });
      expect(await run(channel)).toContain(` 127.0.0.1 ${far.port}\n`);
      const steps = trace.filter((line) => line.startsWith('ssh: connecting to '));
      expect(steps).toEqual([
        `ssh: connecting to 127.0.0.1:${near.port}`,
        `ssh: connecting to 127.0.0.1:${middle.port} from 127.0.0.1:${near.port}`,
        `ssh: connecting to 127.0.0.1:${far.port} from 127.0.0.1:${middle.port}`,
      ]);
    });

    it("follows the jump host's own ProxyJump", async () => {
      const file = config(
        block('near', near),
        block('middle', middle, ['ProxyJump near']),
        block('far', far, ['ProxyJump ssh://middle']),
      );
      const trace: string[] = [];
      await run(await through(file, 'true', { trace: (line) => trace.push(line) }));
      expect(trace.filter((line) => line.startsWith('ssh: logged in'))).toHaveLength(3);
    });

    it('goes straight with "none"', async () => {
      const file = config(block('near', near), block('far', far, ['ProxyJump near']));
      const trace: string[] = [];
      await run(
        await through(file, 'true', { args: '-o ProxyJump=none', trace: (line) => trace.push(line) }),
      );
      expect(trace.filter((line) => line.startsWith('ssh: logged in'))).toHaveLength(1);
    });

    it('stops at hosts that are reached through themselves', async () => {
      const file = config(block('*', far, ['ProxyJump near']));
      const error = await failure(through(file, 'true'));
      expect(error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 255 });
      expect(error.hint).toContain('ProxyJump none');
    });

    it('verifies the jump host under its own name', async () => {
      const other = join(dir, 'known-other');
      writeFileSync(other, `[127.0.0.1]:${near.port} ${middle.hostKey}\n`);
      const lying = config(
        block('near', near, []).map((line) => line.replace(near.knownHostsPath, other)),
        block('far', far, ['ProxyJump near']),
      );
      const error = await failure(through(lying, 'true'));
      expect(error).toMatchObject({ code: 'RSYNC_HOST_KEY', exitCode: 255 });
      expect(error.message).toContain(`[127.0.0.1]:${near.port}`);
      expect(error.path).toBe(`${other}:1`);
    });

    it('says which of the hosts has refused', async () => {
      const strange = config(
        block('near', near).map((line) => line.replace(near.userKeyPath, far.userKeyPath)),
        block('far', far, ['ProxyJump near']),
      );
      const error = await failure(through(strange, 'true'));
      expect(error).toMatchObject({ code: 'RSYNC_AUTH', exitCode: 255 });
      expect(error.message).toContain(`@127.0.0.1:${near.port}: permission denied`);
    });

    it('says that the jump host can not go on', async () => {
      const port = await freePort();
      const file = config(block('near', near), block('far', far, ['ProxyJump near'], port));
      const error = await failure(through(file, 'true'));
      expect(error).toMatchObject({ code: 'RSYNC_CONNECT', exitCode: 255, origin: 'transport' });
      expect(error.message).toMatch(
        new RegExp(`127.0.0.1:${port} from the jump host 127.0.0.1:${near.port}: .*refused`, 'i'),
      );

      const closed = await startSshd({ config: ['AllowTcpForwarding no'] });
      const denied = await failure(
        through(config(block('near', closed), block('far', far, ['ProxyJump near'])), 'true'),
      );
      expect(denied.message).toContain('from the jump host');
      expect(denied.hint).toContain('AllowTcpForwarding');
      await closed.stop();
    });

    it('carries 40 MB each way intact', async () => {
      const file = config(block('near', near), block('far', far, ['ProxyJump near']));
      const data = Buffer.alloc(40_000_003);
      for (let i = 0; i < data.length; i += 997) data.writeUInt8(i & 0xff, i);
      const channel = await through(file, 'cat');
      const hash = createHash('sha256');
      const reading = pipeline(channel.input, hash);
      for (let at = 0; at < data.length; at += 100_000) {
        if (!channel.output.write(data.subarray(at, at + 100_000)))
          await new Promise((resolve) => channel.output.once('drain', resolve));
      }
      channel.output.end();
      await reading;
      expect(hash.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'));
      channel.destroy();
    });

    it('leaves no connection open on the way', async () => {
      const between = await relay(near.port);
      const known = join(dir, 'known-relay');
      writeFileSync(known, `[127.0.0.1]:${between.port} ${near.hostKey}\n`);
      const file = config(
        block('near', near, [], between.port).map((line) => line.replace(near.knownHostsPath, known)),
        block('far', far, ['ProxyJump near']),
      );
      const channel = await through(file, 'cat');
      channel.output.end();
      channel.input.resume();
      expect(await channel.exit).toEqual({ code: 0, signal: null });
      expect(between.sockets()).toBe(2);
      channel.destroy();
      await expect.poll(between.sockets, { timeout: 5000 }).toBe(0);
      between.stop();
    });

    it('notices that the jump host is gone', async () => {
      const between = await relay(near.port);
      const known = join(dir, 'known-cut');
      writeFileSync(known, `[127.0.0.1]:${between.port} ${near.hostKey}\n`);
      const file = config(
        block('near', near, [], between.port).map((line) => line.replace(near.knownHostsPath, known)),
        block('far', far, ['ProxyJump near']),
      );
      const channel = await through(file, 'sleep 20');
      channel.input.resume();
      between.cut();
      expect(await channel.exit).toEqual({ code: null, signal: null });
      channel.destroy();
      between.stop();
    });

    it('is not told the password for the host behind it', async () => {
      const file = config(block('near', near), block('far', far, ['ProxyJump near']));
      const keys = [{ content: 'key', name: 'key' }];
      const plan = await makePlan({
        host: 'far',
        given: [],
        configFile: file,
        env: { HOME: home },
        secrets: { password: 'for far alone', keys, passphrase: 'for the keys' },
      });
      expect(plan.secrets.password).toBe('for far alone');
      const hop = plan.route.kind === 'jump' ? plan.route.hop : undefined;
      expect(hop?.where).toBe(`127.0.0.1:${near.port}`);
      expect(hop?.secrets).toEqual({ password: undefined, keys, passphrase: 'for the keys' });
    });

    it.each(['-oProxyCommand=x', 'host:99999', '@host', ''])('refuses the jump host %j', async (jump) => {
      const file = config(block('far', far));
      const error = await failure(through(file, 'true', { rsh: `ssh -F ${file} -o "ProxyJump=${jump}"` }));
      expect(error.code).toBe('RSYNC_USAGE');
    });
  });

  describe('ProxyCommand', () => {
    const CAT = (port: string): string =>
      `${process.execPath} -e "const s=require('net').connect(${port},'%h');process.stdin.pipe(s).pipe(process.stdout)"`;

    it('is started by a shell, with its tokens', async () => {
      const file = config(block('far', far, [`ProxyCommand ${CAT('%p')} %n %r %%`]));
      expect(await run(await through(file, WHO))).toContain(` 127.0.0.1 ${far.port}\n`);
    });

    it('may be the ssh of the system', async () => {
      const inner = config(block('near', near));
      const file = config(block('far', far, [`ProxyCommand ssh -F ${inner} -W %h:%p near`]));
      expect(await run(await through(file, WHO))).toContain(` 127.0.0.1 ${far.port}\n`);
    });

    it('ends with the connection', async () => {
      const mark = join(dir, 'proxy-ended');
      const file = config(
        block('far', far, [
          `ProxyCommand sh -c '${CAT('%p').replaceAll("'", `'"'"'`)}; echo ended > ${mark}'`,
        ]),
      );
      const channel = await through(file, 'echo ready');
      expect(await text(channel.input)).toBe('ready\n');
      channel.destroy();
      await expect.poll(() => readFileSync(mark, 'utf8'), { timeout: 5000 }).toBe('ended\n');
    });

    it('tells what became of it', async () => {
      const file = config(block('far', far, ['ProxyCommand sh -c "echo no way through >&2; exit 3"']));
      const error = await failure(through(file, 'true'));
      expect(error).toMatchObject({ code: 'RSYNC_CONNECT', exitCode: 255 });
      expect(error.message).toMatch(/the proxy command ended with status 3; it said: no way through/);
      expect(error.hint).toContain('by hand');
    });
  });

  describe('addresses', () => {
    it('comes from BindAddress', async () => {
      const channel = await open(far, home, WHO, { args: '-b 127.0.0.9' });
      expect(await run(channel)).toMatch(/^127\.0\.0\.9 /);
      const error = await failure(open(far, home, 'true', { args: '-b 192.0.2.1' }));
      expect(error).toMatchObject({ code: 'RSYNC_CONNECT', origin: 'local' });
      expect(error.hint).toContain('BindAddress');
    });

    it('tries as often as ConnectionAttempts says', async () => {
      const port = await freePort();
      const trace: string[] = [];
      const error = await failure(
        open({ ...far, port }, home, 'true', {
          args: '-o ConnectionAttempts=2',
          trace: (line) => trace.push(line),
        }),
      );
      expect(error.message).toContain('connection refused');
      expect(trace.filter((line) => line.startsWith('ssh: connecting'))).toHaveLength(2);
    });

    it('compares the address too with CheckHostIP', async () => {
      const known = join(dir, 'known-ip');
      writeFileSync(
        known,
        `[localhost]:${far.port} ${far.hostKey}\n[127.0.0.1]:${far.port} ${near.hostKey}\n`,
      );
      const options = { host: 'localhost', knownHosts: known, args: '-4' };
      expect(await run(await open(far, home, 'echo in', options))).toBe('in\n');
      const error = await failure(open(far, home, 'true', { ...options, args: '-4 -o CheckHostIP=yes' }));
      expect(error).toMatchObject({ code: 'RSYNC_HOST_KEY', path: `${known}:2` });
      expect(error.message).toContain('127.0.0.1');

      writeFileSync(known, `[localhost]:${far.port} ${far.hostKey}\n`);
      expect(await run(await open(far, home, 'echo in', { ...options, args: '-4 -o CheckHostIP=yes' }))).toBe(
        'in\n',
      );
      expect(readFileSync(known, 'utf8')).toContain(`[127.0.0.1]:${far.port} ${far.hostKey}`);
    });

    it('files a host under its alias, without the port', async () => {
      const known = join(dir, 'known-alias');
      writeFileSync(known, `vault ${far.hostKey}\n`);
      const options = { knownHosts: known, args: '-o HostKeyAlias=vault' };
      expect(await run(await open(far, home, 'echo in', options))).toBe('in\n');
    });
  });

  it('sends the variables of SendEnv and SetEnv', async () => {
    const accepting = await startSshd({ config: ['AcceptEnv LC_* TOKEN OTHER'] });
    const channel = await open(accepting, home, 'echo "$LC_TEST/$TOKEN/$OTHER/$LANG"', {
      args: '-o "SendEnv=LC_* -LC_NOT OTHER" -o "SetEnv=TOKEN=a=b"',
      env: { HOME: home, LC_TEST: 'ä', OTHER: 'o', LANG: 'no' },
    });
    expect(Buffer.from(await run(channel), 'latin1').toString('utf8')).toMatch(/^ä\/a=b\/o\//);
    await accepting.stop();
  });
});
