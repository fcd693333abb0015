import type { EventSink, TransferStats } from '../core/events.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import type { ItemGuard, RootAttributes } from '../session/client-session.ts';
import type { Channel } from '../transport/channel.ts';
import type { RemoteShell } from '../transport/remote-shell.ts';
import type { OnPrompt } from '../transport/ssh/auth/prompts.ts';
import type { SshOptions } from '../transport/ssh/options.ts';

export type { ItemGuard, RootAttributes } from '../session/client-session.ts';

/** One transfer, ready to run. */
export interface TransferRequest {
  options: TransferOptions;
  direction: 'pull' | 'push' | 'list';
  remote: { user: string | undefined; host: string };
  /** Both sides are on this machine; `remotePaths` are the other side's and `remote` says nothing. Default false. */
  local?: boolean | undefined;
  /** Set: the far end is a daemon. `port`: that of its URL. */
  daemon?: { port: number | undefined } | undefined;
  /**
   * Sources of a pull or a listing, the one destination of a push; as text, unescaped. With a daemon `MODULE[/PATH]`; the
   * first one empty: its modules are listed, as `daemon-text` events.
   */
  remotePaths: readonly string[];
  /** Sources of a push, the one destination of a pull; as text in the platform's form. */
  localPaths: readonly string[];
  /** Told of everything that happens, synchronously. */
  onEvent?: EventSink | undefined;
  /** Ends the run: no half-written file stays (exit 20). */
  signal?: AbortSignal | undefined;
  /** Settings of the built-in ssh, stronger than the words of `options.rsh` and than its configuration. */
  ssh?: SshOptions | undefined;
  /** Who answers questions about passwords and host keys. Without it such a connection is refused. */
  onPrompt?: OnPrompt | undefined;
  /** For a daemon that asks for one; stronger than `options.passwordFile` and RSYNC_PASSWORD. */
  password?: DaemonPassword | undefined;
  /**
   * For the contents of a directory: the destination's root keeps its mode and times. On a push only this end can see to
   * that, by telling what they are; on a pull it is `kept`. Default: they become those of the source, as rsync has it.
   */
  root?: RootAttributes | 'kept' | undefined;
  /** Keeps items out at this end: of the destination on a pull, of the source on a push. Default: none. */
  guard?: ItemGuard | undefined;
  /**
   * `--timeout` is about what the other side says: our own keep-alives, which it may take without being well, do not count.
   * Default false, as rsync has it.
   */
  hearsPeer?: boolean | undefined;
  /** A connection that is already there, instead of one made from `options.rsh` and `remote`. */
  channel?: Channel | undefined;
  /** A remote shell that several transfers share, instead of one for this transfer alone. Whoever made it closes it. */
  shell?: RemoteShell | undefined;
  /** What the transport does, a line at a time, for people who look for a fault. */
  trace?: ((line: string) => void) | undefined;
  /** Tell `trace` only if `ssh -v` (in `options.rsh`) or a LogLevel asks for it. Default false: always. */
  traceIfAsked?: boolean | undefined;
  env?: NodeJS.ProcessEnv | undefined;
}

/** The password for a daemon, or who knows it; called only if the daemon asks. Undefined: there is none. */
export type DaemonPassword = string | (() => string | undefined | Promise<string | undefined>);

/** How a run that reached its end has ended. Runs that did not throw a RsyncError instead. */
export interface TransferResult {
  /** 0, or 23 (partial), 24 (vanished), 25 (deletion limit), or the status of the remote command. */
  exitCode: number;
  stats: TransferStats;
  /** True: no module was named, and the daemon has listed its modules; all figures are 0. */
  listedModules?: true;
  /** Versions and algorithms agreed on. */
  protocol: number;
  checksum: string;
  compressor: string;
}
