import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** True once somebody takes connections. */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * Starts C rsync as a daemon on a free loopback port: its one module, `bench`, is the folder `dir`, to read and to
 * write, as the account that runs the bench. Returns `port` and `stop()`.
 */
export async function startDaemon(dir, rsync) {
  const home = mkdtempSync(join(dir, 'daemon-'));
  const config = join(home, 'rsyncd.conf');
  // Started by root it would serve as nobody.
  const account = process.getuid() === 0 ? ['uid = 0', 'gid = 0'] : [];
  writeFileSync(
    config,
    `${['use chroot = no', ...account, '[bench]', `path = ${dir}`, 'read only = no'].join('\n')}\n`,
  );
  for (let attempt = 0; ; attempt++) {
    const port = await freePort();
    const words = ['--daemon', '--no-detach', `--config=${config}`, `--port=${port}`, '--address=127.0.0.1'];
    const child = spawn(rsync.path, [...words, `--log-file=${join(home, 'log')}`], { stdio: 'ignore' });
    const gone = new Promise((resolve) => {
      child.once('exit', resolve);
      child.once('error', resolve);
    });
    let isGone = false;
    void gone.then(() => {
      isGone = true;
    });
    while (!isGone && !(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 20));
    if (!isGone) {
      return {
        port,
        stop: async () => {
          child.kill('SIGTERM');
          await gone;
        },
      };
    }
    if (attempt === 4) throw new Error('rsync did not start as a daemon');
  }
}
