/** What a connection to an rsync daemon ends with, where no remote shell lies between. */
import { EXIT } from '../../core/errors.ts';
import type { ChannelDetails } from '../channel.ts';
import type { Finding } from './finding.ts';
import { allWords, hasNoise, neverSpoke, type Symptoms } from './symptoms.ts';
import { clean } from './words.ts';

/** True: bytes go straight to a daemon, and nothing here runs there. */
export function leadsToDaemon({ details }: { details?: ChannelDetails | undefined }): boolean {
  return details?.kind === 'tcp' || details?.kind === 'program';
}

/** What only daemons refuse, after they have let somebody in: docs/protocol/4-filters-and-options.md, G.6 and G.7. */
const REFUSALS: readonly (readonly [line: RegExp, exitCode: number, what: string, hint: string])[] = [
  [
    /module is read only/,
    EXIT.SYNTAX,
    'the module can only be read',
    '"read only = no" for it in rsyncd.conf there would allow to write; so does ":rw" behind a name of its auth users.',
  ],
  [
    /module is write only/,
    EXIT.SYNTAX,
    'the module can only be written to',
    'Nothing can be fetched or listed from it: see "write only" in rsyncd.conf there.',
  ],
  [
    /configured to refuse/,
    EXIT.UNSUPPORTED,
    'the daemon does not allow an option of this run',
    'Leave out what its message names: see "refuse options" in rsyncd.conf there.',
  ],
  [
    /options have been rejected by the server/,
    EXIT.UNSUPPORTED,
    'the daemon does not allow a path in an option of this run',
    'Its filters in rsyncd.conf hide the directory or file that an option names.',
  ],
  [
    /pre-xfer exec returned failure/,
    EXIT.UNSUPPORTED,
    'a program of the daemon has refused the transfer',
    'See "pre-xfer exec" in rsyncd.conf there.',
  ],
];

/** A daemon for one connection, started through a remote shell, that ends before it greets: it names no reason. */
export function recogniseDaemonStart(symptoms: Symptoms): Finding | undefined {
  if (!neverSpoke(symptoms) || symptoms.details?.command?.endsWith(' --server --daemon .') !== true)
    return undefined;
  if (!/\(code 1\) at clientserver\.c/.test(allWords(symptoms))) return undefined;
  return {
    code: 'RSYNC_DAEMON',
    exitCode: EXIT.STARTCLIENT,
    what: 'the rsync there can not be a daemon: it finds no configuration that it can read',
    hint: 'It looks for rsyncd.conf in the login directory, as root for /etc/rsyncd.conf; --rsync-path="rsync --config=FILE" names another one.',
  };
}

export function recogniseDaemonRefusal({ messages }: Symptoms): Finding | undefined {
  const said = messages.join('\n');
  for (const [pattern, exitCode, what, hint] of REFUSALS) {
    if (pattern.test(said)) return { code: 'RSYNC_DAEMON', exitCode, what, hint };
  }
  return undefined;
}

export function recogniseDaemon(symptoms: Symptoms): Finding | undefined {
  const { details, complaint, firstBytes, phase } = symptoms;
  if (hasNoise(symptoms)) {
    return {
      code: 'RSYNC_PROTOCOL',
      exitCode: EXIT.STARTCLIENT,
      what: complaint,
      hint: strangerHint(firstBytes),
    };
  }
  if (details?.lost !== undefined) {
    return {
      code: 'RSYNC_CONNECT',
      exitCode: EXIT.SOCKETIO,
      origin: 'transport',
      what: `the connection broke: ${clean(details.lost)}`,
      hint:
        phase === 'starting rsync'
          ? 'The daemon, or a firewall before it, refuses this address or is overloaded; the log of the daemon may say why.'
          : 'The daemon ended it, or the network cut it: its messages and its log may say why.',
    };
  }
  if (phase !== 'starting rsync') return undefined;
  return {
    code: 'RSYNC_STREAM',
    exitCode: EXIT.STARTCLIENT,
    origin: 'transport',
    what: complaint,
    hint:
      details?.kind === 'program'
        ? 'RSYNC_CONNECT_PROG must lead to a daemon: try the command by hand; a daemon greets with @RSYNCD.'
        : 'Nothing that speaks like an rsync daemon answers at that port, or it does not accept this address.',
  };
}

function strangerHint(firstBytes: Uint8Array): string {
  const text = Buffer.from(firstBytes).toString('latin1');
  if (text.startsWith('SSH-'))
    return 'That is an ssh server: over ssh, write HOST:PATH with one colon, or leave --port out.';
  if (/^HTTP\/|^<!?\w/i.test(text)) return 'That is a web server: check the port.';
  return 'Check host and port: a daemon greets with @RSYNCD.';
}
