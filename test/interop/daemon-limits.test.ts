/** What clients may do to a daemon: nothing that others would notice. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, TestDaemon } from '../support/daemons.ts';
import { MAIN, newestPeer, requirePeers, run, runRsync, temporaryFolder } from '../support/peers.ts';
import { isRoot, noise, removeTree } from '../support/tree.ts';

const found = requirePeers();
const newest = newestPeer();
const onWindows = process.platform === 'win32';
const IDENTITY = isRoot ? 'uid = root\ngid = root\n' : '';
const GREETING = '@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4\n';

/** Started from dist: a worker is a process of its own. */
const dist = new URL('../../dist/server/daemon/daemon.js', import.meta.url).href;

let base = '';
let daemon: TestDaemon;
/** The same with little patience: only for clients that are too slow for it. */
let hasty: TestDaemon;

beforeAll(async () => {
  base = temporaryFolder('limits');
  const tree = join(base, 'tree');
  mkdirSync(join(tree, 'm'), { recursive: true });
  writeFileSync(join(tree, 'm/f'), 'content\n');
  writeFileSync(join(tree, 'm/large'), noise(8_000_000));
  writeFileSync(join(tree, 'secrets'), 'anna:one\n', { mode: 0o600 });
  const config = `
use chroot = no
lock file = %TREE%/lock
${IDENTITY}
[m]
path = %TREE%/m
read only = no
[one]
path = %TREE%/m
max connections = 1
[login]
path = %TREE%/m
auth users = anna
secrets file = %TREE%/secrets
[patient]
path = %TREE%/m
timeout = 50
read only = no
munge symlinks = no
`;
  daemon = await TestDaemon.start({ folder: base, tree, config });
  mkdirSync(join(base, 'hasty'));
  hasty = await TestDaemon.start({ folder: join(base, 'hasty'), tree, config: `timeout = 2\n${config}` });
}, 60_000);

afterAll(async () => {
  await Promise.all([daemon?.stop(), hasty?.stop()]);
  removeTree(base);
});

/** A client that says what it likes. */
class RawClient {
  readonly socket: Socket;
  private received = '';
  private isOver = false;
  private readonly over: Promise<void>;

  constructor(port = daemon.port) {
    this.socket = connect({ host: '127.0.0.1', port });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text: string) => {
      this.received += text;
    });
    this.socket.on('error', () => {});
    this.over = new Promise((resolve) => {
      this.socket.once('close', () => {
        this.isOver = true;
        resolve();
      });
    });
  }

  say(text: string): this {
    this.socket.write(Buffer.from(text, 'latin1'));
    return this;
  }

  /** Waits for it; throws if the connection ends before. */
  async hears(text: string): Promise<void> {
    await expect.poll(() => this.received.includes(text) || this.isOver, { timeout: 15_000 }).toBe(true);
    expect(this.received).toContain(text);
  }

  /** Everything that was said, once the daemon has hung up. */
  async end(): Promise<string> {
    await this.over;
    return this.received;
  }

  close(): void {
    this.socket.destroy();
  }
}

/** A client that behaves gets what it wants. */
async function expectService(path = 'm/f'): Promise<void> {
  const client = new RawClient();
  const module = path.slice(0, path.indexOf('/'));
  client.say(`${GREETING}${module}\n`);
  await client.hears('@RSYNCD: OK\n');
  client.close();
}

const OK = `${GREETING}m\n`;
const words = (...list: string[]): string => [...list, ''].map((word) => `${word}\0`).join('');

describe('bytes that make no sense', () => {
  const NONSENSE: readonly [string, string, RegExp][] = [
    ['another protocol', 'GET / HTTP/1.0\r\n\r\n', /@ERROR: .*in place of a greeting/],
    ['no digests at 32', '@RSYNCD: 32.0\n', /@ERROR: .*left the digests out/],
    ['no subprotocol at 30', '@RSYNCD: 30\n', /@ERROR: .*left the subprotocol out/],
    ['a protocol before time', '@RSYNCD: 27.0 md4\n', /@ERROR: .*older than 29/],
    ['a protocol out of this world', '@RSYNCD: 99.0 md5\n', /@ERROR: .*protocol version mismatch/],
    ['a line without an end', 'x'.repeat(100_000), /^@RSYNCD: 32\.0 [a-z0-9 ]+\n$/],
    ['a NUL', `${GREETING}m\0odule\n`, /^@RSYNCD: 32\.0 [a-z0-9 ]+\n$/],
    ['a command that there is not', `${GREETING}#quit\n`, /@ERROR: Unknown command '#quit'/],
    ['too much early input', `${GREETING}#early_input=99999\n`, /@ERROR: invalid early_input length/],
    ['a module with a path', `${GREETING}m/../../etc\n`, /@ERROR: Unknown module 'm\/\.\.\/\.\.\/etc'/],
    ['control characters', `${GREETING}\u001b[2J\n`, /@ERROR: Unknown module '\?\[2J'/],
    ['no name with the password', `${GREETING}login\nanna\n`, /@ERROR: auth failed on module login\n$/],
    ['an empty login', `${GREETING}login\n\n`, /@ERROR: auth failed on module login\n$/],
    ['a user with a #', `${GREETING}login\n# x\n`, /@ERROR: auth failed on module login\n$/],
  ];

  test('are answered, or not, and disturb nobody', async () => {
    await Promise.all(
      NONSENSE.map(async ([name, said, told]) => {
        expect(await new RawClient().say(said).end(), name).toMatch(told);
      }),
    );
    await expectService();
  });

  const REFUSED: readonly [string, string][] = [
    ['no arguments', words()],
    ['no --server', words('--sender', '-r', '.', 'm/')],
    ['an option that there is not', words('--server', '--sender', '--bogus', '-e.LsfxCIvu', '.', 'm/')],
    ['a daemon in the daemon', words('--server', '--daemon', '.')],
    ['a configuration', words('--server', '--sender', '--config=/etc/passwd', '-e.v', '.', 'm/')],
    ['a log file', words('--server', '--sender', '--log-file=/tmp/x', '-e.v', '.', 'm/')],
  ];

  test('in place of arguments are answered in frames', async () => {
    await Promise.all(
      REFUSED.map(async ([name, said]) => {
        // Flags, a seed, and messages: no lists are asked for, so that the words reach whoever understands frames.
        const answer = await new RawClient().say(OK + said).end();
        expect(answer, name).toMatch(/@RSYNCD: OK\n\u0002[\s\S]+\u000arsyncjs: /);
      }),
    );
    await expectService();
  });

  test('and no end of them', async () => {
    const client = new RawClient().say(OK);
    await client.hears('@RSYNCD: OK\n');
    client.socket.write(noise(3_000_000));
    await client.end();
    await expectService();
  });

  test('arguments without an end', async () => {
    const client = new RawClient().say(OK);
    await client.hears('@RSYNCD: OK\n');
    client.say(words('--server').slice(0, -1) + 'x\0'.repeat(1_000_000));
    await client.end();
    expect(daemon.log).toContain('the arguments are more than 16000 words');
    await expectService();
  });

  test('paths that lead out of the module', async () => {
    for (const path of ['m/../secrets', 'm/../../../../etc/passwd', '/etc/passwd', '../secrets']) {
      const client = new RawClient().say(OK + words('--server', '--sender', '-e.LsfxCIu', '.', path));
      await client.hears('@RSYNCD: OK\n');
      // An empty list of rules, as a client sends it.
      client.say('\u0004\0\0\u0007\0\0\0\0');
      expect(await client.end()).toMatch(/failed: No such file or directory/);
    }
  });
});

describe('clients that take their time', () => {
  const SLOW: readonly [string, string][] = [
    ['says nothing', ''],
    ['does not end its greeting', '@RSYNCD: 32.0 sha512'],
    ['names no module', GREETING],
    ['does not log in', `${GREETING}login\n`],
    ['sends no arguments', OK],
    ['does not end its arguments', `${OK}--server\0--sender\0`],
  ];

  test('have so much of it, whatever they wait with', async () => {
    const drip = new RawClient(hasty.port);
    const timer = setInterval(() => drip.say('x'), 100);
    await Promise.all([drip.end(), ...SLOW.map(([, said]) => new RawClient(hasty.port).say(said).end())]);
    clearInterval(timer);
    const ends = hasty.log.match(
      /the client took more than 2 seconds for its (greeting|login and its request)/g,
    );
    expect(ends!.length).toBeGreaterThan(SLOW.length);
  });
});

describe('many clients', () => {
  test('strangers are no more than so many; then there is room again', async () => {
    const { Daemon } = (await import(dist)) as typeof import('../../src/server/daemon/daemon.ts');
    const small = await Daemon.start({
      settings: {
        config: join(base, 'rsyncd.conf'),
        overrides: [`pidfile=${base}/small.pid`, `logfile=${base}/small.log`],
        bwlimit: 0,
        verbose: 0,
        version: '0',
        hasTerminal: true,
      },
      listen: { port: 0, address: '127.0.0.1', addressFamily: 0, socketOptions: undefined },
      env: { ...process.env, TREE: join(base, 'tree') },
      limits: { connections: 4, strangers: 2, memory: 256 },
    });
    const client = (said: string): RawClient => new RawClient(small.ports[0]).say(said);
    const strangers = [client(''), client('')];
    for (const one of strangers) await one.hears('@RSYNCD: 32.0');
    expect(await client('').end()).toMatch(
      /^@RSYNCD: .*\n@ERROR: too many connections -- try again later\n$/,
    );
    // Who is past the checks is no stranger: there is room for two more of these.
    strangers[0]!.say(`${GREETING}patient\n`);
    await strangers[0]!.hears('@RSYNCD: OK');
    const third = client('');
    await third.hears('@RSYNCD: 32.0');
    for (const one of [...strangers, third]) one.close();
    const listing = async (): Promise<string> => await client(`${GREETING}\n`).end();
    await expect.poll(listing, { timeout: 20_000, interval: 200 }).toContain('@RSYNCD: EXIT');
    await small.stop();
  }, 60_000);

  test('max connections, given back when a client is gone', async () => {
    const first = new RawClient().say(`${GREETING}one\n`);
    await first.hears('@RSYNCD: OK');
    const second = new RawClient().say(`${GREETING}one\n`);
    expect(await second.end()).toContain('@ERROR: max connections (1) reached -- try again later');
    first.close();
    await expect
      .poll(
        async () => {
          const third = new RawClient().say(`${GREETING}one\n`);
          const said = await Promise.race([third.end(), third.hears('@RSYNCD: OK').then(() => 'OK')]);
          third.close();
          return said;
        },
        { timeout: 20_000, interval: 300 },
      )
      .toBe('OK');
  }, 60_000);
});

describe.skipIf(found.length === 0 || onWindows)('processes', () => {
  const slowly = (folder: string, rate = '4m') =>
    runRsync(newest, ['-t', `--bwlimit=${rate}`, daemon.url('patient/large'), folder], { cwd: base });

  /** The worker that has said this, with what it is about. */
  const workerOf = (start: number): number => {
    const match = /\[(\d+)\] rsync (?:on|to) patient/.exec(daemon.log.slice(start));
    return match === null ? 0 : Number(match[1]);
  };

  test('one that is killed does not disturb another', async () => {
    const first = daemon.log.length;
    // Takes longer than the test may: it cannot have ended when it is killed.
    const victim = slowly(join(base, 'victim'), '50k');
    await expect.poll(() => workerOf(first), { timeout: 10_000 }).toBeGreaterThan(0);
    const second = daemon.log.length;
    const survivor = slowly(join(base, 'survivor'));
    await expect.poll(() => workerOf(second), { timeout: 10_000 }).toBeGreaterThan(0);
    process.kill(workerOf(first), 'SIGKILL');
    expect((await victim).code).not.toBe(0);
    expect((await survivor).code).toBe(0);
    expect(readFileSync(join(base, 'survivor')).equals(readFileSync(join(base, 'tree/m/large')))).toBe(true);
    await expect.poll(() => daemon.log, { timeout: 10_000 }).toMatch(/of a connection was killed by SIGKILL/);
  }, 60_000);

  test('a daemon that is stopped leaves no temporary file, and says so', async () => {
    const tree = join(base, 'stopping');
    mkdirSync(join(tree, 'm'), { recursive: true });
    const folder = join(base, 'stopping-daemon');
    mkdirSync(folder);
    const other = await TestDaemon.start({
      folder,
      tree,
      config: `use chroot = no\nmunge symlinks = no\n${IDENTITY}[m]\npath = %TREE%/m\nread only = no\n`,
    });
    expect(existsSync(join(folder, 'pid'))).toBe(true);
    const push = runRsync(newest, ['-t', '--bwlimit=1m', join(base, 'tree/m/large'), other.url('m/')]);
    await expect.poll(() => readdirSync(join(tree, 'm')).length, { timeout: 10_000 }).toBe(1);
    expect(await other.stop()).toBe(0);
    expect((await push).code).toBe(20);
    expect(readdirSync(join(tree, 'm'))).toEqual([]);
    expect(existsSync(join(folder, 'pid'))).toBe(false);
  }, 60_000);

  test('SIGHUP opens the log anew, and the configuration is read for every connection', async () => {
    const config = readFileSync(join(base, 'rsyncd.conf'), 'utf8');
    daemon.configure(`${config}\n[later]\npath = %TREE%/m\nno such thing = 1\n`);
    await expectService('later/f');
    daemon.child.kill('SIGHUP');
    await expect.poll(() => daemon.log, { timeout: 10_000 }).toContain('unknown parameter "no such thing"');
    daemon.configure(`${config}\n[later]\npath = %TREE%/m\nfake super = yes\n`);
    const client = new RawClient().say(`${GREETING}later\n`);
    expect(await client.end()).toContain('@ERROR: module later is not set up for this server');
    expect(daemon.log).toMatch(/rsyncd\.conf:\d+: "fake super" of module later: /);
    daemon.configure(config);
  }, 30_000);
});

describe.skipIf(onWindows)('the command', () => {
  const daemonAlone = (args: readonly string[], input: string, config: string, env = {}) => {
    const file = join(base, 'alone.conf');
    writeFileSync(file, config);
    return run(process.execPath, [MAIN, ...args, `--config=${file}`], { input, env, cwd: base });
  };

  test('behind a remote shell', async () => {
    const config = `log file = ${base}/alone.log\n[m]\npath = ${base}/tree/m\ncomment = alone\n`;
    const result = await daemonAlone(['--server', '--daemon', '.'], `${GREETING}#list\n`, config, {
      SSH_CONNECTION: '10.9.8.7 1 10.9.8.6 22',
    });
    expect(result.stdout.toString()).toBe(`${GREETING}m              \talone\n@RSYNCD: EXIT\n`);
    expect(result.code).toBe(0);
    expect(readFileSync(join(base, 'alone.log'), 'utf8')).toContain('(10.9.8.7)');
  });

  test.skipIf(found.length === 0)('a C client through a shell', async () => {
    writeFileSync(join(base, 'shell.conf'), `use chroot = no\n${IDENTITY}[m]\npath = ${base}/tree/m\n`);
    const shell = join(base, 'shell.sh');
    const ours = `${process.execPath} ${MAIN} --server --daemon --config=${base}/shell.conf .`;
    writeFileSync(shell, `#!/bin/sh\nexec ${ours}\n`, { mode: 0o755 });
    const result = await runRsync(newest, ['-rt', '-e', shell, 'host::m/', join(base, 'shelled')]);
    expect(result.stderr.toString()).toBe('');
    expect(readFileSync(join(base, 'shelled/f'), 'utf8')).toBe('content\n');
  });

  test.each<[string, string, RegExp]>([
    [
      'a parameter that cannot be honoured',
      '[m]\npath = /tmp\nname converter = x\n',
      /:3: "name converter" of module m: /,
    ],
    [
      'a mask that would match nobody',
      '[m]\npath = /tmp\nhosts deny = 10.0.0.0/33\n',
      /:3: "hosts deny" of module m: "10\.0\.0\.0\/33"/,
    ],
    ['a line that means nothing', '[m\npath = /tmp\n', /:1: this line means nothing/],
    [
      'a file that there is not',
      '&include /nonexistent\n',
      /:1: cannot read the configuration \/nonexistent: No such file/,
    ],
  ])('%s keeps it from starting', async (_, config, told) => {
    const result = await daemonAlone(['--daemon', '--no-detach'], '', config);
    expect(result.code).toBe(1);
    expect(result.stderr.toString()).toMatch(told);
  });

  test('goes to the background, and is there when it says that it is', async () => {
    const port = await freePort();
    const file = join(base, 'detached.conf');
    writeFileSync(
      file,
      `pid file = ${base}/detached.pid\nlog file = ${base}/detached.log\n[m]\npath = ${base}/tree/m\n`,
    );
    const args = ['--daemon', `--config=${file}`, `--port=${port}`, '--address=127.0.0.1'];
    const result = await run(process.execPath, [MAIN, ...args]);
    expect(result.stderr.toString()).toBe('');
    expect(result.code).toBe(0);
    const pid = Number(readFileSync(join(base, 'detached.pid'), 'utf8'));
    const client = new RawClient(port).say(`${GREETING}\n`);
    expect(await client.end()).toContain('m              \t\n@RSYNCD: EXIT\n');
    const second = await run(process.execPath, [MAIN, ...args]);
    expect(second.stderr.toString()).toMatch(new RegExp(`pid file .* process ${pid}, which runs`));
    expect(second.code).toBe(11);
    process.kill(pid, 'SIGTERM');
    await expect.poll(() => existsSync(join(base, 'detached.pid')), { timeout: 10_000 }).toBe(false);
  }, 30_000);
});
