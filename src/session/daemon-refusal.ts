import { type ByteString, toText } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';

/** What is behind the `@ERROR` lines of daemons, docs/protocol/4-filters-and-options.md, G.4 to G.7. */
const HINTS: readonly (readonly [line: RegExp, hint: string])[] = [
  [
    /unknown module/i,
    'Check its spelling: modules are listed by rsync://HOST/, unless they are hidden; one that this host may not use is told of in the same words.',
  ],
  [/unknown command/i, 'A module name that starts with # is none.'],
  [/access denied/i, 'hosts allow and hosts deny in its rsyncd.conf decide which hosts may use the module.'],
  [
    /max connections/i,
    'Try again when others have finished: the daemon limits how many use the module at a time.',
  ],
  [
    /chdir failed|chroot failed|no path setting/i,
    'The path of the module in rsyncd.conf does not lead to a directory there.',
  ],
  [
    /invalid [ug]id|set[ug]id failed|setgroups failed/i,
    'uid and gid of the module in rsyncd.conf do not work there.',
  ],
  [/lock file/i, 'The daemon can not write its lock file: see "lock file" in rsyncd.conf there.'],
  [/early exec/i, 'The early exec of the module in rsyncd.conf refused it; see --early-input.'],
  [
    /protocol|startup|greeting|subprotocol|digest/i,
    'The daemon does not understand this client: try --protocol=29.',
  ],
];

/** The error for an `@ERROR` line; exit 5 whatever it says. */
export function daemonRefusal(line: ByteString, user: string): RsyncError {
  const text = toText(line);
  const isAuth = /auth failed/i.test(text);
  const hint = isAuth
    ? `Check user (${user}, from USER@HOST or the environment) and password; the log of the daemon says which is wrong.`
    : (HINTS.find(([pattern]) => pattern.test(text))?.[1] ?? 'The log of the daemon may say more.');
  return new RsyncError(isAuth ? 'RSYNC_AUTH' : 'RSYNC_DAEMON', text, {
    exitCode: EXIT.STARTCLIENT,
    origin: 'remote',
    hint,
  });
}
