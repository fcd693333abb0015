/** One client of the ssh server, from its first byte to its last. */
import type { Socket } from 'node:net';
import type { ServerChannel, Session, Connection as Ssh2Connection } from 'ssh2';
import { fromText } from '../../core/bytes.ts';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { ConfinedPlaces } from '../../files/places.ts';
import { escapeLine } from '../../text/escape.ts';
import { fingerprint } from '../../transport/ssh/host/public-key.ts';
import { watchSilence } from '../../transport/ssh/keep-alive.ts';
import { widenWindow } from '../../transport/ssh/ssh2-tap.ts';
import { lastWords } from '../last-words.ts';
import type { RestrictedLimits } from '../restricted/limits.ts';
import { serveRestricted } from '../restricted/serve-restricted.ts';
import { recordOf } from '../restricted/session-record.ts';
import type { ServeOutcome } from '../serve.ts';
import { plainAddress } from './address-patterns.ts';
import type { AuthorizedKeys } from './authorized-keys.ts';
import { type ExecChannel, execChannel } from './exec-channel.ts';
import { Login } from './login.ts';
import type { SshLimits, SshServerEvent } from './settings.ts';
import { watchWindow } from './ssh2-tap.ts';

/** Seconds between two questions whether the client is there, and how many it may leave unanswered. */
export const ALIVE = { interval: 15, most: 4 } as const;
/** Bytes a client may send ahead on one channel. */
const WINDOW = 4 * 1024 * 1024;
/** Bytes for a client that takes none: answers to requests, since transfers wait for the socket. */
const MOST_BACKLOG = 8 * 1024 * 1024;

export interface ConnectionInit {
  root: string;
  keys: AuthorizedKeys;
  restricted: RestrictedLimits;
  limits: SshLimits;
  onEvent: (event: SshServerEvent) => void;
}

export class ClientConnection {
  readonly socket: Socket;
  /** Somebody has logged in. */
  isKnown = false;
  private readonly init: ConnectionInit;
  private readonly from: string;
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private sessions = 0;
  private deadline: NodeJS.Timeout;
  private client: Ssh2Connection | undefined;

  constructor(socket: Socket, init: ConnectionInit) {
    this.socket = socket;
    this.init = init;
    this.from = plainAddress(socket.remoteAddress ?? '');
    this.deadline = setTimeout(() => this.cut('no login in time'), init.limits.loginTime * 1000);
    socket.on('error', () => {});
    // Transfers see it by themselves.
    socket.once('close', () => clearTimeout(this.deadline));
    socket.setNoDelay(true);
    watchSilence(socket, ALIVE.interval, ALIVE.most, () => this.cut('silent for too long'));
    const backlog = setInterval(() => {
      if (socket.writableLength > MOST_BACKLOG) this.cut('reads nothing');
    }, 1000);
    backlog.unref();
    socket.once('close', () => clearInterval(backlog));
  }

  /** The client has said that it speaks ssh. */
  greet(client: Ssh2Connection): void {
    this.client = client;
    const login = new Login({
      address: this.from,
      keys: () => this.init.keys.load(),
      attempts: this.init.limits.loginAttempts,
      onFault: (error) => this.init.onEvent({ type: 'fault', error: error as RsyncError }),
    });
    // An unheard error ends the process; what it means is seen in the end of the connection.
    client.on('error', () => {});
    client.on('authentication', (ctx) => {
      const step = login.answer(ctx);
      if (step === 'out') this.cut('too many attempts to log in');
      else if (step === 'in') this.admit(login.key!);
    });
    watchWindow(client, () => this.cut('sends more than it may'));
    client.on('session', (accept, reject) => {
      if (this.sessions < this.init.limits.sessions && !this.stopping.signal.aborted) {
        this.serveSession(accept());
      } else reject();
    });
  }

  /** Ends what is running, and the connection with it. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.running);
    this.client?.end();
    this.socket.end();
  }

  private admit({ key, comment }: { key: { getPublicSSH(): Buffer }; comment: string }): void {
    this.isKnown = true;
    this.awaitSession();
    const shown = escapeLine(fromText(comment), true);
    this.init.onEvent({
      type: 'login',
      from: this.from,
      fingerprint: fingerprint(key.getPublicSSH()),
      comment: shown,
    });
  }

  /** A connection that is of no use to anybody is not kept. */
  private awaitSession(): void {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.cut('idle'), this.init.limits.idleTime * 1000);
  }

  private cut(reason: string): void {
    if (!this.socket.destroyed && !this.isKnown) {
      this.init.onEvent({ type: 'turned-away', from: this.from, reason });
    }
    this.socket.destroy();
  }

  /** Shells, terminals, subsystems, forwarding and variables have no listener: ssh2 refuses them. */
  private serveSession(session: Session): void {
    this.sessions++;
    session.once('close', () => this.sessions--);
    const abort = new AbortController();
    const gone = (): void => abort.abort();
    session.on('signal', (accept) => {
      accept?.();
      gone();
    });
    session.once('exec', (accept, _reject, { command }) => {
      const stream = accept() as ServerChannel | undefined;
      // It has closed the channel already.
      if (stream === undefined) return;
      const signal = AbortSignal.any([abort.signal, this.stopping.signal]);
      const task = this.run(stream, command, signal)
        .catch((error: Error) => this.init.onEvent({ type: 'fault', error }))
        .finally(() => {
          this.running.delete(task);
          if (this.running.size === 0 && !this.socket.destroyed) this.awaitSession();
        });
      this.running.add(task);
      clearTimeout(this.deadline);
    });
  }

  private async run(stream: ServerChannel, command: string, signal: AbortSignal): Promise<void> {
    const exec = execChannel(stream, this.socket, `ssh client ${this.from}`);
    widenWindow(stream as never, WINDOW);
    const outcome = await this.serve(exec, command, signal);
    for (const line of lastWords(outcome, signal.aborted)) exec.tell(escapeLine(line, true));
    await exec.finish(outcome.exitCode);
    this.init.onEvent({ type: 'session', ...recordOf(this.from, outcome) });
  }

  private async serve(exec: ExecChannel, command: string, signal: AbortSignal): Promise<ServeOutcome> {
    const { root, restricted, limits } = this.init;
    let places: ConfinedPlaces | undefined;
    try {
      if (command.includes('\ufffd')) throw notText();
      places = ConfinedPlaces.open(root);
      return await serveRestricted({
        command: fromText(command),
        channel: exec.channel,
        places,
        limits: restricted,
        onError: (line) => exec.tell(escapeLine(line, true)),
        signal,
        patience: limits.loginTime,
        timeout: limits.transferTime,
      });
    } catch (error) {
      return {
        exitCode: error instanceof RsyncError ? error.exitCode : EXIT.CRASHED,
        error,
        command: undefined,
        isTold: false,
      };
    } finally {
      places?.close();
    }
  }
}

/** ssh2 reads a command as UTF-8, and what is none is lost. */
function notText(): RsyncError {
  return new RsyncError('RSYNC_USAGE', 'refused: a name in the command is not UTF-8', {
    exitCode: EXIT.SYNTAX,
    origin: 'remote',
    hint: 'Run the client with --secluded-args (-s): names then go over the connection as they are.',
  });
}
