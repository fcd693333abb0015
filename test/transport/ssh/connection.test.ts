import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRemoteShell } from '../../../src/transport/remote-shell.ts';
import { freePort, type Sshd, sshdMissing, startSshd } from '../../support/sshd.ts';
import { failure, open, relay, temporaryFolder, text } from '../support.ts';

const dir = temporaryFolder();
const home = join(dir, 'home');
mkdirSync(join(home, '.ssh'), { recursive: true });

describe.skipIf(sshdMissing())('ssh', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd({ hostKeyTypes: ['ed25519', 'rsa', 'ecdsa'] });
  });
  afterAll(async () => {
    await sshd.stop();
  });

  /** known_hosts for the first server behind another port. */
  const knownAs = (port: number): string => {
    const file = join(dir, `known-${port}`);
    writeFileSync(file, `[127.0.0.1]:${port} ${sshd.hostKey}\n`);
    return file;
  };

  describe('channel', () => {
    it('delivers output, standard error and exit status', async () => {
      const channel = await open(sshd, home, 'echo out; echo err >&2; exit 42');
      const [out, err] = await Promise.all([text(channel.input), text(channel.stderr!)]);
      expect([out, err]).toEqual(['out\n', 'err\n']);
      expect(await channel.exit).toEqual({ code: 42, signal: null });
      expect(channel.label).toBe(`ssh ${sshd.user}@127.0.0.1:${sshd.port}`);
    });

    it('hands the command over byte by byte', async () => {
      const channel = await open(sshd, home, "printf '%s' 'n\xe4me\xff \xc3\xa9'");
      expect(await text(channel.input)).toBe('n\xe4me\xff \xc3\xa9');
    });

    it('runs without a terminal', async () => {
      const channel = await open(sshd, home, 'test -t 0 || test -t 1 || test -t 2; echo $?');
      expect(await text(channel.input)).toBe('1\n');
    });

    it('tells which signal killed the command', async () => {
      const channel = await open(sshd, home, 'kill -KILL $$');
      expect(await text(channel.input)).toBe('');
      expect(await channel.exit).toEqual({ code: null, signal: 'SIGKILL' });
    });

    it('closes the writing side alone', async () => {
      const channel = await open(sshd, home, 'cat; echo; echo after end of input');
      channel.output.end('abc');
      expect(await text(channel.input)).toBe('abc\nafter end of input\n');
      expect(await channel.exit).toEqual({ code: 0, signal: null });
      expect(channel.output.writableFinished).toBe(true);
    });

    const MEGABYTES = 200;

    it(`pulls ${MEGABYTES} MB intact`, async () => {
      // Incompressible and never the same twice: the sum of the server's own copy tells.
      const file = join(dir, 'random');
      const make = `head -c ${MEGABYTES}000000 /dev/urandom > ${file} && cat ${file} && sha256sum ${file} >&2`;
      const channel = await open(sshd, home, make);
      const hash = createHash('sha256');
      const said = text(channel.stderr!);
      await pipeline(channel.input, hash);
      expect((await said).split(' ')[0]).toBe(hash.digest('hex'));
      expect(await channel.exit).toEqual({ code: 0, signal: null });
    });

    it(`pushes ${MEGABYTES} MB intact, never far ahead of the reader`, async () => {
      const channel = await open(sshd, home, 'sha256sum');
      const hash = createHash('sha256');
      let most = 0;
      const block = Buffer.alloc(100_003);
      for (let sent = 0, i = 0; sent < MEGABYTES * 1e6; sent += block.length, i++) {
        block.writeUInt32LE(i, i % 1000);
        hash.update(block);
        if (!channel.output.write(Buffer.from(block))) {
          await new Promise((resolve) => channel.output.once('drain', resolve));
        }
        most = Math.max(most, channel.output.writableLength);
      }
      channel.output.end();
      expect(await text(channel.input)).toBe(`${hash.digest('hex')}  -\n`);
      expect(most).toBeLessThan(1 << 20);
    });

    it('joins and orders many small writes', async () => {
      const channel = await open(sshd, home, 'cat');
      let wanted = '';
      for (let i = 0; i < 20_000; i++) {
        const piece = `${i},`;
        wanted += piece;
        channel.output.write(piece);
      }
      channel.output.end();
      expect(await text(channel.input)).toBe(wanted);
    });

    it.concurrent('stops a writer whose peer does not read', async () => {
      const channel = await open(sshd, home, 'sleep 5');
      const block = Buffer.alloc(1 << 20);
      let taken = 0;
      // The window is 2 MiB; then the pipe and both buffers are full.
      for (let i = 0; i < 16; i++) {
        channel.output.write(block, (error) => {
          if (!error) taken++;
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(taken).toBeLessThan(8);
      channel.destroy();
      expect((await channel.exit).code).toBeNull();
    });

    it.concurrent('fails a waiting writer when the command ends', async () => {
      const channel = await open(sshd, home, 'sleep 0.1; exit 9');
      channel.output.write(Buffer.alloc(8 << 20));
      const error = await new Promise<NodeJS.ErrnoException>((resolve) =>
        channel.output.once('error', resolve),
      );
      expect(error.code).toBe('EPIPE');
      expect((await channel.exit).code).toBe(9);
    });

    it.concurrent('gives the exit status even to those who do not read', async () => {
      const channel = await open(sshd, home, 'echo unread; exit 4');
      expect(await channel.exit).toEqual({ code: 4, signal: null });
      expect(await text(channel.input)).toBe('unread\n');
    });

    it.concurrent('waits for the status of a command that closes its output early', async () => {
      const trace: string[] = [];
      const channel = await open(sshd, home, 'cat; exec >&- 2>&-; sleep 0.3; exit 7', {
        args: '-v',
        trace: (line) => trace.push(line),
      });
      channel.output.end();
      channel.input.resume();
      channel.stderr?.resume();
      expect(await channel.exit).toEqual({ code: 7, signal: null });
      const at = (what: RegExp) => trace.findIndex((line) => what.test(line));
      // Servers other than OpenSSH forget the status once the channel is closed.
      expect(at(/Inbound: .*exit-status/)).toBeLessThan(at(/Outbound: Sending CHANNEL_CLOSE/));
    });

    it('lets a late write fail without harm', async () => {
      const channel = await open(sshd, home, 'exit 3');
      channel.input.resume();
      expect(await channel.exit).toEqual({ code: 3, signal: null });
      const error = await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) =>
        channel.output.write('late', resolve),
      );
      expect(error?.code).toBe('EPIPE');
    });

    it('survives a cut connection: input ends, writers fail, exit has no code', async () => {
      const between = await relay(sshd.port);
      const channel = await open({ ...sshd, port: between.port }, home, 'echo up; cat; sleep 5', {
        knownHosts: knownAs(between.port),
      });
      const first = await new Promise((resolve) => channel.input.once('data', resolve));
      expect(String(first)).toBe('up\n');
      channel.input.resume();
      const failed = new Promise<NodeJS.ErrnoException>((resolve) => channel.output.once('error', resolve));
      const ended = new Promise((resolve) => channel.input.once('end', resolve));
      between.cut();
      expect(await channel.exit).toEqual({ code: null, signal: null });
      await ended;
      channel.output.write('x');
      expect((await failed).code).toBe('EPIPE');
      channel.destroy();
      between.stop();
    });

    it('ends the remote command when destroyed, and readers with it', async () => {
      const mark = join(dir, 'ended');
      const channel = await open(sshd, home, `echo ready; cat > /dev/null; touch ${mark}`);
      const reading = (async () => {
        for await (const chunk of channel.input) {
          if (String(chunk).includes('ready')) channel.destroy(new Error('enough'));
        }
      })();
      await expect(reading).rejects.toThrow('enough');
      channel.destroy();
      expect((await channel.exit).code).toBeNull();
      await expect.poll(() => existsSync(mark), { timeout: 5000 }).toBe(true);
    });

    it('ends with a reader that gives up', async () => {
      const between = await relay(sshd.port);
      const channel = await open({ ...sshd, port: between.port }, home, 'yes', {
        knownHosts: knownAs(between.port),
      });
      for await (const chunk of channel.input) {
        expect(String(chunk).slice(0, 4)).toBe('y\ny\n');
        break;
      }
      expect((await channel.exit).code).toBeNull();
      await expect.poll(between.sockets, { timeout: 3000 }).toBe(0);
      between.stop();
    });

    it('compresses with -C', async () => {
      const trace: string[] = [];
      const channel = await open(sshd, home, 'head -c 3000000 /dev/zero | cksum; head -c 3000000 /dev/zero', {
        args: '-C',
        trace: (line) => trace.push(line),
      });
      expect((await text(channel.input)).length).toBeGreaterThan(3_000_000);
      expect(trace.join('\n')).toContain('compression zlib@openssh.com');
    });

    it('keeps going when the server asks for new keys', async () => {
      const rekeying = await startSshd({ config: ['RekeyLimit 1M'] });
      const channel = await open(rekeying, home, 'head -c 20000000 /dev/zero | tr "\\0" y');
      expect(
        createHash('md5')
          .update(await text(channel.input))
          .digest('hex'),
      ).toBe(createHash('md5').update(Buffer.alloc(20_000_000, 'y')).digest('hex'));
      await rekeying.stop();
    });

    it('uses aes-gcm where the processor has it', async () => {
      const trace: string[] = [];
      const channel = await open(sshd, home, 'true', { trace: (line) => trace.push(line) });
      channel.destroy();
      expect(trace.join('\n')).toMatch(/out aes\d+-gcm@openssh.com, in aes\d+-gcm@openssh.com/);
    });

    it('leaves nothing open', async () => {
      const between = await relay(sshd.port);
      const channel = await open({ ...sshd, port: between.port }, home, 'exit 0', {
        knownHosts: knownAs(between.port),
      });
      expect(between.sockets()).toBe(2);
      channel.input.resume();
      await channel.exit;
      // For probes.
      expect(between.sockets()).toBe(2);
      channel.destroy();
      await expect.poll(between.sockets, { timeout: 3000 }).toBe(0);
      between.stop();
    });
  });

  describe('connection', () => {
    it('works as commands from the wild have it', async () => {
      const knownHosts = join(dir, 'wild');
      const rsh = `ssh -F none -p ${sshd.port} -i ${sshd.userKeyPath} -o StrictHostKeyChecking=no -o UserKnownHostsFile=${knownHosts}`;
      const channel = await openRemoteShell({
        host: '127.0.0.1',
        command: 'echo wild',
        words: [],
        rsh,
        env: { HOME: home },
      });
      expect(await text(channel.input)).toBe('wild\n');
    });

    it('follows an alias of the configuration', async () => {
      const config = join(dir, 'config');
      writeFileSync(
        config,
        [
          'Host vault',
          '  HostName 127.0.0.1',
          `  Port ${sshd.port}`,
          `  User ${sshd.user}`,
          `  IdentityFile ${sshd.userKeyPath}`,
          // biome-ignore lint/suspicious/noTemplateCurlyInString: ssh_config's own variable
          '  UserKnownHostsFile ${KNOWN}',
          '  SendEnv LANG',
        ].join('\n'),
      );
      const trace: string[] = [];
      const channel = await openRemoteShell({
        host: 'vault',
        command: 'echo alias',
        words: [],
        rsh: `ssh -F ${config}`,
        env: { HOME: home, KNOWN: sshd.knownHostsPath },
        trace: (line) => trace.push(line),
      });
      expect(await text(channel.input)).toBe('alias\n');
      expect(trace.join('\n')).toMatch(/Port +\d+ +\S+config:3 +used/);
    });

    it('takes the user of the argument, unless -l names another one, as ssh does', async () => {
      const error = await failure(open(sshd, home, 'true', { user: 'nobody-here' }));
      expect(error.message).toContain(`nobody-here@127.0.0.1:${sshd.port}: permission denied`);
      const channel = await open(sshd, home, 'echo in', { user: 'nobody-here', args: `-l ${sshd.user}` });
      expect(await text(channel.input)).toBe('in\n');
      channel.destroy();
    });

    it('says that nobody listens', async () => {
      const port = await freePort();
      const error = await failure(open({ ...sshd, port }, home, 'true'));
      expect(error).toMatchObject({ code: 'RSYNC_CONNECT', exitCode: 255, origin: 'transport' });
      expect(error.message).toBe(`can not connect to 127.0.0.1:${port}: connection refused`);
      expect(error.hint).toBeTruthy();
    });

    it('says that the name is not known', async () => {
      const error = await failure(open(sshd, home, 'true', { host: 'no-such-host.invalid' }));
      expect(error).toMatchObject({ code: 'RSYNC_CONNECT', exitCode: 255 });
      expect(error.message).toMatch(/no such host|name server/);
    });

    it.concurrent('gives up on a server that says nothing, or stops', async () => {
      const silent = createServer((socket) => {
        socket.on('error', () => {});
      });
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const port = (silent.address() as { port: number }).port;
      const error = await failure(open({ ...sshd, port }, home, 'true', { args: '-o ConnectTimeout=1' }));
      expect(error).toMatchObject({ code: 'RSYNC_CONNECT', exitCode: 255 });
      expect(error.message).toContain('no answer for 1 seconds while exchanging keys');

      const signal = AbortSignal.timeout(100);
      expect(await failure(open({ ...sshd, port }, home, 'true', { signal }))).toMatchObject({
        code: 'RSYNC_ABORTED',
        exitCode: 20,
      });
      expect((await failure(open(sshd, home, 'true', { signal }))).code).toBe('RSYNC_ABORTED');
      silent.close();
    });

    it.concurrent('cuts a connection that has gone silent', async () => {
      const between = await relay(sshd.port);
      const channel = await open({ ...sshd, port: between.port }, home, 'sleep 5', {
        args: '-o ServerAliveInterval=1 -o ServerAliveCountMax=1',
        knownHosts: knownAs(between.port),
      });
      channel.input.resume();
      between.freeze();
      expect(await channel.exit).toEqual({ code: null, signal: null });
      between.stop();
    });

    it.concurrent('keeps a slow but living connection', async () => {
      // Longer than three unanswered probes may take; on a busy machine a single answer can be late.
      const channel = await open(sshd, home, 'sleep 4.5; echo alive', {
        args: '-o ServerAliveInterval=1 -o ServerAliveCountMax=3',
      });
      expect(await text(channel.input)).toBe('alive\n');
    });

    it('says that it is no ssh server, or that it hung up', async () => {
      for (const [greeting, shown] of [
        ['HTTP/1.1 400 Bad \u001b[2JRequest\r\n\r\n', 'it said: HTTP/1.1 400 Bad [2JRequest'],
        ['Not allowed at this time\r\n', 'it said: Not allowed at this time'],
        ['', 'before handshake'],
        ['SSH-2.0-x\r\n', '127.0.0.1'],
      ] as const) {
        const server = createServer((socket) => {
          socket.on('error', () => {}).end(greeting);
        });
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const port = (server.address() as { port: number }).port;
        const error = await failure(open({ ...sshd, port }, home, 'true'));
        expect(error).toMatchObject({ code: 'RSYNC_CONNECT', exitCode: 255 });
        expect(error.message).toContain(shown);
        expect(error.hint).toBeTruthy();
        server.close();
      }
    });

    it('names what both sides do not have in common', async () => {
      const odd = await startSshd({ config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] });
      const error = await failure(open(odd, home, 'true'));
      expect(error).toMatchObject({ code: 'RSYNC_CONNECT', exitCode: 255 });
      expect(error.message).toMatch(
        /no key exchange in common with the server; it offers sntrup761x25519-sha512@openssh.com.*; this client offers curve25519/,
      );
      expect(error.hint).toContain('--rsh-spawn');
      await odd.stop();
    });

    it.each([
      [
        'KexAlgorithms diffie-hellman-group14-sha1',
        'key exchange',
        '-o KexAlgorithms=+diffie-hellman-group14-sha1',
      ],
      ['Ciphers aes128-cbc', 'cipher', '-o Ciphers=+aes128-cbc'],
      ['MACs hmac-md5', 'MAC', '-o Ciphers=aes128-ctr -o MACs=+hmac-md5'],
    ])('allows a server its %s only if told to', async (line, what, way) => {
      const old = await startSshd({ config: [line] });
      const plain = /^(-o Ciphers=\S+) -o/.exec(way)?.[1] ?? '';
      const error = await failure(open(old, home, 'true', { args: plain }));
      expect(error.message).toContain(`no ${what} in common`);
      expect(error.hint).toContain(way.split(' ').at(-1));
      const channel = await open(old, home, 'echo in', { args: way });
      expect(await text(channel.input)).toBe('in\n');
      channel.destroy();
      await old.stop();
    });

    it.each(['', '-oProxyCommand=x'])('refuses the host %j', async (host) => {
      expect(await failure(open(sshd, home, 'true', { host }))).toMatchObject({
        code: 'RSYNC_USAGE',
        exitCode: 1,
      });
    });

    it('refuses -v without somebody to report to', async () => {
      expect((await failure(open(sshd, home, 'true', { args: '-v' }))).message).toContain('-v');
    });
  });
});
