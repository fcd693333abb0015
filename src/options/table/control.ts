import { set } from './apply.ts';
import { DAEMON_OPTIONS } from './daemon.ts';
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
  {
    long: 'daemon',
    group: 'server-internal',
    help: 'run as a daemon',
    refused: true,
    hint: 'A daemon has options of its own: see "rsyncjs --daemon --help".',
  },
];

/** The other grammar of rsync, in force with `--daemon`. Names that both grammars have are those of the client. */
export const DAEMON_MODE: readonly OptionEntry[] = DAEMON_OPTIONS.map(({ apply: _, ...described }) => ({
  ...described,
  group: 'daemon-mode',
  refused: true,
  hint: 'It belongs to a daemon: see "rsyncjs --daemon --help".',
}));
