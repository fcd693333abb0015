import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import ssh2 from 'ssh2';
import { afterAll } from 'vitest';
import { isRsyncError, type RsyncError } from '../../src/core/errors.ts';
import type { Channel } from '../../src/transport/channel.ts';
import { openRemoteShell, type RemoteShellTarget } from '../../src/transport/remote-shell.ts';
import type { PromptRequest } from '../../src/transport/ssh/auth/prompts.ts';
import type { Sshd } from '../support/sshd.ts';

/** A folder that lives as long as the test file. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'rsyncjs-transport-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

type KeyPair = ReturnType<typeof ssh2.utils.generateKeyPairSync>;

/** A key pair in OpenSSH's format without ssh-keygen. One in some 300 that ssh2 makes is malformed, for OpenSSH too. */
export function ssh2Key(encryption?: { passphrase: string; cipher: string; rounds: number }): KeyPair {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', encryption as never);
    if (!(ssh2.utils.parseKey(pair.private, encryption?.passphrase) instanceof Error)) return pair;
  }
}

export async function text(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

/** The error of a promise that must fail. */
export async function failure(promise: Promise<unknown>): Promise<RsyncError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isRsyncError(error)) throw new Error(`expected an RsyncError, got ${String(error)}`);
  return error;
}

export interface Script {
  (request: PromptRequest): Promise<string | undefined>;
  /** The messages shown so far. */
  readonly asked: string[];
  readonly requests: PromptRequest[];
}

/** Answers from a list, one for secrets and one for host keys, and notes the questions. */
export function script(secrets: (string | undefined)[], confirms: boolean[] = []): Script {
  const requests: PromptRequest[] = [];
  const asked: string[] = [];
  const answer = async (request: PromptRequest): Promise<string | undefined> => {
    requests.push(request);
    asked.push(request.message);
    if (request.kind === 'host-key') return confirms.shift() === true ? 'yes' : 'no';
    return secrets.shift();
  };
  return Object.assign(answer, { asked, requests });
}

/** A connection to a test server that knows nothing of the configuration of the account that runs the tests. */
export function open(
  sshd: Sshd,
  home: string,
  command: string,
  more: Omit<Partial<RemoteShellTarget>, 'rsh'> & {
    args?: string;
    key?: string | null;
    knownHosts?: string;
  } = {},
): Promise<Channel> {
  const { args = '', key = sshd.userKeyPath, knownHosts = sshd.knownHostsPath, ...target } = more;
  const words = [`ssh -F none -p ${sshd.port} -o UserKnownHostsFile=${knownHosts}`];
  if (key !== null) words.push(`-i ${key}`);
  if (args !== '') words.push(args);
  return openRemoteShell({
    host: sshd.host,
    command,
    words: [],
    rsh: words.join(' '),
    env: { HOME: home, PATH: process.env.PATH },
    ...target,
  });
}

export interface Relay {
  port: number;
  /** Open connections, both sides counted. */
  sockets(): number;
  cut(): void;
  /** Keeps the connections and passes nothing more on. */
  freeze(): void;
  stop(): void;
}

/** A TCP relay in front of a server, whose connections can be cut or frozen. */
export async function relay(port: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        (socket === near ? far : near).destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    sockets: () => sockets.size,
    freeze: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    stop: () => {
      cut();
      server.close();
    },
  };
}
