/** CVE-2026-53791: who may say with a PROXY header where he comes from. docs/security.md. */
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestDaemon } from '../support/daemons.ts';
import { temporaryFolder } from '../support/peers.ts';
import { isRoot, removeTree } from '../support/tree.ts';

const base = temporaryFolder('proxy');
const tree = join(base, 'tree');
let daemon: TestDaemon;
beforeAll(async () => {
  mkdirSync(tree);
  daemon = await TestDaemon.start({ folder: base, tree, config: configOf('') });
}, 30_000);
afterAll(async () => {
  await daemon?.stop();
  removeTree(base);
});

const configOf = (hosts: string): string => `
proxy protocol = yes
${hosts === '' ? '' : `proxy protocol hosts = ${hosts}`}
use chroot = no
${isRoot ? 'uid = root\ngid = root' : ''}
[m]
path = ${tree}
hosts allow = 192.0.2.7
hosts deny = *
`;

/** What a client hears that sends a header and asks for the module, until the daemon hangs up. */
function ask(source: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: daemon.port });
    let heard = '';
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('data', (text: string) => {
      heard += text;
      if (heard.includes('@RSYNCD: OK')) socket.destroy();
    });
    socket.on('close', () => resolve(heard));
    socket.write(`PROXY TCP4 ${source} 127.0.0.1 12345 873\r\n@RSYNCD: 32.0 md5\nm\n`);
  });
}

it('nobody, if no proxy is named', async () => {
  expect(await ask('192.0.2.7')).not.toContain('@RSYNCD: OK');
});

it('nobody but the proxies that are named', async () => {
  daemon.configure(configOf('10.0.0.0/8'));
  expect(await ask('192.0.2.7')).not.toContain('@RSYNCD: OK');
});

it('a proxy that is named, and then its word counts', async () => {
  daemon.configure(configOf('127.0.0.1'));
  expect(await ask('192.0.2.7')).toContain('@RSYNCD: OK');
  expect(await ask('192.0.2.8')).toContain('@ERROR: access denied to m from');
});
