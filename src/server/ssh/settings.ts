import type { RsyncError } from '../../core/errors.ts';
import type { RestrictedLimits } from '../restricted/limits.ts';
import type { SessionRecord } from '../restricted/session-record.ts';
import type { UnusableLine } from './authorized-keys.ts';
import type { HostKey } from './host-key.ts';

/** Bounds on what clients may hold, with their defaults in `DEFAULT_SSH_LIMITS`. Times in seconds. */
export interface SshLimits {
  /** Connections in all. */
  connections: number;
  /** Connections that nobody has logged in on yet. */
  strangers: number;
  /** Until a login must have succeeded. */
  loginTime: number;
  /** Refused attempts to log in. */
  loginAttempts: number;
  /** Transfers at a time on one connection. */
  sessions: number;
  /** A connection without a transfer. */
  idleTime: number;
  /** A transfer without any byte in either direction, for clients that ask for no time-out themselves; 0: never. */
  transferTime: number;
}

export const DEFAULT_SSH_LIMITS: Readonly<SshLimits> = {
  connections: 64,
  strangers: 16,
  loginTime: 30,
  loginAttempts: 6,
  sessions: 8,
  idleTime: 60,
  transferTime: 600,
};

export type SshServerEvent =
  /** Lines of the authorized keys that let nobody in; also an empty list, whenever the file has been read. */
  | { type: 'keys'; file: string; unusable: readonly UnusableLine[] }
  /** A connection that was not taken, or ended before anybody was logged in. */
  | { type: 'turned-away'; from: string; reason: string }
  | { type: 'login'; from: string; fingerprint: string; comment: string }
  /** A request to run something has come to its end. */
  | ({ type: 'session' } & SessionRecord)
  /** Something is wrong on this side: nobody gets in until it is mended. */
  | { type: 'fault'; error: RsyncError | Error };

export interface SshServerOptions extends RestrictedLimits {
  /** The directory that clients see as the whole disk. */
  root: string;
  /** A file in OpenSSH's format; read anew when it changes. */
  authorizedKeys: string;
  /** A private key, without a passphrase. Default: one that is made once, and kept with the state of the account. */
  hostKey?: string;
  /** Default: 2222; 0: one that is free. */
  port?: number;
  /** Default: 127.0.0.1, this machine alone. */
  address?: string;
  limits?: Partial<SshLimits>;
  onEvent?: (event: SshServerEvent) => void;
  /** Where XDG_STATE_HOME and the like are looked up. Default: process.env. */
  env?: NodeJS.ProcessEnv;
}

export interface SshServer {
  readonly hostKey: HostKey;
  /** Starts to take connections. @throws RsyncError RSYNC_CONNECT, exit 255: the address or port can not be had */
  listen(): Promise<{ address: string; port: number }>;
  /** Takes no more connections, ends those that there are, transfers first, and resolves when all are gone. */
  close(): Promise<void>;
}
