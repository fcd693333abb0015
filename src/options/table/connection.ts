import { checkProtocol } from '../limits.ts';
import { parseInteger, parseRate } from '../values.ts';
import { integer, set, text } from './apply.ts';
import type { OptionEntry } from './entry.ts';

export const CONNECTION: readonly OptionEntry[] = [
  {
    long: 'rsh',
    short: 'e',
    group: 'connection',
    argument: 'COMMAND',
    help: 'the remote shell, with its options',
    keys: ['rsh'],
    apply: ({ options }, value) => {
      options.rsh = value === '' ? undefined : value;
      delete options.rshByDefault;
    },
  },
  {
    long: 'rsh-spawn',
    own: true,
    group: 'connection',
    help: 'start the program after -e even if it is ssh, not the built-in one',
    keys: ['rshSpawn'],
    apply: set('rshSpawn', true),
  },
  {
    long: 'ssh-debug',
    own: true,
    group: 'connection',
    help: 'show how the built-in ssh was set up and what it does',
    keys: ['sshDebug'],
    apply: set('sshDebug', true),
  },
  {
    long: 'ssh-match-exec',
    own: true,
    group: 'connection',
    help: 'let "Match exec" of ssh_config run its commands',
    keys: ['sshMatchExec'],
    apply: set('sshMatchExec', true),
  },
  {
    long: 'rsync-path',
    group: 'connection',
    argument: 'COMMAND',
    help: 'what to run on the remote side ("sudo rsync")',
    keys: ['rsyncPath'],
    apply: text('rsyncPath'),
  },
  {
    long: 'remote-option',
    short: 'M',
    group: 'connection',
    argument: 'OPTION',
    help: 'give OPTION to the remote side alone',
    refused: true,
  },
  {
    long: 'old-args',
    negations: ['no-old-args'],
    group: 'connection',
    help: 'let the remote shell split and expand paths',
    repeat: 'twice: option values too',
    keys: ['oldArgs'],
    apply: (draft) => {
      draft.oldArgs = Math.min(2, (draft.oldArgs ?? 0) + 1);
    },
    negate: (draft) => {
      draft.oldArgs = 0;
    },
  },
  {
    long: 'secluded-args',
    short: 's',
    aliases: ['protect-args'],
    negations: ['no-secluded-args', 'no-protect-args', 'no-s'],
    group: 'connection',
    help: 'send options and paths past the remote shell',
    keys: ['secludedArgs'],
    apply: (draft) => {
      draft.secludedArgs = true;
    },
    negate: (draft) => {
      draft.secludedArgs = false;
    },
  },
  {
    long: 'blocking-io',
    negations: ['no-blocking-io'],
    group: 'connection',
    help: 'give the remote shell blocking pipes',
    refused: true,
  },
  {
    long: 'timeout',
    negations: ['no-timeout'],
    group: 'connection',
    argument: 'SECONDS',
    help: 'give up after this time without any data',
    keys: ['timeout'],
    apply: integer('timeout', 0),
    negate: set('timeout', 0),
  },
  {
    long: 'contimeout',
    negations: ['no-contimeout'],
    group: 'connection',
    argument: 'SECONDS',
    help: 'give up after this time without a connection to a daemon',
    keys: ['contimeout'],
    apply: integer('contimeout', 0),
    negate: set('contimeout', 0),
  },
  {
    long: 'bwlimit',
    negations: ['no-bwlimit'],
    group: 'connection',
    argument: 'RATE',
    help: 'write no more than RATE a second (KiB, or with a unit)',
    keys: ['bwlimit'],
    apply: ({ options }, value, word) => {
      options.bwlimit = parseRate(value, word);
    },
    negate: set('bwlimit', 0),
  },
  {
    long: 'protocol',
    group: 'connection',
    argument: 'NUM',
    help: 'the highest protocol version to offer, 29 to 32',
    keys: ['protocol'],
    apply: ({ options }, value, word) => {
      options.protocol = checkProtocol(parseInteger(value, word), word);
    },
  },
  {
    long: 'iconv',
    negations: ['no-iconv'],
    group: 'connection',
    argument: 'CHARSETS',
    help: 'convert file names between character sets',
    refused: true,
  },
  {
    long: 'ipv4',
    short: '4',
    group: 'connection',
    help: 'connect over IPv4 (daemons; ssh, built in or after -e)',
    keys: ['addressFamily'],
    apply: set('addressFamily', 4),
  },
  {
    long: 'ipv6',
    short: '6',
    group: 'connection',
    help: 'connect over IPv6 (daemons; ssh, built in or after -e)',
    keys: ['addressFamily'],
    apply: set('addressFamily', 6),
  },
  {
    long: 'address',
    group: 'connection',
    argument: 'ADDRESS',
    help: 'address of this machine that connections to daemons come from',
    keys: ['address'],
    apply: text('address'),
  },
  {
    long: 'port',
    group: 'connection',
    argument: 'NUM',
    help: 'port of a daemon',
    keys: ['port'],
    apply: integer('port', 0),
  },
  {
    long: 'sockopts',
    group: 'connection',
    argument: 'LIST',
    help: 'options of daemon connections (SO_KEEPALIVE, TCP_NODELAY)',
    keys: ['sockopts'],
    apply: text('sockopts'),
  },
  {
    long: 'password-file',
    group: 'connection',
    argument: 'FILE',
    help: 'read the password for a daemon from FILE (- is standard input)',
    keys: ['passwordFile'],
    apply: text('passwordFile'),
  },
  {
    long: 'early-input',
    group: 'connection',
    argument: 'FILE',
    help: 'send the content of FILE to the early exec of a daemon',
    keys: ['earlyInput'],
    apply: text('earlyInput'),
  },
];
