/** What the command line of a daemon says; all of it goes to the process of each connection. */

export interface DaemonSettings {
  /** The configuration; a path that holds from any directory. */
  config: string;
  /** `--dparam`: NAME=VALUE. */
  overrides: readonly string[];
  /** `--log-file`: stands above every `log file`. */
  logFile?: string | undefined;
  /** `--log-file-format`: stands above every `log format`; '' : items are not logged. */
  logFormat?: string | undefined;
  /** KiB a second for each connection; 0: no limit. */
  bwlimit: number;
  /** How often `-v`. */
  verbose: number;
  /** Of this program, for the log. */
  version: string;
  /** Standard error is somebody's to read. */
  hasTerminal: boolean;
}

/** What only the listening process needs. */
export interface ListenSettings {
  /** Undefined: what the configuration says. */
  port: number | undefined;
  address: string | undefined;
  addressFamily: 0 | 4 | 6;
  socketOptions: string | undefined;
}
