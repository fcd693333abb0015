/**
 * rsyncjs as the client of real daemons. The same command with C rsync and with rsyncjs, on equal trees, to the same
 * daemon: exit status, trees and standard output must agree. rsyncjs runs in the process of the test.
 */
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { modules, pull, push, type TransferSettings } from '../../src/client/api.ts';
import { transfer } from '../../src/client/transfer.ts';
import type { TransferEvent } from '../../src/core/events.ts';
import { AUTH_DIGESTS } from '../../src/protocol/daemon-auth.ts';
import { Capture } from '../cli/support.ts';
import { daemonConfig, type Modules, type RealDaemon, startDaemon } from '../support/daemon.ts';
import { fakeShell, newestPeer, requirePeers, runRsync, temporaryFolder } from '../support/peers.ts';
import {
  compareTrees,
  type EntrySpec,
  hideTimesSince,
  makeTree,
  removeTree,
  snapshotTree,
} from '../support/tree.ts';
import { words } from './command-line.ts';
import { inStreams, lineDiff, normalised } from './output.ts';

const found = requirePeers();
const newest = newestPeer();
const PROTOCOLS = [29, 30, 31, 32];
const MOTD = 'Welcome to the machine\n  \u00e9 and so on\n';

const TREE: readonly EntrySpec[] = [
  { path: 'one', content: 'one\n' },
  { path: 'two words', content: 'two words\n' },
  { path: 'a[b]c', content: 'a[b]c\n' },
  { path: 'abc', content: 'abc\n' },
  { path: 'line\nfeed', content: 'line feed\n' },
  { path: '$HOME;`x`', content: 'no shell\n' },
  { path: 'x data/y', content: 'looks like two paths\n' },
  { path: 'dir/.hidden', content: 'hidden\n' },
  { path: 'dir/big', content: 'big '.repeat(50_000) },
  { path: 'link', type: 'symlink', target: 'dir/big' },
];

let base = '';
/** The tree that the modules show, and the one that they may change; fresh for each test. */
let data = '';
let upload = '';
let mine = '';
const daemons = new Map<string, RealDaemon>();
let daemon: RealDaemon;

function moduleTable(): Modules {
  const secret = { path: data, 'auth users': 'joe', 'secrets file': join(base, 'secrets') };
  return {
    data: { path: data, comment: 'The data' },
    up: { path: upload, 'read only': 'no', comment: 'tab\tand more' },
    'a name of over fifteen': { path: data },
    hidden: { path: data, list: 'no' },
    secret: { ...secret, comment: 'with a password' },
    denied: { path: data, 'hosts deny': '*' },
    writeonly: { path: upload, 'read only': 'no', 'write only': 'yes' },
    full: { path: data, 'max connections': '-1' },
    gone: { path: join(base, 'missing') },
    strict: { path: upload, 'read only': 'no', 'refuse options': 'delete checksum' },
    early: { path: data, 'early exec': `cat > ${join(base, 'early')}` },
  };
}

describe.skipIf(found.length === 0)('daemons', () => {
  const zone = process.env.TZ;
  beforeAll(async () => {
    process.umask(0o022);
    process.env.TZ = 'UTC';
    base = temporaryFolder('daemon');
    [data, upload, mine] = [join(base, 'data'), join(base, 'up'), join(base, 'mine')];
    makeTree(data, TREE);
    makeTree(mine, [...TREE, { path: 'only mine', content: 'mine\n' }]);
    writeFileSync(join(base, 'motd'), MOTD);
    writeFileSync(join(base, 'secrets'), 'joe:s3cret words \u00e9\n', { mode: 0o600 });
    await Promise.all(
      found.map(async (peer) => {
        const folder = join(base, `daemon-${peer.version}`);
        daemons.set(
          peer.version,
          await startDaemon(peer, folder, moduleTable(), { 'motd file': join(base, 'motd') }),
        );
      }),
    );
    daemon = daemons.get(newest.version)!;
  });
  afterAll(async () => {
    await Promise.all([...daemons.values()].map((started) => started.stop()));
    removeTree(base);
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });
  beforeEach(() => fresh());

  function fresh(): void {
    for (const path of [upload, join(base, 'out')]) rmSync(path, { recursive: true, force: true });
    makeTree(upload, [
      { path: 'one', content: 'older\n', mtime: 1_500_000_000 },
      { path: 'extra', content: 'extra\n' },
    ]);
  }

  /** `./src` and `./out` of the command lines below. */
  const located = (args: string): string[] =>
    words(args).map((word) =>
      word
        .replace(/^D:/, `${daemon.url}/`)
        .replace(/^M:/, `127.0.0.1::`)
        .replace('./out', join(base, 'out'))
        .replace('./mine', mine)
        .replace('./base', base),
    );

  async function ours(args: string, env: NodeJS.ProcessEnv = {}) {
    const [stdout, stderr] = [new Capture(), new Capture()];
    const code = await run({
      argv: located(args),
      name: 'rsync',
      env: { PATH: process.env.PATH, ...env },
      stdout,
      stderr,
      transfer,
    });
    return { code, stdout: Buffer.from(stdout.text, 'latin1'), stderr: stderr.text };
  }

  /** What a command leaves: its status, its output, what it has pulled, and the module that it may have changed. */
  function outcome(code: number | null, stdout: Buffer, complains: boolean, since: number, pulls: boolean) {
    const out = join(base, 'out');
    const options = { hideTimesSince: since };
    return {
      code,
      // Told only if it took a millisecond.
      lines: inStreams(normalised(stdout), pulls).filter((line) => !/^File list \w+ time: /.test(line)),
      complains,
      out: existsSync(out) ? snapshotTree(out, options) : new Map(),
      up: snapshotTree(upload, options),
    };
  }

  async function same(
    args: string,
    env: Record<string, string> = {},
    statuses?: readonly number[],
  ): Promise<void> {
    fresh();
    const pulls = !/ (?:D:|M:)\S*$/.test(args) || !args.includes('./mine');
    let since = hideTimesSince();
    const c = await runRsync(newest, located(args), { env });
    const expected = outcome(c.code, c.stdout, c.stderr.length > 0, since, pulls);
    fresh();
    since = hideTimesSince();
    const our = await ours(args, env);
    const actual = outcome(our.code, our.stdout, our.stderr.length > 0, since, pulls);
    const context = `C: ${c.stderr}\nours: ${our.stderr}`;
    if (statuses === undefined) expect(actual.code, context).toBe(expected.code);
    else
      expect([statuses.includes(actual.code!), statuses.includes(expected.code!)], context).toEqual([
        true,
        true,
      ]);
    expect(lineDiff(expected.lines, actual.lines), context).toEqual([]);
    expect(compareTrees(expected.out, actual.out)).toEqual([]);
    expect(compareTrees(expected.up, actual.up)).toEqual([]);
    expect(actual.complains, context).toBe(expected.complains);
  }

  describe.each(found.map((peer) => [peer.version] as const))('of rsync %s', (version) => {
    test.each(PROTOCOLS)('push, delta push, pull at protocol %i', async (protocol) => {
      const { url } = daemons.get(version)!;
      const settings: TransferSettings = { archive: true, delete: true, protocol };
      // 3.2.7 of Debian has the 32 of later releases.
      const agreed = version.startsWith('3.2.3') ? Math.min(protocol, 31) : protocol;
      const pushed = await push(`${mine}/`, `${url}/up/`, settings);
      expect(pushed).toMatchObject({ exitCode: 0, protocol: agreed });
      expect(compareTrees(snapshotTree(mine), snapshotTree(upload))).toEqual([]);
      writeFileSync(join(upload, 'dir/big'), 'changed');
      const again = await push([`${mine}/dir`, `${mine}/one`], `${url}/up`, settings);
      expect(again).toMatchObject({ exitCode: 0, stats: { transferredFiles: 1 } });
      const pulled = await pull(`${url}/up/`, join(base, 'out'), settings);
      expect(pulled).toMatchObject({ exitCode: 0, protocol: agreed });
      expect(compareTrees(snapshotTree(mine), snapshotTree(join(base, 'out')))).toEqual([]);
    });

    test.each([29, 32])('passwords at protocol %i', async (protocol) => {
      const { url, port } = daemons.get(version)!;
      const source = `${url.replace('//', '//joe@')}/secret/one`;
      const asked: unknown[] = [];
      const settings: TransferSettings = { protocol, env: {}, timeout: 10 };
      const results = [
        await pull(source, join(base, 'out'), { ...settings, password: 's3cret words \u00e9' }),
        await pull(source, join(base, 'out'), {
          ...settings,
          env: { RSYNC_PASSWORD: 's3cret words \u00e9' },
        }),
        await pull(`127.0.0.1::secret/one`, join(base, 'out'), {
          ...settings,
          port,
          env: { USER: 'joe' },
          onPrompt: (request) => {
            asked.push(request);
            return 's3cret words \u00e9';
          },
        }),
      ];
      expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
      expect(asked).toEqual([
        { kind: 'password', message: 'Password: ', secret: true, user: 'joe', host: '127.0.0.1' },
      ]);
      for (const password of ['wrong', () => '']) {
        await expect(pull(source, join(base, 'out'), { ...settings, password })).rejects.toMatchObject({
          code: 'RSYNC_AUTH',
          exitCode: 5,
          message: '@ERROR: auth failed on module secret',
        });
      }
      await expect(pull(source, join(base, 'out'), settings)).rejects.toMatchObject({
        code: 'RSYNC_AUTH',
        origin: 'local',
      });
    });

    test('modules, as objects', async () => {
      const texts: string[] = [];
      const onEvent = (event: TransferEvent): void => {
        if (event.type === 'daemon-text') texts.push(event.text);
      };
      const listed = await modules(`${daemons.get(version)!.url}/`, { onEvent });
      const expected = Object.entries(moduleTable())
        .filter(([, { list }]) => list !== 'no')
        .map(([name, { comment = '' }]) => ({ name, comment }));
      expect(listed).toEqual(expected);
      expect(texts[0]).toBe('Welcome to the machine');
    });
  });

  test.each(AUTH_DIGESTS)('passwords by %s', async (digest) => {
    // Both greetings name this digest alone.
    const only = (bytes: Buffer): Buffer =>
      Buffer.from(bytes.toString('latin1').replace(/^(@RSYNCD: \d+\.\d+) .*/, `$1 ${digest}`), 'latin1');
    const relay = await listen((client) => {
      const server = connect(daemon.port, '127.0.0.1');
      client.once('data', (bytes) => {
        server.write(only(bytes));
        client.pipe(server);
      });
      server.once('data', (bytes) => {
        client.write(only(bytes));
        server.pipe(client);
      });
    });
    try {
      const source = `rsync://joe@127.0.0.1:${relay.port}/secret/one`;
      const result = await pull(source, join(base, 'out'), { password: 's3cret words \u00e9' });
      expect(result.exitCode).toBe(0);
      await expect(pull(source, join(base, 'out'), { password: 'no' })).rejects.toMatchObject({
        code: 'RSYNC_AUTH',
      });
    } finally {
      relay.close();
    }
  });

  test.each([
    'D:',
    'D: --no-motd',
    '-q D:',
    '-v D:',
    'D: ./out',
    '-a ./mine D:',
    'D:#list',
    'D:#foo',
    'D:data/one',
    '-r D:data',
    '--list-only -r D:data/dir ./out',
    '-ai D:data/ ./out/',
    '-avv --no-motd D:data/ ./out',
    '-ai --no-motd --protocol=29 D:data/ ./out',
    '-aisvv D:data/ ./out',
    '-ais --protocol=29 D:data/ ./out',
    '-ai D:data/two* D:data/a[b]c ./out/',
    '-ai D:data/a\\[b\\]c "D:data/$HOME;`x`" ./out/',
    '-ai "D:data/line\nfeed" D:data/dir D:one ./out/',
    '-ai "D:data/x data/y" ./out/',
    '-ai D:data/none D:data/one ./out/',
    '-aRi D:data/dir ./out/',
    '-aRi D:data/dir/ D:data/./one ./out/',
    '-rRis D:data/one ./out/',
    '-ai D:data/../dir/ ./out/',
    '-ai --delete ./mine/ D:up/',
    '-avv --no-motd ./mine/ D:up/deep',
    '-ain --stats --delete --protocol=29 ./mine/ D:up',
    '-aisv ./mine/ "D:up/new dir"',
    '-ai ./mine/one "D:up/line\nfeed"',
    '-a --delete ./mine/ D:data/',
    'D:writeonly/',
    'D:nothing/',
    'D:denied/',
    'D:full/',
    'D:gone/',
    'D:hidden/one',
    'D:/data',
    'joe@nosuch.invalid::data',
    '--contimeout=9 --address=127.0.0.1 --sockopts=TCP_NODELAY,SO_KEEPALIVE D:data/one',
    '--address=192.0.2.1 D:data/one',
    '--password-file=./base/none ./mine host:there',
    '--contimeout=3 ./mine host:there',
    '--password-file=./base/open D:data/one',
    '--password-file=./base/open D:secret/one',
    '--early-input=./base/motd D:early/one',
    '--early-input=./base/none D:early/one',
  ])('C does the same: %s', async (args) => {
    writeFileSync(join(base, 'open'), 's3cret words \u00e9\n');
    chmodSync(join(base, 'open'), 0o644);
    await same(args);
    if (args.includes('early/one') && args.includes('motd')) {
      expect(readFileSync(join(base, 'early'), 'utf8')).toBe(MOTD);
    }
  });

  test('C does the same with passwords of files and of the environment', async () => {
    const login = daemon.url.replace('//', '//joe@');
    writeFileSync(join(base, 'pw'), 's3cret words \u00e9\r\nmore\n', { mode: 0o600 });
    writeFileSync(join(base, 'empty'), '\nmore\n', { mode: 0o600 });
    await same(`--password-file=./base/pw ${login}/secret/one`);
    await same(`--password-file=./base/empty ${login}/secret/one`, { RSYNC_PASSWORD: 's3cret words \u00e9' });
    await same(`--protocol=29 ${login}/secret/one`, { RSYNC_PASSWORD: 's3cret words \u00e9' });
    await same(`${login}/secret/one`, { RSYNC_PASSWORD: 'wrong' });
    await same('D:secret/one', { RSYNC_PASSWORD: 's3cret words \u00e9', USER: 'joe' });
  });

  test('a daemon that refuses an option, or to be written to', async () => {
    // C may see the end of the connection before the reason (docs/protocol/4-filters-and-options.md, G.6).
    for (const protocol of [29, 32]) {
      await same(`-a --delete --protocol=${protocol} ./mine/ D:strict/`, {}, [4, 10, 12]);
      await same(`-c --protocol=${protocol} D:strict/one ./out`, {}, [4, 10, 12]);
      await same(`-a --protocol=${protocol} ./mine/ D:data/`, {}, [1, 10, 12]);
    }
    const told = await ours('-a --delete ./mine/ D:strict/');
    expect(told).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/refuse --delete[\s\S]*"refuse options"/),
    });
  });

  test('--port, and the empty hosts of further sources', async () => {
    await same(`-ai --port=${daemon.port} M:data/one ::data/dir/ ./out/`);
    await same(`--port=${daemon.port} M:`);
    await same(`-ai --port=${daemon.port} ./mine/one M:up`);
    await same(`--port=1 M:data`);
  });

  test.skipIf(!hasIpv6())('IPv6', async () => {
    const folder = join(base, 'daemon-v6');
    const six = await startDaemon(newest, folder, moduleTable(), {}, '::1');
    try {
      await same(`-ai ${six.url}/data/one ./out`);
      await same(`-ai --port=${six.port} [::1]::data/one ./out`);
      await same(`-6 --port=${six.port} localhost::data/one`);
      await same(`-4 --port=${six.port} localhost::data/one`);
    } finally {
      await six.stop();
    }
  });

  describe('ways there', () => {
    const servers: { close(): void }[] = [];
    afterEach(() => {
      for (const server of servers.splice(0)) server.close();
    });

    test('RSYNC_PROXY', async () => {
      const requests: string[] = [];
      const proxy = await listen((client) => {
        let head = '';
        const hear = (bytes: Buffer): void => {
          head += bytes.toString('latin1');
          if (!head.includes('\r\n\r\n')) return;
          client.off('data', hear);
          requests.push(head);
          if (head.includes('refused')) return void client.end('HTTP/1.0 407 Who are you\r\n\r\n');
          const server = connect(daemon.port, '127.0.0.1', () => client.pipe(server));
          // Its greeting comes in one piece with the answer.
          server.once('data', (first) => {
            client.write(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nVia: test\r\n\r\n'), first]));
            server.pipe(client);
          });
        };
        client.on('data', hear);
      });
      servers.push(proxy);
      const RSYNC_PROXY = `us%er:p@ss@127.0.0.1:${proxy.port}`;
      await same('-aivv rsync://some.host:8730/data/ ./out', { RSYNC_PROXY });
      await same('rsync://refused.host/data/', { RSYNC_PROXY });
      await same('D:data/', { RSYNC_PROXY: '127.0.0.1' });
      const login = `Proxy-Authorization: Basic ${Buffer.from('us%er:p@ss').toString('base64')}\r\n`;
      expect(requests).toEqual([
        ...Array(2).fill(`CONNECT some.host:8730 HTTP/1.0\r\n${login}\r\n`),
        ...Array(2).fill(`CONNECT refused.host:873 HTTP/1.0\r\n${login}\r\n`),
      ]);
      const { stderr } = await ours('rsync://refused.host/data/', { RSYNC_PROXY });
      expect(stderr).toContain('407 Who are you');
      expect(stderr).not.toMatch(/p@ss|us%er/);
    });

    test('RSYNC_CONNECT_PROG', async () => {
      const config = join(base, 'program.conf');
      writeFileSync(config, daemonConfig(moduleTable()));
      const RSYNC_CONNECT_PROG = `echo %H %% >&2; exec ${newest.path} --server --daemon --config=${config} .`;
      await same('-aivv rsync://joe@some.host:1/data/ ./out', { RSYNC_CONNECT_PROG });
      await same('rsync://some$host/data/', { RSYNC_CONNECT_PROG });
      const { code, stderr } = await ours('rsync://some.host/data/', { RSYNC_CONNECT_PROG: 'exit 3' });
      expect({ code, stderr }).toEqual({
        code: 5,
        stderr: expect.stringContaining('RSYNC_CONNECT_PROG must lead to a daemon'),
      });
    });

    test('a remote shell', async () => {
      const config = join(base, 'shell.conf');
      writeFileSync(config, daemonConfig(moduleTable(), { 'motd file': join(base, 'motd') }));
      const shell = fakeShell(base, newest);
      const port = join(base, 'port');
      const path = `--rsync-path='echo $RSYNC_PORT >>${port}; exec rsync --config=${config}'`;
      const e = `-e '${shell} -p 1'`;
      await same(`${e} ${path} -vv -ai joe@host::data/ ./out`);
      await same(`${e} ${path} -ai ./mine/ rsync://host:99/up/sub`);
      await same(`${e} ${path} host::`);
      await same(`${e} ${path} host::nothing`);
      await same(`${e} ${path} --early-input=./base/motd --port=77 host::early/one`);
      // C may find nobody to greet.
      await same(`${e} --rsync-path=missing host::data`, {}, [5, 12]);
      await same(`${e} --rsync-path='echo hello' host::data`, {}, [5, 12]);
      // The variable alone is no wish for a shell.
      await same('D:data/one', { RSYNC_RSH: join(base, 'missing') });
      expect(readFileSync(port, 'latin1')).toBe('0\n0\n99\n99\n0\n0\n0\n0\n77\n77\n');
      const told = await ours(`${e} --address=127.0.0.1 host::data`);
      expect(told).toMatchObject({ code: 1, stderr: expect.stringContaining('--address') });
    });

    test('nobody answers', async () => {
      const silent = await listen(() => {});
      servers.push(silent);
      const settings = { env: { RSYNC_PROXY: `127.0.0.1:${silent.port}` }, contimeout: 1 };
      await expect(pull('rsync://host/data/', join(base, 'out'), settings)).rejects.toMatchObject({
        code: 'RSYNC_TIMEOUT',
        exitCode: 35,
      });
      const controller = new AbortController();
      const waiting = pull(`rsync://127.0.0.1:${silent.port}/data/`, join(base, 'out'), {
        signal: controller.signal,
        env: {},
      });
      controller.abort();
      await expect(waiting).rejects.toMatchObject({ code: 'RSYNC_ABORTED', exitCode: 20 });
    });
  });
});

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((found) => found?.some(({ address }) => address === '::1'));
}

/** A server on a free port of the loopback interface. */
async function listen(serve: (client: Socket) => void): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
