/** How a daemon comes to its connections, as whom, and where it logs: by inetd, at the address of its file, in the background. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askModule, freePort } from '../support/daemons.ts';
import { newestPeer, requirePeers, runRsync, temporaryFolder } from '../support/peers.ts';
import { compareTrees, isRoot, makeTree, removeTree, snapshotTree } from '../support/tree.ts';
import { DaemonPair, SIDES, type Side } from './daemon-pair.ts';

const found = requirePeers();
const newest = newestPeer();
const entryPoint = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const IDENTITY = isRoot ? 'uid = root\ngid = root\n' : '';
const OPEN = `use chroot = no\nmunge symlinks = no\nreverse lookup = no\nread only = no\n${IDENTITY}`;

let base = '';
beforeAll(() => {
  process.umask(0o022);
  base = temporaryFolder('daemon-starts');
  makeTree(join(base, 'src'), [
    { path: 'a', content: 'alpha\n' },
    { path: 'dir/big', content: 'big '.repeat(50_000) },
  ]);
});
afterAll(() => removeTree(base));

/** Starts `--daemon` of a side; what it says on its own streams is read, or goes to its client. */
function start(side: Side, words: readonly string[], stdio: 'pipe' | Socket, env = {}): ChildProcess {
  const [program, ...first] = side === 'C' ? [newest.path] : [process.execPath, entryPoint];
  return spawn(program!, [...first, '--daemon', ...words], {
    cwd: base,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', ...env },
    stdio: stdio === 'pipe' ? ['ignore', 'pipe', 'pipe'] : [stdio, stdio, stdio],
  });
}

class Inetd {
  readonly port: number;
  readonly #server: Server;
  /** Exit codes of the daemons, one a connection. */
  readonly ends: (number | null)[] = [];

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Gives every connection to a daemon of its own, as its standard streams, unread. */
  static async listen(side: Side, config: string, env = {}): Promise<Inetd> {
    const file = join(base, `inetd-${side}-${Math.random()}.conf`);
    writeFileSync(file, config);
    const server = createServer({ pauseOnConnect: true });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    const inetd = new Inetd(server, port);
    server.on('connection', (socket) => {
      const child = start(side, [`--config=${file}`], socket, env);
      child.once('spawn', () => socket.destroy());
      child.once('exit', (code) => inetd.ends.push(code));
    });
    return inetd;
  }

  url(path: string): string {
    return `rsync://127.0.0.1:${this.port}/${path}`;
  }

  close(): void {
    this.#server.close();
  }
}

describe.skipIf(found.length === 0)('started by inetd', () => {
  test('it serves the connection that it has been given', async () => {
    const outcomes = await Promise.all(
      SIDES.map(async (side) => {
        const work = join(base, `inetd-${side}`);
        mkdirSync(work);
        const log = `log file = ${work}/log\ntransfer logging = yes\nlog format = %o %a %f\n`;
        const inetd = await Inetd.listen(side, `${OPEN}${log}[m]\npath = ${work}\n`);
        const pushed = await runRsync(newest, ['-a', `${base}/src/`, inetd.url('m/pushed/')]);
        const pulled = await runRsync(newest, ['-a', inetd.url('m/pushed/'), `${work}/pulled/`]);
        for (const { code, stderr } of [pushed, pulled])
          expect(`${side} ${code} ${stderr}`).toBe(`${side} 0 `);
        await expect.poll(() => inetd.ends, { timeout: 20_000 }).toEqual([0, 0]);
        inetd.close();
        return {
          trees: ['pushed', 'pulled'].map((name) => snapshotTree(join(work, name))),
          log: readFileSync(join(work, 'log'), 'latin1')
            .split('\n')
            .map((line) => line.replace(/^\S+ \S+ \[\d+\] /, ''))
            .map((line) => line.replace(/^sent \d+ bytes {2}received \d+ bytes/, 'sent N received N')),
        };
      }),
    );
    const source = snapshotTree(join(base, 'src'));
    for (const tree of outcomes.flatMap(({ trees }) => trees)) expect(compareTrees(source, tree)).toEqual([]);
    expect(outcomes[1]!.log).toEqual(outcomes[0]!.log);
  });

  test('max connections: its places are those of its lock file', async () => {
    await Promise.all(
      SIDES.map(async (side) => {
        const lock = join(base, `inetd-lock-${side}`);
        const module = `[m]\npath = ${base}/src\nmax connections = 1\nlock file = ${lock}\n`;
        const inetd = await Inetd.listen(side, `${OPEN}log file = ${lock}.log\n${module}`);
        const first = await askModule(inetd.port, 'm');
        const second = await askModule(inetd.port, 'm');
        expect([first.answer, second.answer], side).toEqual([
          '@RSYNCD: OK',
          '@ERROR: max connections (1) reached -- try again later',
        ]);
        first.close();
        second.close();
        await expect.poll(() => inetd.ends.length, { timeout: 20_000 }).toBe(2);
        const third = await askModule(inetd.port, 'm');
        expect(third.answer, side).toBe('@RSYNCD: OK');
        third.close();
        await expect.poll(() => inetd.ends.length, { timeout: 20_000 }).toBe(3);
        inetd.close();
      }),
    );
  });
});

describe.skipIf(process.platform === 'win32')('without a log file', () => {
  test.skipIf(found.length === 0)('it logs by logger(1), with syslog tag and syslog facility', async () => {
    const folder = join(base, 'bin');
    mkdirSync(folder);
    const taken = join(base, 'syslog');
    const script = `#!/bin/sh\nexec >>'${taken}'\necho "logger $*"\nexec cat\n`;
    writeFileSync(join(folder, 'logger'), script, { mode: 0o755 });
    const config = `${OPEN}syslog tag = mirror\nsyslog facility = local3\n[m]\npath = ${base}/src\n`;
    const inetd = await Inetd.listen('ours', config, { PATH: `${folder}:${process.env.PATH}` });
    const result = await runRsync(newest, ['-a', inetd.url('m/a'), join(base, 'logged')]);
    expect(`${result.code} ${result.stderr}`).toBe('0 ');
    const said = (): string => readFileSync(taken, 'latin1');
    await expect.poll(said, { timeout: 20_000 }).toMatch(/^sent \d+ bytes {2}received \d+ bytes/m);
    expect(said()).toMatch(/^logger -t mirror\[\d+\] -p local3\.info$/m);
    expect(said()).toMatch(/^rsync on m\/a from UNDETERMINED \(127\.0\.0\.1\)$/m);
    inetd.close();
  });
});

describe.skipIf(found.length === 0 || process.platform === 'win32')('its own socket', () => {
  test('address, port, listen backlog of the file', async () => {
    const counts = await Promise.all(
      SIDES.map(async (side) => {
        const port = await freePort();
        const file = join(base, `address-${side}.conf`);
        const globals = `address = 127.0.0.1\nport = ${port}\nlisten backlog = 2\n`;
        writeFileSync(
          file,
          `${globals}${OPEN}log file = ${base}/address-${side}.log\n[m]\npath = ${base}/src\n`,
        );
        const child = start(side, ['--no-detach', `--config=${file}`], 'pipe');
        const open = (host: string): Promise<Socket | undefined> => isOpen(host, port);
        await expect
          .poll(async () => (await open('127.0.0.1'))?.destroy().destroyed, { timeout: 20_000 })
          .toBe(true);
        expect(await open('127.0.0.2'), side).toBe(undefined);
        // Nobody takes them any more: the queue is all that there is room in.
        child.kill('SIGSTOP');
        const waiting: Socket[] = [];
        while (waiting.length < 20) {
          const socket = await open('127.0.0.1');
          if (socket === undefined) break;
          waiting.push(socket);
        }
        for (const socket of waiting) socket.destroy();
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await ended;
        return waiting.length;
      }),
    );
    // One may have been taken before the daemon stood still.
    expect(Math.abs(counts[1]! - counts[0]!), counts.join(' ')).toBeLessThan(2);
    expect(counts[1]).toBeLessThan(5);
  });
});

/** A connection; undefined if it is refused, or not there after a second although nobody has to do anything for it. */
function isOpen(host: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const fail = (): void => {
      socket.destroy();
      resolve(undefined);
    };
    // What has happened meanwhile is heard first.
    const timer = setTimeout(() => setImmediate(() => setImmediate(fail)), 1000);
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}

// Nobody else can become somebody else.
describe.skipIf(found.length === 0 || !isRoot)('daemon uid, daemon gid (root alone can be others)', () => {
  test('files are of whom the daemon has become', async () => {
    const pair = await DaemonPair.start({
      config:
        'use chroot = no\nmunge symlinks = no\nread only = no\ndaemon uid = daemon\ndaemon gid = daemon\n[m]\npath = %TREE%/open\n',
      constant: [{ path: 'files/closed', content: 'closed\n', mode: 0o600 }],
      changing: [{ path: 'open', type: 'dir', mode: 0o777 }],
      source: [{ path: 'src/a', content: 'alpha\n' }],
    });
    try {
      const { result, modules } = await pair.compare({ args: ['-rt', 'src/', '@m/'] });
      expect(result.code).toBe(0);
      expect(new Map(modules).get('open')!.get('a')).toMatchObject({ owner: '1:1' });
    } finally {
      await pair.stop();
    }
  });
});
