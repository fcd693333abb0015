import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import ssh2, { type ParsedKey } from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';
import { AgentClient, type AgentClientOptions } from '../../../../src/transport/ssh/auth/agent-client.ts';
import { wireString, wireUint32 } from '../../../../src/transport/ssh/auth/wire.ts';
import { makeKey } from '../../../support/sshd.ts';
import { temporaryFolder } from '../../support.ts';
import {
  agentMessage,
  agentMissing,
  blobOf,
  identitiesAnswer,
  listen,
  realAgent,
  socketPath,
} from './agent-support.ts';

const dir = temporaryFolder();

describe.skipIf(agentMissing())('the client of an agent, with ssh-agent', () => {
  const agent = realAgent(dir);

  it('lists the keys in their order, with comments', async () => {
    const keys = (['rsa', 'ed25519', 'ecdsa'] as const).map((type) =>
      makeKey(join(dir, `list-${type}`), type),
    );
    agent.clear();
    for (const { path } of keys) agent.add(path);
    const listed = await new AgentClient(agent.socket).list();
    expect(listed.map(({ blob }) => blob.toString('base64'))).toEqual(
      keys.map(({ publicKey }) => publicKey.split(' ')[1]),
    );
    expect(listed.map(({ comment }) => comment)).toEqual(['test-rsa', 'test-ed25519', 'test-ecdsa']);
  });

  it.each([
    ['ed25519', 'ssh-ed25519', undefined],
    ['ecdsa', 'ecdsa-sha2-nistp256', undefined],
    ['rsa', 'rsa-sha2-512', 'sha512'],
    ['rsa', 'rsa-sha2-256', 'sha256'],
  ] as const)('has data signed with %s (%s)', async (type, algorithm, hash) => {
    agent.clear();
    const { path, publicKey } = makeKey(join(dir, `sign-${algorithm}`), type);
    agent.add(path);
    const data = Buffer.from('to be signed');
    const signature = await new AgentClient(agent.socket).sign(blobOf(publicKey), data, algorithm);
    const key = ssh2.utils.parseKey(publicKey) as ParsedKey;
    // Of ECDSA, the library verifies the form of OpenSSL alone: the login tests hold that one against sshd.
    if (type !== 'ecdsa') expect(key.verify(data, signature, hash)).toBe(true);
    else expect(signature[0]).toBe(0);
  });

  it('says that the agent refused to sign', async () => {
    agent.clear();
    const { publicKey } = makeKey(join(dir, 'absent'));
    const signing = new AgentClient(agent.socket).sign(blobOf(publicKey), Buffer.from('x'), 'ssh-ed25519');
    await expect(signing).rejects.toThrow('refused to sign');
  });
});

describe('the client of an agent that can not be trusted', () => {
  let stop: (() => void) | undefined;
  afterEach(() => stop?.());
  let count = 0;

  const client = async (serve: (socket: Socket) => void, options: AgentClientOptions = {}) => {
    const server = await listen(socketPath(dir, `bad-${count++}.sock`), serve);
    stop = server.close;
    return new AgentClient(server.path, options);
  };
  const answering = (bytes: Buffer, options?: AgentClientOptions) =>
    client((socket) => {
      socket.on('data', () => socket.write(bytes));
    }, options);
  const signatureOf = (format: string, signature: Uint8Array) =>
    agentMessage(14, wireString(Buffer.concat([wireString(format), wireString(signature)])));
  const sign = (agent: AgentClient, algorithm = 'ssh-ed25519') =>
    agent.sign(Buffer.from('blob'), Buffer.from('data'), algorithm);

  it.each([
    ['a message of no length', Buffer.alloc(4)],
    ['a message beyond all bounds', Buffer.from([0x7f, 0xff, 0xff, 0xff, 12])],
    ['a message of another type', agentMessage(14)],
    ['a list without its count', agentMessage(12, Buffer.from([0, 0]))],
    ['more keys than there are', agentMessage(12, wireUint32(2))],
    ['more keys than anybody has', agentMessage(12, wireUint32(1 << 30))],
    [
      'a key longer than the message',
      agentMessage(12, Buffer.concat([wireUint32(1), wireUint32(0x80000000)])),
    ],
    ['a key without comment', agentMessage(12, Buffer.concat([wireUint32(1), wireString('blob')]))],
  ])('survives %s', async (_, bytes) => {
    await expect((await answering(bytes)).list()).rejects.toThrow('makes no sense');
  });

  it('reads an answer that comes byte by byte, and takes no more of it than one message', async () => {
    const answer = identitiesAnswer([{ blob: Buffer.from('key'), comment: 'mine' }]);
    const agent = await client((socket) => {
      socket.setNoDelay(true);
      socket.once('data', async () => {
        for (const byte of Buffer.concat([answer, Buffer.from('surplus')])) {
          socket.write(Buffer.from([byte]));
          await new Promise(setImmediate);
        }
      });
    });
    expect(await agent.list()).toEqual([{ blob: Buffer.from('key'), comment: 'mine' }]);
  });

  it('fails on every truncated answer', async () => {
    const answer = identitiesAnswer([{ blob: Buffer.from('key'), comment: 'mine' }]);
    for (let length = 0; length < answer.length; length++) {
      const agent = await client((socket) =>
        socket.once('data', () => socket.end(answer.subarray(0, length))),
      );
      await expect(agent.list(), `${length} bytes`).rejects.toThrow('closed the connection');
      stop?.();
    }
  });

  it('leaves control characters out of comments, and shortens them', async () => {
    const comment = `a\u001b[2J\r\nb${'x'.repeat(10_000)}`;
    const [key] = await (await answering(identitiesAnswer([{ blob: Buffer.from('k'), comment }]))).list();
    expect(key!.comment).toMatch(/^a\[2J bx+$/);
    expect(key!.comment.length).toBeLessThan(201);
  });

  it('does not wait for ever', async () => {
    const silent = await client(() => {}, { listTime: 50, signTime: 50 });
    await expect(silent.list()).rejects.toThrow('no answer');
    await expect(sign(silent)).rejects.toThrow('no answer');
  });

  it('says that the agent refuses, or hangs up', async () => {
    await expect((await answering(agentMessage(5))).list()).rejects.toThrow('refuses to list');
    stop?.();
    await expect((await client((socket) => socket.destroy())).list()).rejects.toThrow(
      'closed the connection',
    );
  });

  it('says what is wrong with the socket', async () => {
    await expect(new AgentClient(socketPath(dir, 'nobody')).list()).rejects.toThrow('no such socket');
    // On Windows a file is taken for Cygwin's: see below.
    if (process.platform === 'win32') return;
    writeFileSync(join(dir, 'file'), '');
    await expect(new AgentClient(join(dir, 'file')).list()).rejects.toThrow('nobody listens there');
  });

  it('does not believe a signature of another algorithm than the one asked for', async () => {
    // GNOME's agent of old: SHA-1, whatever the flags.
    const old = await answering(signatureOf('ssh-rsa', Buffer.from('signature')));
    await expect(sign(old, 'rsa-sha2-512')).rejects.toThrow('it signed with ssh-rsa instead of rsa-sha2-512');
    stop?.();
    const odd = await answering(signatureOf('\u001b[2J', Buffer.from('signature')));
    await expect(sign(odd)).rejects.toThrow('it signed with something else instead of ssh-ed25519');
  });

  it.each([
    ['no signature', agentMessage(14)],
    ['an empty one', signatureOf('ssh-ed25519', Buffer.alloc(0))],
    ['one that is cut off', agentMessage(14, wireString(wireString('ssh-ed25519')))],
  ])('survives %s', async (_, bytes) => {
    await expect(sign(await answering(bytes))).rejects.toThrow('makes no sense');
  });

  it('survives an ECDSA signature that is no pair of numbers', async () => {
    const agent = await answering(signatureOf('ecdsa-sha2-nistp256', Buffer.from('0\u0006')));
    await expect(sign(agent, 'ecdsa-sha2-nistp256')).rejects.toThrow('makes no sense');
  });
});

describe('the client of an agent on Windows', () => {
  const secret = '01234567-89ABCDEF-00112233-44556677';
  /** The words of the file as numbers of a little-endian machine. */
  const secretBytes = Buffer.from('67452301efcdab893322110077665544', 'hex');
  const account = Buffer.from('9a0200000304000001020000', 'hex');

  it('talks to the socket file of Cygwin, whose agent takes its own account alone', async () => {
    const greetings: Buffer[] = [];
    const server = await listen('', (socket) => {
      let bytes = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        const before = bytes.length;
        bytes = Buffer.concat([bytes, chunk]);
        if (before < 16 && bytes.length >= 16) socket.write(bytes.subarray(0, 16));
        if (before < 28 && bytes.length >= 28) {
          greetings.push(bytes.subarray(0, 28));
          socket.write(account);
        }
        if (bytes.length > 28) socket.write(identitiesAnswer([{ blob: Buffer.from('key'), comment: 'cyg' }]));
      });
    });
    const path = join(dir, 'cygwin');
    writeFileSync(path, `!<socket >${server.port} s ${secret}\0`);
    const keys = await new AgentClient(path, { platform: 'win32' }).list();
    expect(keys).toEqual([{ blob: Buffer.from('key'), comment: 'cyg' }]);
    expect(greetings.map((bytes) => bytes.subarray(0, 16))).toEqual([secretBytes, secretBytes]);
    expect(greetings[0]!.subarray(16)).toEqual(Buffer.alloc(12));
    expect(greetings[1]!.readUInt32LE(16)).toBe(process.pid);
    expect(greetings[1]!.subarray(20)).toEqual(account.subarray(4));
    server.close();
  });

  it('names what is no agent, and what one looks like', async () => {
    const list = (path: string) => new AgentClient(path, { platform: 'win32' }).list();
    await expect(list('/tmp/ssh-x/agent.1')).rejects.toThrow(/no such socket.*openssh-ssh-agent/);
    writeFileSync(join(dir, 'plain'), 'nothing');
    await expect(list(join(dir, 'plain'))).rejects.toThrow('neither a named pipe nor a socket of Cygwin');
  });

  it('does not wait for ever for somebody else behind the port', async () => {
    const server = await listen('', () => {});
    const path = join(dir, 'cygwin-silent');
    writeFileSync(path, `!<socket >${server.port} s ${secret}\0`);
    const agent = new AgentClient(path, { platform: 'win32', listTime: 50 });
    await expect(agent.list()).rejects.toThrow('no answer');
    server.close();
  });
});
