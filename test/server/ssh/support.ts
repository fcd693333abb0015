import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2, { type Client, type ClientChannel, type ConnectConfig } from 'ssh2';
import type { SshServer, SshServerEvent, SshServerOptions } from '../../../src/server/ssh/settings.ts';
import { openSshServer } from '../../../src/server/ssh/ssh-server.ts';
import { temporaryFolder } from '../../support/peers.ts';
import { removeTree } from '../../support/tree.ts';
import { ssh2Key } from '../../transport/support.ts';

export interface TestServer {
  /** `root`, `keys`, `host-key` are in it. */
  dir: string;
  root: string;
  port: number;
  server: SshServer;
  userKey: ReturnType<typeof ssh2Key>;
  events: SshServerEvent[];
  /** Resolves with the first event that is like this, seen already or not. */
  seen<T extends SshServerEvent['type']>(
    type: T,
    like?: (event: Extract<SshServerEvent, { type: T }>) => boolean,
  ): Promise<Extract<SshServerEvent, { type: T }>>;
  stop(): Promise<void>;
}

/** A server in this process, on a free port of the loopback interface. */
export async function startServer(options: Partial<SshServerOptions> = {}): Promise<TestServer> {
  const dir = temporaryFolder('serve');
  const root = join(dir, 'root');
  mkdirSync(root);
  const userKey = ssh2Key();
  writeFileSync(join(dir, 'keys'), `${userKey.public} tester\n`, { mode: 0o600 });
  writeFileSync(join(dir, 'host-key'), ssh2Key().private, { mode: 0o600 });
  const events: SshServerEvent[] = [];
  const waiting = new Set<() => void>();
  const server = openSshServer({
    root,
    authorizedKeys: join(dir, 'keys'),
    hostKey: join(dir, 'host-key'),
    port: 0,
    onEvent: (event) => {
      events.push(event);
      for (const wake of [...waiting]) wake();
    },
    ...options,
  });
  const { port } = await server.listen();
  return {
    ...{ dir, root, port, server, userKey, events },
    seen: (type, like = () => true) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = events.find((event) => event.type === type && like(event as never));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found as never);
        };
        waiting.add(look);
        look();
      }),
    stop: async () => {
      await server.close();
      removeTree(dir);
    },
  };
}

/** Resolves with a client that has logged in; rejects with why not. */
export function connect(to: TestServer, config: ConnectConfig = {}): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.on('error', reject);
    client.once('close', () => reject(new Error('closed')));
    client.once('ready', () => resolve(client));
    client.connect({
      host: '127.0.0.1',
      port: to.port,
      username: 'anybody',
      privateKey: to.userKey.private,
      ...config,
    });
  });
}

export interface Said {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

export interface Command {
  stream: ClientChannel;
  /** What it says until its end. */
  said: Promise<Said>;
  /** Its first bytes have come. */
  begun: Promise<void>;
}

/** Asks for a command and leaves its stream alone. */
export function begin(client: Client, command: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, stream) => {
      if (error === undefined) resolve(stream);
      else reject(error);
    });
  });
}

/** Asks for a command; rejects if the server will not even open a channel for it. */
export function exec(client: Client, command: string): Promise<Command> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, stream) => {
      // At once: its end may be in the packets that have come already.
      if (error !== undefined) reject(error);
      else {
        const begun = new Promise<void>((start) => stream.once('data', () => start()));
        resolve({ stream, said: hear(stream), begun });
      }
    });
  });
}

function hear(stream: ClientChannel): Promise<Said> {
  return new Promise((resolve) => {
    const out: Buffer[] = [];
    const said: Said = { code: null, stdout: Buffer.alloc(0), stderr: '' };
    stream.on('data', (chunk: Buffer) => out.push(chunk));
    stream.stderr.on('data', (chunk: Buffer) => {
      said.stderr += chunk.toString('latin1');
    });
    stream.on('exit', (code: number | null) => {
      said.code = code;
    });
    stream.on('close', () => resolve({ ...said, stdout: Buffer.concat(out) }));
  });
}

/** Asks for a command and hears it to its end. */
export async function ask(client: Client, command: string): Promise<Said> {
  return (await exec(client, command)).said;
}

export function closed(client: Client): Promise<void> {
  return new Promise((resolve) => {
    client.on('close', () => resolve());
  });
}
