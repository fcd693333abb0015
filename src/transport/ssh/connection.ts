import ssh2, { type AnyAuthMethod, type Client, type ClientChannel, type ConnectConfig } from 'ssh2';
import type { ByteString } from '../../core/bytes.ts';
import { isRsyncError, type RsyncError } from '../../core/errors.ts';
import { offeredAlgorithms } from './algorithms.ts';
import { Authenticator } from './auth/authenticator.ts';
import { collectIdentities } from './auth/identities.ts';
import { type OnPrompt, visible } from './auth/prompts.ts';
import {
  DEFAULT_CONNECT_TIMEOUT,
  DEFAULT_SERVER_ALIVE_COUNT_MAX,
  DEFAULT_SERVER_ALIVE_INTERVAL,
} from './config/settings.ts';
import { Deadline } from './deadline.ts';
import { remoteEnvironment } from './environment.ts';
import { aborted, closedError, handshakeError, proxyError, timeoutError } from './errors.ts';
import { HostKeyVerifier } from './host/verifier.ts';
import { watchSilence } from './keep-alive.ts';
import { Negotiation } from './negotiation.ts';
import type { SshPlan } from './plan.ts';
import { requestExec, requestForward } from './requests.ts';
import { openProxyCommand, openTcp, type ProxyCommand } from './route.ts';
import { serverIdentification, stopLog, tapAuthentication } from './ssh2-tap.ts';
import type { Carrier } from './tunnel.ts';

/** Milliseconds for each answer during the login: the server may be waiting for a second factor. OpenSSH's own limit. */
const LOGIN_TIMEOUT = 120_000;
/** A connection that is being ended politely may take so many milliseconds before it is cut. */
const END_GRACE = 1000;
/** Characters of a server's banner that are kept. */
const BANNER = 8192;

export interface ConnectionContext {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal | undefined;
}

/** One authenticated connection to an ssh server, over TCP, a proxy command, or the connection to a jump host. */
export class SshConnection {
  readonly plan: SshPlan;
  /** What the server printed before the login, without control characters. */
  banner = '';
  /** Milliseconds of a round trip to the server, roughly: half of what it took to open a channel and start a command. */
  roundTrip = 0;
  /** Why the connection is gone, once something has said so. */
  lost: string | undefined;
  readonly #context: ConnectionContext;
  readonly #client: Client = new ssh2.Client();
  readonly #negotiation = new Negotiation();
  /** Aborts when this connection is cut, whoever does it. */
  readonly #gone = new AbortController();
  readonly #deadline: Deadline;
  #hop: SshConnection | undefined;
  #proxy: ProxyCommand | undefined;
  #carrier: Carrier | undefined;
  #closed: Promise<void> = Promise.resolve();
  #step = 'connecting';
  /** Rejects `open` whatever it waits for. */
  #fail: (error: RsyncError) => void = () => {};

  private constructor(plan: SshPlan, context: ConnectionContext) {
    this.plan = plan;
    this.#context = context;
    this.#deadline = new Deadline((step) => {
      const seconds = (step === 'logging in' ? LOGIN_TIMEOUT : this.#limit()) / 1000;
      this.#fail(timeoutError(plan.where, step, seconds));
    });
  }

  /**
   * Connects and logs in, to the hosts on the way first.
   *
   * @throws RsyncError RSYNC_CONNECT, RSYNC_HOST_KEY, RSYNC_AUTH (exit 255), RSYNC_ABORTED (exit 20).
   */
  static async open(plan: SshPlan, context: ConnectionContext): Promise<SshConnection> {
    const hop = plan.route.kind === 'jump' ? await SshConnection.open(plan.route.hop, context) : undefined;
    const connection = new SshConnection(plan, context);
    connection.#hop = hop;
    try {
      await connection.#open();
      return connection;
    } catch (error) {
      connection.cut();
      throw error;
    }
  }

  /** Resolves when the connection is gone. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** "SSH-2.0-OpenSSH_9.2p1". */
  get server(): string | undefined {
    return serverIdentification(this.#client);
  }

  /** Ends the connection, and those that it runs over, politely but soon. */
  end(): void {
    this.#client.end();
    const timer = setTimeout(() => this.cut(), END_GRACE);
    void this.#closed.then(() => {
      clearTimeout(timer);
      this.#hop?.end();
    });
  }

  /** Ends it at once. */
  cut(): void {
    this.#gone.abort();
    this.#carrier?.destroy();
    this.#hop?.cut();
  }

  /**
   * Starts a command, without a terminal.
   * @param started called at once: the exit status may follow in the same packet of the network, and is told only once
   * @throws RsyncError RSYNC_REMOTE_SHELL (exit 255) if the server does not run commands, RSYNC_CONNECT (exit 255) if
   *   it does not answer, RSYNC_ABORTED (exit 20).
   */
  exec<T>(command: ByteString, started: (stream: ClientChannel) => T): Promise<T> {
    const { settings, where } = this.plan;
    const env = remoteEnvironment(settings.sendEnv, settings.setEnv, this.#context.env);
    return this.#guarded(() => {
      this.#begin('starting the remote command');
      const begun = performance.now();
      return requestExec(this.#client, { where, command, env }, (stream) => {
        this.roundTrip = (performance.now() - begun) / 2;
        return started(stream);
      });
    });
  }

  /** Milliseconds for the TCP connection and for the key exchange, each; 0: no limit. */
  #limit(): number {
    return (this.plan.settings.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT) * 1000;
  }

  #begin(step: string): void {
    this.#step = step;
    this.#deadline.begin(step, step === 'logging in' ? LOGIN_TIMEOUT : this.#limit());
  }

  async #open(): Promise<void> {
    await this.#guarded(async () => {
      this.#begin('connecting');
      const carrier = await this.#connect();
      this.#carrier = carrier;
      this.plan.onFact({
        kind: 'connected',
        address: (carrier as { remoteAddress?: string }).remoteAddress,
      });
      this.#closed = new Promise<void>((resolve) => carrier.once('close', () => resolve()));
      this.#begin('exchanging keys');
      await this.#login(carrier);
      this.#watch(carrier);
    });
  }

  /** Work with the server that ends with its deadline, or with the caller's signal. */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.#context;
    if (signal?.aborted) throw aborted(signal);
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    failed.catch(() => {});
    const onAbort = (): void => this.#fail(aborted(signal!));
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const working = work();
      // If the deadline is first, what the work then runs into is of no interest.
      working.catch(() => {});
      return await Promise.race([working, failed]);
    } finally {
      this.#deadline.stop();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async #connect(): Promise<Carrier> {
    const { host, port, where, route, settings, trace } = this.plan;
    const { env } = this.#context;
    switch (route.kind) {
      case 'jump':
        return this.#hop!.#forward(host, port, where);
      case 'command': {
        this.#proxy = await openProxyCommand(route.command, env, trace);
        return this.#proxy.carrier;
      }
      case 'tcp':
        return openTcp({
          host,
          port,
          where,
          settings,
          trace,
          signal: this.#gone.signal,
          opened: (socket) => {
            this.#carrier = socket;
            if (this.#gone.signal.aborted) socket.destroy();
          },
        });
    }
  }

  /** A way to another host from the far end of this connection. */
  #forward(host: string, port: number, where: string): Promise<Carrier> {
    this.plan.trace(`ssh: connecting to ${where} from ${this.plan.where}`);
    return requestForward(this.#client, { from: this.plan.where, host, port, where });
  }

  async #login(carrier: Carrier): Promise<void> {
    const { plan } = this;
    const { where, user, settings, trace, verbose } = plan;
    const client = this.#client;
    const fail = (error: unknown): void =>
      this.#fail(isRsyncError(error) ? error : handshakeError(where, error as Error, this.#negotiation));
    const ask = plan.onPrompt && this.#heldPrompt(plan.onPrompt, fail);
    const authenticator = new Authenticator({
      username: user,
      host: plan.knownName,
      where: where.replace(/:22$/, ''),
      identities: await collectIdentities({
        files: plan.identityFiles,
        explicit: plan.identitiesNamed,
        ...plan.secrets,
        agent: plan.agent,
        agentExplicit: plan.agentExplicit,
        identitiesOnly: settings.identitiesOnly === true,
        ask,
        trace,
      }),
      settings,
      password: plan.secrets.password,
      ask,
      trace,
      server: () => this.server,
    });
    const hear = (chunk: Buffer): void => this.#negotiation.hear(chunk);
    carrier.on('data', hear);
    const done = this.#outcome(authenticator);
    client.on('banner', (message: string) => {
      const text = visible(message).trimEnd();
      this.banner = (this.banner + text).slice(0, BANNER);
      for (const line of text.split('\n')) trace(`ssh: server: ${line}`);
    });
    const hostKey = new HostKeyVerifier({
      plan,
      address: (carrier as { remoteAddress?: string }).remoteAddress,
      env: this.#context.env,
      ask,
      refused: fail,
    });
    client.on('handshake', ({ kex, serverHostKey, cs, sc }) => {
      trace(`ssh: ${kex}, ${serverHostKey}, out ${cs.cipher}, in ${sc.cipher}, compression ${cs.compress}`);
      if (this.#step !== 'exchanging keys') return;
      carrier.off('data', hear);
      this.#begin('logging in');
      hostKey.remember();
    });
    const interval = settings.serverAliveInterval ?? DEFAULT_SERVER_ALIVE_INTERVAL;
    const config: ConnectConfig = {
      sock: carrier,
      host: plan.host,
      username: user,
      // Deadline watches the steps, and stands still while a person is asked.
      readyTimeout: 0,
      keepaliveInterval: interval * 1000,
      // watchSilence decides when a silent server is dead.
      keepaliveCountMax: Number.POSITIVE_INFINITY,
      algorithms: offeredAlgorithms(settings, plan.known.keyTypes(plan.knownName, plan.knownPort)),
      hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => hostKey.verify(key, verify),
      authHandler: ((_left: unknown, _partial: boolean, proceed: (method: unknown) => void) => {
        authenticator.next().then((method: AnyAuthMethod | undefined) => {
          this.#begin('logging in');
          proceed(method ?? false);
        }, fail);
      }) as unknown as NonNullable<ConnectConfig['authHandler']>,
      debug: (line) => {
        this.#negotiation.note(line);
        // The values of variables that go along may be secrets.
        if (verbose) trace(`ssh2: ${visible(line.replace(/(, env: [^=]*=).*/s, '$1***)'))}`);
      },
    };
    try {
      client.connect(config);
      tapAuthentication(client, authenticator);
    } catch (error) {
      throw handshakeError(where, error as Error, this.#negotiation);
    }
    await done;
    if (!verbose) stopLog(client);
    plan.onFact({ kind: 'login', user, ...authenticator.accepted(), server: this.server });
    trace(`ssh: logged in to ${where} as ${user}; the server is ${visible(this.server ?? 'unknown')}`);
  }

  /** Resolves once logged in; rejects with the reason why not. Listens for as long as the client lives. */
  #outcome(authenticator: Authenticator): Promise<void> {
    const client = this.#client;
    const { where, trace } = this.plan;
    const done = new Promise<void>((resolve, reject) => {
      client.on('ready', resolve);
      client.on('error', (error: Error & { level?: string }) => {
        trace(`ssh: ${visible(error.message)}`);
        // An agent's failure to sign is the failure of one key: the next one follows.
        if (error.level === 'agent' || /signing/.test(error.message)) return;
        this.lost ??= visible(error.message);
        if (this.#step !== 'logging in') {
          const { failure } = this.#proxy ?? {};
          if (failure === undefined) reject(handshakeError(where, error, this.#negotiation));
          else failure().then((words) => reject(proxyError(where, words, error)));
        } else {
          const reason = error.level === 'client-authentication' ? undefined : visible(error.message);
          reject(authenticator.failure(reason, error));
        }
      });
      client.on('close', () => {
        this.lost ??= 'the server closed the connection';
        const { failure } = this.#proxy ?? {};
        if (this.#step === 'logging in' && authenticator.refusals > 0) {
          reject(authenticator.failure('the server closed the connection'));
        } else if (failure === undefined || this.#step === 'logging in') {
          reject(closedError(where, this.#step, this.#negotiation));
        } else {
          failure().then((words) => reject(proxyError(where, words)));
        }
      });
      client.on('change password', () => {
        reject(authenticator.failure('the password has expired and must be changed'));
      });
    });
    done.catch(() => {});
    return done;
  }

  /** Stops the clock during questions. A question that fails (Ctrl-C) ends the attempt, not just the use of one key. */
  #heldPrompt(onPrompt: OnPrompt, failed: (error: unknown) => void): OnPrompt {
    return async (request) => {
      try {
        return await this.#deadline.hold(async () => onPrompt(request));
      } catch (error) {
        failed(error);
        throw error;
      }
    };
  }

  #watch(carrier: Carrier): void {
    const { settings, where } = this.plan;
    const interval = settings.serverAliveInterval ?? DEFAULT_SERVER_ALIVE_INTERVAL;
    watchSilence(
      carrier,
      interval,
      settings.serverAliveCountMax ?? DEFAULT_SERVER_ALIVE_COUNT_MAX,
      (seconds) => {
        this.lost ??= `silent for ${seconds} seconds`;
        this.plan.trace(`ssh: ${where} has been silent for ${seconds} seconds, connection cut`);
      },
    );
  }
}
