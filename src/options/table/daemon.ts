/** The options of a daemon: a grammar of its own. docs/daemon.md tells them. */
import { usageError } from '../../core/errors.ts';
import { invalid, parseInteger, parseRate } from '../values.ts';

/** What the words of a daemon say. */
export interface DaemonArguments {
  /** '' : the default, which depends on how the daemon was started. */
  config: string;
  /** `--dparam`, in order. */
  overrides: string[];
  address: string | undefined;
  port: number | undefined;
  detach: boolean;
  logFile: string | undefined;
  logFormat: string | undefined;
  socketOptions: string | undefined;
  addressFamily: 0 | 4 | 6;
  /** KiB a second for each connection; 0: no limit. */
  bwlimit: number;
  verbose: number;
  help: boolean;
}

export interface DaemonOption {
  long: string;
  short?: string;
  argument?: string;
  /** One line, own words. */
  help: string;
  apply(args: DaemonArguments, value: string, word: string): void;
}

export const DAEMON_OPTIONS: readonly DaemonOption[] = [
  {
    long: 'address',
    argument: 'ADDRESS',
    help: 'listen at this address alone',
    apply: (args, value) => {
      args.address = value;
    },
  },
  {
    long: 'bwlimit',
    argument: 'RATE',
    help: 'write no more than RATE a second to each client (KiB, or with a unit)',
    apply: (args, value, word) => {
      args.bwlimit = parseRate(value, word);
    },
  },
  {
    long: 'config',
    argument: 'FILE',
    help: 'the configuration, if not /etc/rsyncd.conf',
    apply: (args, value) => {
      args.config = value;
    },
  },
  {
    long: 'dparam',
    short: 'M',
    argument: 'NAME=VALUE',
    help: 'set a global parameter over the configuration',
    apply: (args, value, word) => {
      if (!/^[^=]+=/.test(value)) throw invalid(word, 'must be NAME=VALUE');
      args.overrides.push(value);
    },
  },
  {
    long: 'detach',
    help: 'go to the background (default)',
    apply: (args) => {
      args.detach = true;
    },
  },
  {
    long: 'no-detach',
    help: 'stay in the foreground',
    apply: (args) => {
      args.detach = false;
    },
  },
  {
    long: 'port',
    argument: 'PORT',
    help: 'listen at this port, if not 873',
    apply: (args, value, word) => {
      const port = parseInteger(value, word);
      if (port < 0 || port > 65_535) throw invalid(word, 'a port is a number from 1 to 65535');
      args.port = port;
    },
  },
  {
    long: 'log-file',
    argument: 'FILE',
    help: 'log to FILE, whatever the configuration says',
    apply: (args, value) => {
      args.logFile = value;
    },
  },
  {
    long: 'log-file-format',
    argument: 'FORMAT',
    help: 'log transfers in this format, whatever the configuration says',
    apply: (args, value) => {
      args.logFormat = value;
    },
  },
  {
    long: 'sockopts',
    argument: 'OPTIONS',
    help: 'options of the sockets: SO_KEEPALIVE, TCP_NODELAY',
    apply: (args, value) => {
      args.socketOptions = value;
    },
  },
  {
    long: 'verbose',
    short: 'v',
    help: 'log what the configuration has that is passed over, for every connection',
    apply: (args) => {
      args.verbose += 1;
    },
  },
  {
    long: 'ipv4',
    short: '4',
    help: 'listen on IPv4 alone',
    apply: (args) => {
      args.addressFamily = 4;
    },
  },
  {
    long: 'ipv6',
    short: '6',
    help: 'listen on IPv6 alone',
    apply: (args) => {
      args.addressFamily = 6;
    },
  },
  {
    long: 'temp-dir',
    short: 'T',
    argument: 'DIR',
    help: 'not here: the parameter "temp dir" says it',
    apply: () => {
      throw usageError(
        'rsyncjs: --temp-dir is no option of a daemon',
        'Set "temp dir" in the configuration.',
      );
    },
  },
  {
    long: 'protocol',
    argument: 'NUM',
    help: 'not here: clients choose the version',
    apply: () => {
      throw usageError(
        'rsyncjs: --protocol is no option of a daemon',
        'A client chooses with its own --protocol.',
      );
    },
  },
  {
    long: 'help',
    short: 'h',
    help: 'show this help',
    apply: (args) => {
      args.help = true;
    },
  },
];
