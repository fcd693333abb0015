import { type ByteString, toText } from '../../core/bytes.ts';
import type { Channel } from '../channel.ts';
import { sshChannel } from './channel.ts';
import { SshConnection } from './connection.ts';
import type { SshDestination } from './facts.ts';
import { destinationOf, makePlan, type SshPlan, type SshTarget } from './plan.ts';

/** One login for many commands. The connection is made by the first command, and again by the next one if it was lost. */
export class SshSession {
  readonly #target: SshTarget;
  #connection: SshConnection | undefined;
  /** For the next connection, if somebody has asked where it would go. */
  #plan: Promise<SshPlan> | undefined;
  /** The command that is being started: they are started one after another. */
  #starting: Promise<unknown> = Promise.resolve();

  constructor(target: SshTarget) {
    this.#target = target;
  }

  /**
   * Starts a command, without a terminal. `destroy` of its channel ends the command, not the connection.
   * @throws RsyncError as `openSsh`
   */
  start(command: ByteString): Promise<Channel> {
    const started = this.#starting.then(() => this.#start(command));
    this.#starting = started.catch(() => {});
    return started;
  }

  /**
   * Where the connection will go, from command line and configuration; nothing is connected.
   * @throws RsyncError RSYNC_USAGE, RSYNC_UNSUPPORTED, RSYNC_HOST_KEY, as `openSsh`
   */
  async destination(): Promise<SshDestination> {
    this.#plan ??= makePlan(this.#target);
    return destinationOf(await this.#plan);
  }

  /**
   * Logs in, without a command.
   * @throws RsyncError as `openSsh`
   */
  async login(): Promise<void> {
    const connected = this.#starting.then(() => this.#connected());
    this.#starting = connected.catch(() => {});
    await connected;
  }

  /** Ends the connection, with every command that still runs. */
  close(): void {
    this.#connection?.end();
    this.#connection = undefined;
  }

  async #start(command: ByteString): Promise<Channel> {
    const connection = await this.#connected();
    return connection.exec(command, (stream) =>
      sshChannel({ connection, stream, command: toText(command), shared: true }),
    );
  }

  async #connected(): Promise<SshConnection> {
    const { env, signal } = this.#target;
    if (this.#connection === undefined || this.#connection.lost !== undefined) {
      this.#connection?.cut();
      const plan = this.#plan ?? makePlan(this.#target);
      this.#plan = undefined;
      this.#connection = await SshConnection.open(await plan, { env, signal });
    }
    return this.#connection;
  }
}
