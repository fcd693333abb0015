import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { openRemoteShell, type RemoteShellTarget } from '../../src/transport/remote-shell.ts';
import { spawnChannel } from '../../src/transport/spawn.ts';
import { failure, temporaryFolder, text } from './support.ts';

const dir = temporaryFolder();
const env = process.env;

/** A remote shell that is a script of node, so that it runs on every system. */
function program(name: string, body: string): string {
  const path = join(dir, `${name}.cjs`);
  writeFileSync(path, body);
  return `"${process.execPath}" "${path}"`;
}

const open = (more: Partial<RemoteShellTarget>) =>
  openRemoteShell({ host: 'far', command: 'not used', words: ['rsync', '--server', 'a b'], env, ...more });

describe('a spawned remote shell', () => {
  const showArguments = program('show', 'console.log(JSON.stringify(process.argv.slice(2)))');

  it('gets -l USER, HOST and the words, without a shell in between', async () => {
    const words = ['rsync', '--server', 'a b', '$HOME', '*', ';', '"', 'n\xc3\xa9'];
    const channel = await open({ rsh: `${showArguments} -x "y z"`, user: 'ann', words });
    expect(JSON.parse(Buffer.from(await text(channel.input), 'latin1').toString())).toEqual([
      '-x',
      'y z',
      '-l',
      'ann',
      'far',
      'rsync',
      '--server',
      'a b',
      '$HOME',
      '*',
      ';',
      '"',
      'né',
    ]);
    expect(await channel.exit).toEqual({ code: 0, signal: null });
  });

  it('gets no -l without a user', async () => {
    const channel = await open({ rsh: showArguments, words: [] });
    expect(await text(channel.input)).toBe('["far"]\n');
  });

  it('refuses a name that can not be an argument', async () => {
    const error = await failure(open({ rsh: showArguments, words: ['n\xff'] }));
    expect(error).toMatchObject({ code: 'RSYNC_UNSUPPORTED', exitCode: 4 });
  });

  it('loses DISPLAY unless SSH_ASKPASS is set', async () => {
    const rsh = program('display', 'console.log(process.env.DISPLAY)');
    expect(await text((await open({ rsh, env: { ...env, DISPLAY: ':0' } })).input)).toBe('undefined\n');
    const asking = await open({ rsh, env: { ...env, DISPLAY: ':0', SSH_ASKPASS: 'x' } });
    expect(await text(asking.input)).toBe(':0\n');
  });

  it('delivers standard error and status', async () => {
    const rsh = program('fail', 'console.error("why"); console.log("what"); process.exitCode = 12');
    const channel = await open({ rsh });
    expect(await Promise.all([text(channel.input), text(channel.stderr!)])).toEqual(['what\n', 'why\n']);
    expect(await channel.exit).toEqual({ code: 12, signal: null });
  });

  it.skipIf(process.platform === 'win32')('tells the signal that killed it', async () => {
    const channel = await open({ rsh: program('kill', 'process.kill(process.pid, "SIGKILL")') });
    channel.input.resume();
    expect(await channel.exit).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('carries 200 MB each way, half-closed at the end', async () => {
    const rsh = program('echo', 'process.stdin.pipe(process.stdout)');
    const channel = await open({ rsh });
    const sent = createHash('sha256');
    const received = createHash('sha256');
    const reading = pipeline(channel.input, received);
    const block = Buffer.alloc(1_000_003);
    for (let i = 0; i < 200; i++) {
      block.writeUInt32LE(i, i * 4);
      sent.update(block);
      if (!channel.output.write(Buffer.from(block))) {
        await new Promise((resolve) => channel.output.once('drain', resolve));
      }
    }
    channel.output.end();
    await reading;
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    expect(await channel.exit).toEqual({ code: 0, signal: null });
  });

  it('is ended by destroy', async () => {
    const channel = await open({ rsh: program('wait', 'setInterval(() => {}, 1000)') });
    channel.destroy();
    channel.destroy();
    const exit = await channel.exit;
    expect(exit.code === 0).toBe(false);
  });

  it.skipIf(process.platform === 'win32')('is killed if it does not heed the request to end', async () => {
    const rsh = program(
      'deaf',
      'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")',
    );
    const channel = await open({ rsh });
    await new Promise((resolve) => channel.input.once('data', resolve));
    channel.destroy();
    expect(await channel.exit).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('does not end the process when the program has gone and we write', async () => {
    const channel = await open({ rsh: program('gone', '') });
    channel.input.resume();
    await channel.exit;
    const error = await new Promise((resolve) => channel.output.write(Buffer.alloc(1 << 20), resolve));
    expect(error).toBeInstanceOf(Error);
  });

  it('fails with exit 14 if it can not be started', async () => {
    const error = await failure(open({ rsh: join(dir, 'no-such-program') }));
    expect(error).toMatchObject({ code: 'RSYNC_REMOTE_SHELL', exitCode: 14, origin: 'local' });
    expect(error.message).toContain('ENOENT');
    const plain = join(dir, 'plain');
    writeFileSync(plain, '#!/bin/sh\n');
    chmodSync(plain, 0o600);
    expect(await failure(open({ rsh: plain }))).toMatchObject({ exitCode: 14 });
  });

  it('is not started after an abort', async () => {
    const signal = AbortSignal.abort();
    expect(await failure(open({ rsh: showArguments, signal }))).toMatchObject({
      code: 'RSYNC_ABORTED',
      exitCode: 20,
    });
  });

  it.each(['', '   '])('refuses the empty command %j', async (rsh) => {
    expect(await failure(open({ rsh }))).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 1 });
  });

  it('is what runs for every program that is not named ssh', async () => {
    mkdirSync(join(dir, 'bin'));
    const channel = await spawnChannel({ program: process.execPath, args: ['-p', '1+1'], env });
    expect(await text(channel.input)).toBe('2\n');
    // A path that ends in ssh is the built-in one: it fails in the network, not for want of the program.
    for (const rsh of ['/no/such/ssh -p 1 -F none', '/no/such/ssh.exe -p 1 -F none']) {
      expect(await failure(open({ rsh, host: '127.0.0.1' }))).toMatchObject({
        code: 'RSYNC_CONNECT',
        exitCode: 255,
      });
    }
  });
});
