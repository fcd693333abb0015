import { set } from './apply.ts';
import type { OptionEntry } from './entry.ts';

const UNDER_SERVER = 'It is meant for the command that a client runs on the remote side.';

export const CONTROL: readonly OptionEntry[] = [
  {
    long: 'dry-run',
    short: 'n',
    group: 'control',
    help: 'change nothing, say what would be done',
    keys: ['dryRun'],
    apply: set('dryRun', true),
  },
  {
    long: 'max-alloc',
    group: 'control',
    argument: 'SIZE',
    help: 'limit of one memory allocation',
    refused: true,
  },
  {
    long: 'stop-after',
    aliases: ['time-limit'],
    group: 'control',
    argument: 'MINUTES',
    help: 'stop after this time',
    refused: true,
  },
  { long: 'stop-at', group: 'control', argument: 'TIME', help: 'stop at this time', refused: true },
  {
    long: 'write-batch',
    group: 'control',
    argument: 'FILE',
    help: 'record the transfer in FILE',
    refused: true,
  },
  {
    long: 'only-write-batch',
    group: 'control',
    argument: 'FILE',
    help: 'record, do not transfer',
    refused: true,
  },
  {
    long: 'read-batch',
    group: 'control',
    argument: 'FILE',
    help: 'replay a recorded transfer',
    refused: true,
  },
  { long: 'qsort', group: 'control', help: 'use another sorting algorithm', refused: true },
  {
    long: 'help',
    group: 'control',
    help: 'show this help (also -h alone)',
    keys: [],
    apply: (draft) => {
      draft.help = true;
    },
  },
  {
    long: 'version',
    short: 'V',
    group: 'control',
    help: 'show the version',
    repeat: 'twice: as JSON',
    keys: [],
    apply: (draft) => {
      draft.version += 1;
    },
  },
];

export const SERVER_INTERNAL: readonly OptionEntry[] = [
  { long: 'server', group: 'server-internal', help: 'be the remote side', refused: true, hint: UNDER_SERVER },
  {
    long: 'sender',
    group: 'server-internal',
    help: 'be the remote side that sends',
    refused: true,
    hint: UNDER_SERVER,
  },
  { long: 'daemon', group: 'server-internal', help: 'run as a daemon', refused: true },
];

/** The other grammar of rsync, in force after `--daemon`. Names that both grammars have are those of the client. */
export const DAEMON_MODE: readonly OptionEntry[] = [
  { long: 'address', group: 'daemon-mode', argument: 'ADDRESS', help: 'address to listen at', refused: true },
  {
    long: 'bwlimit',
    group: 'daemon-mode',
    argument: 'RATE',
    help: 'limit for every connection',
    refused: true,
  },
  {
    long: 'config',
    group: 'daemon-mode',
    argument: 'FILE',
    help: 'configuration of the daemon',
    refused: true,
  },
  {
    long: 'dparam',
    short: 'M',
    group: 'daemon-mode',
    argument: 'NAME=VALUE',
    help: 'set a parameter',
    refused: true,
  },
  { long: 'detach', group: 'daemon-mode', help: 'go to the background', refused: true },
  { long: 'no-detach', group: 'daemon-mode', help: 'stay in the foreground', refused: true },
  { long: 'port', group: 'daemon-mode', argument: 'NUM', help: 'port to listen at', refused: true },
  { long: 'log-file', group: 'daemon-mode', argument: 'FILE', help: 'log of the daemon', refused: true },
  {
    long: 'log-file-format',
    group: 'daemon-mode',
    argument: 'FORMAT',
    help: 'format of the log',
    refused: true,
  },
  { long: 'sockopts', group: 'daemon-mode', argument: 'LIST', help: 'TCP options', refused: true },
  {
    long: 'temp-dir',
    short: 'T',
    group: 'daemon-mode',
    argument: 'DIR',
    help: 'temporary files go to DIR',
    refused: true,
  },
  { long: 'verbose', short: 'v', group: 'daemon-mode', help: 'log more', refused: true },
  { long: 'ipv4', short: '4', group: 'daemon-mode', help: 'listen on IPv4', refused: true },
  { long: 'ipv6', short: '6', group: 'daemon-mode', help: 'listen on IPv6', refused: true },
  {
    long: 'protocol',
    group: 'daemon-mode',
    argument: 'NUM',
    help: 'highest protocol version',
    refused: true,
  },
  { long: 'help', short: 'h', group: 'daemon-mode', help: 'show the help of the daemon', refused: true },
];
