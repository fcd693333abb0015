import type { Readable, Writable } from 'node:stream';

/** How the far end of a channel ended. `code` is null when it was killed by `signal` or never told. */
export interface ChannelExit {
  code: number | null;
  signal: string | null;
}

/** What is known of a channel beside its bytes, for the words of an error. */
export interface ChannelDetails {
  /** `program`: one of the user's that leads to a daemon. */
  kind: 'ssh' | 'spawn' | 'pipe' | 'tcp' | 'program';
  /** The remote command. */
  command?: string;
  /** The server's identification, such as "SSH-2.0-OpenSSH_9.2p1 Debian". */
  server?: string;
  /** What the server printed before the login, without control characters. */
  banner?: string;
  /** Why the connection is gone, if something said so: "silent for 60 seconds", the server's farewell, a socket's error. */
  lost?: string;
}

/** What a probe's command did. `code` is null if that was not told. */
export interface ProbeResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * One connection to a running `rsync --server` (or to anything that speaks like it): bytes in, bytes out, its
 * diagnostics, and how it ended. Makers: `ssh` (ssh2), `spawn` (a remote-shell program), `tcp` (a daemon), `pipe` (in one process).
 */
export interface Channel {
  /** For diagnostics: "ssh user@host", "sh -c …". Never holds a secret. */
  readonly label: string;
  /** Bytes from the peer. Never in object mode, never with an encoding set. */
  readonly input: Readable;
  /** Bytes to the peer. */
  readonly output: Writable;
  /** What the far end writes to its standard error, if the transport keeps it apart. */
  readonly stderr: Readable | undefined;
  /** Resolves once, when the far end is gone; never rejects. */
  readonly exit: Promise<ChannelExit>;
  readonly details?: ChannelDetails;
  /**
   * Runs one more command over the same connection, after the first has ended, without input: output is cut at 64 KiB.
   * Undefined if that cannot be done, or takes longer than 5 seconds.
   */
  probe?(command: string): Promise<ProbeResult | undefined>;
  /** Ends the connection at once, with the far process if the transport can. Safe to call twice; whoever opens must. */
  destroy(error?: Error): void;
}
