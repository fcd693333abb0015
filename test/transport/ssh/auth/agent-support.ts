import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import { basename, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { wireString, wireUint32 } from '../../../../src/transport/ssh/auth/wire.ts';

/** Why there is no agent to test against. */
export function agentMissing(): string | undefined {
  // There it is a service, of which nobody can have one of one's own.
  if (process.platform === 'win32') return 'no ssh-agent to start on Windows';
  return spawnSync('ssh-agent', ['-h']).error === undefined ? undefined : 'no ssh-agent found';
}

export interface TestAgent {
  socket: string;
  /** Loads a key; the agent lists its keys in the order of loading. */
  add(file: string): void;
  clear(): void;
}

/** OpenSSH's agent, for as long as the suite runs. To be called in the body of the suite. */
export function realAgent(dir: string, name = 'agent.sock'): TestAgent {
  const socket = join(dir, name);
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  let child: ChildProcess | undefined;
  beforeAll(async () => {
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    child = agent;
    await new Promise<void>((resolve, reject) => {
      agent.stdout.once('data', () => resolve());
      agent.once('error', reject);
    });
  });
  afterAll(() => {
    child?.kill();
  });
  return {
    socket,
    add: (file) => {
      execFileSync('ssh-add', ['-q', file], { env, stdio: 'pipe' });
    },
    clear: () => {
      execFileSync('ssh-add', ['-q', '-D'], { env, stdio: 'pipe' });
    },
  };
}

/** A Unix socket in `dir`; on Windows, a named pipe. */
export function socketPath(dir: string, name: string): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\${basename(dir)}-${name}` : join(dir, name);
}

/** Something that listens on a socket of its own and says what it likes. */
export async function listen(
  path: string,
  serve: (socket: Socket) => void,
): Promise<{ path: string; port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) =>
    path === '' ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve),
  );
  const address = server.address();
  return {
    path,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

export function agentMessage(type: number, content: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.concat([wireUint32(1 + content.length), Buffer.from([type]), content]);
}

/** The answer to REQUEST_IDENTITIES. */
export function identitiesAnswer(keys: readonly { blob: Uint8Array; comment: string }[]): Buffer {
  const list = keys.flatMap(({ blob, comment }) => [wireString(blob), wireString(comment)]);
  return agentMessage(12, Buffer.concat([wireUint32(keys.length), ...list]));
}

/** An agent that lists what it is given and signs nothing. */
export function listingAgent(path: string, keys: readonly { blob: Uint8Array; comment: string }[]) {
  return listen(path, (socket) => {
    socket.on('data', (data: Buffer) => {
      socket.write(data[4] === 11 ? identitiesAnswer(keys) : agentMessage(5));
    });
  });
}

/** A public key's bytes from the text of a .pub file. */
export function blobOf(publicKey: string): Buffer {
  return Buffer.from(publicKey.split(' ')[1]!, 'base64');
}
