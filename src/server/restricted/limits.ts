/** What the clients of a restricted server may do. */
import type { ByteString } from '../../core/bytes.ts';
import { EXIT, RsyncError, usageError } from '../../core/errors.ts';
import { lookUp } from '../../options/parse.ts';
import type { ServerCommand } from '../server-command.ts';

export interface RestrictedLimits {
  /** Nothing is written: clients pull. */
  readOnly?: boolean;
  /** Nothing is read: clients push. */
  writeOnly?: boolean;
  /** Nothing is deleted: options that do are refused. */
  noDelete?: boolean;
  /** Symlinks of clients are stored so that they lead nowhere, and sent as they were: `--munge-links`. */
  munge?: boolean;
}

/** Options of a server that reach beyond a directory, or that belong to whoever runs the server. */
const NEVER = [
  'copy-as',
  'copy-devices',
  'insecure-links',
  'log-file',
  'log-file-format',
  'no-munge-links',
  'read-batch',
  'remote-option',
  'write-batch',
  'write-devices',
];

const MUNGE = 'munge-links';
const REMOVING = ['remove-source-files', 'remove-sent-files'];

const DELETING = [
  'delete',
  'delete-before',
  'delete-during',
  'delete-delay',
  'delete-after',
  'delete-excluded',
  'delete-missing-args',
  'force',
  ...REMOVING,
];

/** @throws RsyncError RSYNC_USAGE, exit 1: limits that leave nothing; RSYNC_UNSUPPORTED, exit 4 */
export function checkLimits({ readOnly = false, writeOnly = false, munge = false }: RestrictedLimits): void {
  if (readOnly && writeOnly) {
    throw usageError(
      'rsyncjs: --read-only and --write-only exclude each other',
      'Without both, clients may do either.',
    );
  }
  // Says what is missing, if it is.
  if (munge) lookUp('long', MUNGE, `--${MUNGE}`);
}

/** What the server tells itself beside the words of the client. */
export function ownWords({ munge = false }: RestrictedLimits): ByteString[] {
  return munge ? [`--${MUNGE}`] : [];
}

/** @throws RsyncError RSYNC_USAGE, exit 1, that names what is refused */
export function judge(command: ServerCommand, limits: RestrictedLimits): void {
  const { role, named, directory } = command;
  const sends = role === 'sender';
  if (limits.readOnly === true && !sends) {
    throw refused(
      'this account may only be read from',
      'Pull from this host; nobody may push to it this way.',
    );
  }
  if (limits.writeOnly === true && sends) {
    throw refused(
      'this account may only be written to',
      'Push to this host; nobody may pull from it this way.',
    );
  }
  check(named, NEVER, 'is not for the clients of this account');
  if (limits.readOnly === true) check(named, REMOVING, 'writes, and this account may only be read from');
  if (limits.noDelete === true) check(named, DELETING, 'deletes, and this account may delete nothing');
  if (directory !== '.') {
    throw refused('the first path of a server is "."', 'The client is not one that this server knows.');
  }
}

function check(named: ReadonlySet<string>, names: readonly string[], why: string): void {
  const found = names.find((name) => named.has(name));
  if (found !== undefined) throw refused(`the option --${found} ${why}`, `Leave out --${found}.`);
}

function refused(what: string, hint: string): RsyncError {
  return new RsyncError('RSYNC_USAGE', `refused: ${what}`, { exitCode: EXIT.SYNTAX, origin: 'remote', hint });
}
