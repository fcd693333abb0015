import type { Readable, Writable } from 'node:stream';

/** How the far end of a channel ended. `code` is null when it was killed by `signal` or never told. */
export interface ChannelExit {
  code: number | null;
  signal: string | null;
}

/**
 * One connection to a running `rsync --server` (or to anything that speaks like it): bytes in, bytes out, its
 * diagnostics, and how it ended. Makers: `ssh` (ssh2), `spawn` (a remote-shell program), `pipe` (in one process).
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
  /** Ends the connection at once, with the far process if the transport can. Safe to call twice. */
  destroy(error?: Error): void;
}
