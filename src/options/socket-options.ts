/** `--sockopts` and the `socket options` of a daemon: docs/protocol/4-filters-and-options.md, G.2. */
import { EXIT, RsyncError } from '../core/errors.ts';
import { invalid } from './values.ts';

export interface SocketOptions {
  /** TCP_NODELAY; undefined: not said. */
  noDelay: boolean | undefined;
  /** SO_KEEPALIVE. */
  keepAlive: boolean | undefined;
}

/** What C sets and Node has no way to. */
const OUT_OF_REACH: readonly string[] = [
  'SO_REUSEADDR',
  'SO_BROADCAST',
  'SO_SNDBUF',
  'SO_RCVBUF',
  'SO_SNDLOWAT',
  'SO_RCVLOWAT',
  'SO_SNDTIMEO',
  'SO_RCVTIMEO',
  'IPTOS_LOWDELAY',
  'IPTOS_THROUGHPUT',
];

/**
 * Names with blanks or commas between them, each alone or with `=NUMBER`; 0 turns it off.
 * @throws RsyncError RSYNC_USAGE, exit 1: an unknown name; RSYNC_UNSUPPORTED, exit 4: one that can not be set here
 */
export function parseSocketOptions(text: string): SocketOptions {
  const found: SocketOptions = { noDelay: undefined, keepAlive: undefined };
  for (const word of text.split(/[\s,]+/).filter(Boolean)) {
    const [, name = '', value = '1'] = /^([^=]*)(?:=(\d+))?$/.exec(word) ?? [];
    if (name === 'TCP_NODELAY') found.noDelay = Number(value) !== 0;
    else if (name === 'SO_KEEPALIVE') found.keepAlive = Number(value) !== 0;
    else if (OUT_OF_REACH.includes(name)) {
      throw new RsyncError('RSYNC_UNSUPPORTED', `rsyncjs: --sockopts: ${name} can not be set from Node.js`, {
        exitCode: EXIT.UNSUPPORTED,
        origin: 'local',
        hint: 'SO_KEEPALIVE and TCP_NODELAY can; leave the others out.',
      });
    } else throw invalid(`--sockopts=${text}`, `unknown socket option: ${word}`);
  }
  return found;
}
