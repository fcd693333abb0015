import { connect as connectTcp, type Socket } from 'node:net';
import ssh2, { type Client, type ClientChannel, type ConnectConfig } from 'ssh2';
import { type ByteString, toBuffer } from '../../core/bytes.ts';
import { isRsyncError, RsyncError } from '../../core/errors.ts';
import type { Channel } from '../channel.ts';
import { hostKeyAlgorithms } from './algorithms.ts';
import { Authenticator, type MethodsLeft } from './auth/authenticator.ts';
import { collectIdentities } from './auth/identities.ts';
import { type Prompts, visible } from './auth/prompts.ts';
import { sshChannel } from './channel.ts';
import { Deadline } from './deadline.ts';
import { aborted, closedError, connectError, handshakeError, SSH_FAILED, timeoutError } from './errors.ts';
import { judgeHostKey } from './host/host-key.ts';
import { appendKnownHost, isNowhere } from './host/known-hosts.ts';
import { watchSilence } from './keep-alive.ts';
import { makePlan, type SshPlan, type SshTarget } from './plan.ts';

/** Milliseconds for the TCP connection and for the key exchange, each, unless ConnectTimeout says otherwise. */
const CONNECT_TIMEOUT = 30_000;
/** Milliseconds for each answer during the login: the server may be waiting for a second factor. OpenSSH's own limit. */
const LOGIN_TIMEOUT = 120_000;
/** Seconds of silence before the server is asked for a sign of life, and how many may stay unanswered. */
const ALIVE_INTERVAL = 15;
const ALIVE_COUNT = 4;

/**
 * Logs in over ssh and starts a command, without a terminal. The connection serves this command alone and ends
 * with it.
 *
 * `exit` of the channel resolves once the command's output has been read to its end, or at the latest one second after
 * its status has come; with code null if the connection was lost.
 *
 * @throws RsyncError RSYNC_CONNECT, RSYNC_HOST_KEY, RSYNC_AUTH, RSYNC_REMOTE_SHELL (exit 255), RSYNC_UNSUPPORTED
 *   (exit 4), RSYNC_ABORTED (exit 20).
 */
export async function openSsh(target: SshTarget, command: ByteString): Promise<Channel> {
  const plan = makePlan(target);
  const trace = target.trace ?? (() => {});
  const session = new Session(target, plan, trace);
  try {
    return await session.open(command);
  } catch (error) {
    session.cut();
    throw error;
  }
}

class Session {
  readonly #target: SshTarget;
  readonly #plan: SshPlan;
  readonly #trace: (line: string) => void;
  readonly #client: Client = new ssh2.Client();
  #socket: Socket | undefined;
  #step = 'connecting';
  /** Rejects `open` whatever it waits for. */
  #fail: (error: RsyncError) => void = () => {};

  constructor(target: SshTarget, plan: SshPlan, trace: (line: string) => void) {
    this.#target = target;
    this.#plan = plan;
    this.#trace = trace;
  }

  cut(): void {
    this.#socket?.destroy();
  }

  async open(command: ByteString): Promise<Channel> {
    const { signal } = this.#target;
    if (signal?.aborted) throw aborted(signal);
    const { where, settings } = this.#plan;
    const interval = settings.serverAliveInterval ?? ALIVE_INTERVAL;
    const limit = settings.connectTimeout ? settings.connectTimeout * 1000 : CONNECT_TIMEOUT;
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    failed.catch(() => {});
    const deadline = new Deadline((step) => {
      this.#fail(timeoutError(where, step, (step === 'logging in' ? LOGIN_TIMEOUT : limit) / 1000));
    });
    const begin = (step: string): void => {
      this.#step = step;
      deadline.begin(step, step === 'logging in' ? LOGIN_TIMEOUT : limit);
    };
    const onAbort = (): void => this.#fail(aborted(signal!));
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      begin('connecting');
      const socket = await Promise.race([this.#connect(), failed]);
      const disconnected = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      begin('exchanging keys');
      await Promise.race([this.#login(socket, deadline, begin), failed]);
      begin('starting the remote command');
      const label = `ssh ${this.#plan.user}@${where.replace(/:22$/, '')}`;
      const cut = (): void => this.cut();
      const channel = await Promise.race([
        this.#exec(command, (stream) =>
          sshChannel({ label, client: this.#client, stream, cut, disconnected }),
        ),
        failed,
      ]);
      watchSilence(socket, interval, settings.serverAliveCountMax ?? ALIVE_COUNT, (seconds) =>
        this.#trace(`ssh: ${where} has been silent for ${seconds} seconds, connection cut`),
      );
      return channel;
    } finally {
      deadline.stop();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #connect(): Promise<Socket> {
    const { host, port, where, settings } = this.#plan;
    this.#trace(`ssh: connecting to ${where}`);
    const family = settings.addressFamily === 'inet' ? 4 : settings.addressFamily === 'inet6' ? 6 : 0;
    return new Promise((resolve, reject) => {
      const socket = connectTcp({ host, port, family });
      this.#socket = socket;
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 60_000);
      const onError = (error: Error): void => reject(connectError(where, error));
      socket.once('error', onError);
      socket.once('connect', () => {
        socket.off('error', onError);
        // ssh2 begins to read when it is ready to.
        socket.pause();
        resolve(socket);
      });
    });
  }

  async #login(socket: Socket, deadline: Deadline, begin: (step: string) => void): Promise<void> {
    const { where, user, settings, known, knownName, port, knownHostsFile } = this.#plan;
    const client = this.#client;
    const trace = this.#trace;
    const fail = (error: unknown): void =>
      this.#fail(isRsyncError(error) ? error : handshakeError(where, error as Error));
    const prompts = this.#plan.prompts && heldPrompts(this.#plan.prompts, deadline, fail);
    let newKey: Buffer | undefined;
    let acceptedKey: Buffer | undefined;
    let authenticator: Authenticator | undefined;

    const done = new Promise<void>((resolve, reject) => {
      client.on('ready', resolve);
      client.on('error', (error: Error & { level?: string }) => {
        // An agent's failure to sign is the failure of one key: the next one follows.
        const oneKey = error.level === 'agent' || /signing/.test(error.message);
        trace(`ssh: ${error.message}`);
        if (oneKey) return;
        if (authenticator === undefined) reject(handshakeError(where, error));
        else
          reject(
            authenticator.failure(error.level === 'client-authentication' ? undefined : error.message, error),
          );
      });
      client.on('close', () => reject(closedError(where, this.#step)));
    });
    done.catch(() => {});
    client.on('change password', () => {
      this.#fail(authenticator!.failure('the password has expired and must be changed'));
    });
    client.on('banner', (message: string) => {
      for (const line of visible(message).trimEnd().split('\n')) trace(`ssh: server: ${line}`);
    });
    client.on('handshake', (negotiated) => {
      const { kex, serverHostKey, cs, sc } = negotiated;
      trace(`ssh: ${kex}, ${serverHostKey}, out ${cs.cipher}, in ${sc.cipher}, compression ${cs.compress}`);
      begin('logging in');
      // Only now has the server proved that the key is its own.
      if (newKey !== undefined)
        this.#remember(newKey, knownHostsFile, knownName, port, settings.hashKnownHosts === true);
      newKey = undefined;
    });

    const next = async (
      left: MethodsLeft,
    ): Promise<Parameters<Parameters<NonNullable<AuthHandler>>[2]>[0] | false> => {
      authenticator ??= new Authenticator({
        username: user,
        host: knownName,
        identities: await collectIdentities({
          files: this.#plan.identityFiles,
          explicit: settings.identityFiles.length > 0,
          agent: this.#plan.agent,
          agentExplicit: this.#plan.agentExplicit,
          identitiesOnly: settings.identitiesOnly === true,
          prompts,
          trace,
        }),
        publicKey: settings.pubkeyAuthentication !== false,
        password: settings.passwordAuthentication !== false,
        keyboardInteractive: settings.kbdInteractiveAuthentication !== false,
        prompts,
        trace,
      });
      const method = await authenticator.next(left);
      begin('logging in');
      return method ?? false;
    };

    const interval = settings.serverAliveInterval ?? ALIVE_INTERVAL;
    const compress = ['zlib@openssh.com', 'zlib', 'none'] as const;
    const config: ConnectConfig = {
      sock: socket,
      host: this.#plan.host,
      username: user,
      // Deadline watches the steps, and stands still while a person is asked.
      readyTimeout: 0,
      keepaliveInterval: interval * 1000,
      // watchSilence decides when a silent server is dead.
      keepaliveCountMax: Number.POSITIVE_INFINITY,
      algorithms: {
        serverHostKey: hostKeyAlgorithms(known.keyTypes(knownName, port), settings.hostKeyAlgorithms),
        // ssh2's own order of ciphers puts aes-gcm first unless the CPU has no instructions for it.
        ...(settings.compression === true ? { compress: [...compress] } : { compress: ['none'] }),
      },
      hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
        // Asked again at every re-exchange of keys.
        if (acceptedKey !== undefined) {
          verify(acceptedKey.equals(key));
          return;
        }
        const strict = settings.strictHostKeyChecking ?? 'ask';
        judgeHostKey(key, { known, host: knownName, port, strict, prompts, trace }).then(
          (isNew) => {
            acceptedKey = Buffer.from(key);
            if (isNew) newKey = acceptedKey;
            verify(true);
          },
          (error: unknown) => {
            fail(error);
            verify(false);
          },
        );
      },
      authHandler: ((left: MethodsLeft, _partial: boolean, proceed: (method: unknown) => void) => {
        next(left).then(proceed, fail);
      }) as unknown as AuthHandler,
    };
    if (this.#target.verbose === true) config.debug = (line) => trace(`ssh2: ${line}`);
    try {
      client.connect(config);
    } catch (error) {
      throw handshakeError(where, error as Error);
    }
    await done;
    trace(`ssh: logged in to ${where} as ${user}`);
  }

  #remember(key: Buffer, file: string, host: string, port: number, hashed: boolean): void {
    if (isNowhere(file)) return;
    try {
      appendKnownHost(file, host, port, key, hashed);
      this.#trace(`ssh: added the host key to ${file}`);
    } catch (error) {
      this.#trace(`ssh: could not add the host key to ${file}: ${(error as Error).message}`);
    }
  }

  #exec(command: ByteString, started: (stream: ClientChannel) => Channel): Promise<Channel> {
    const { where } = this.#plan;
    return new Promise((resolve, reject) => {
      const refused = (error: Error): void =>
        reject(
          new RsyncError(
            'RSYNC_REMOTE_SHELL',
            `${where}: the server does not run the command: ${error.message}`,
            {
              exitCode: SSH_FAILED,
              origin: 'remote',
              hint: 'The account may be limited to file transfer or to a forced command.',
              cause: error,
            },
          ),
        );
      try {
        // As bytes: file names in the command need not be UTF-8. The library takes a Buffer, its types do not know.
        this.#client.exec(toBuffer(command) as unknown as string, (error, stream) => {
          if (error) refused(error);
          // At once: the exit status may follow in the same packet of the network, and is told only once.
          else resolve(started(stream));
        });
      } catch (error) {
        refused(error as Error);
      }
    });
  }
}

type AuthHandler = Exclude<ConnectConfig['authHandler'], readonly unknown[] | undefined>;

/** Stops the clock during questions. A question that fails (Ctrl-C) ends the attempt, not just the use of one key. */
function heldPrompts(prompts: Prompts, deadline: Deadline, failed: (error: unknown) => void): Prompts {
  const held = async <T>(question: () => Promise<T>): Promise<T> => {
    try {
      return await deadline.hold(question);
    } catch (error) {
      failed(error);
      throw error;
    }
  };
  return {
    secret: (question) => held(() => prompts.secret(question)),
    confirm: (question) => held(() => prompts.confirm(question)),
  };
}
