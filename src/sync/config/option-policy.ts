/**
 * Which options of rsync a configuration may hold. Whoever can edit a configuration, a program with an HTTP interface
 * among them, chooses files to copy and nothing else: no command, no deletion of sources, no file elsewhere. And what
 * the workflow does itself is told by keys of its own.
 *
 * Options are named by their long name, those without one by their letter with its dash. A test holds this table against
 * the table of all options.
 */

export type Workflow = 'project' | 'hub';

export type RefusalKind =
  /** It runs a command or chooses the one that is run. */
  | 'command'
  /** It deletes, at the source or beyond what the workflow decides. */
  | 'deletion'
  /** It reads or writes files outside of the two trees. */
  | 'elsewhere'
  /** It turns off a protection. */
  | 'protection'
  /** It changes what the workflow means by a run. */
  | 'meaning';

export interface Refusal {
  kind: RefusalKind;
  /** Completes "is refused: it ...". */
  reason: string;
  /** What to do in its place: a sentence. */
  instead: string;
  /** Refused in this workflow alone. */
  only?: Workflow;
  /** Refused in this form alone; default: both. */
  form?: 'plain' | 'negated';
}

const LEAVE_OUT = 'Leave it out.';
const SSH_CONFIG = 'Set up the host in ~/.ssh/config, or with the key "ssh".';
const GUARDED = 'Leave it out: a deletion follows from the comparison with the last sync.';
const CONFLICT = 'Leave it out; the key "conflict" tells which side wins.';
const EXCLUDE = 'Use the key "exclude".';
const DELETE_KEY = 'In a project leave it out; for a spoke write rsync_options.delete: true.';

function refusal(kind: RefusalKind, reason: string, instead: string, more: Partial<Refusal> = {}): Refusal {
  return { kind, reason, instead, ...more };
}

const deletes = refusal('deletion', 'tells what is deleted', DELETE_KEY);
const unequal = (reason: string, instead = LEAVE_OUT): Refusal =>
  refusal('meaning', `${reason}, so that the sides would never be equal`, instead, { only: 'project' });
const needed = (what: string): Refusal =>
  refusal('meaning', `leaves out ${what}, by which the sides are compared`, LEAVE_OUT, {
    only: 'project',
    form: 'negated',
  });
const outside = refusal('elsewhere', 'names a directory outside of the two trees', LEAVE_OUT);
// Rules go to the other machine: with them the lines of any file that can be read here.
const sent = refusal('elsewhere', 'sends the lines of a file to the other machine', EXCLUDE, { only: 'hub' });
const batch = refusal('elsewhere', 'names a file outside of the two trees', 'Run it with "rsyncjs -a ...".');
const shape = refusal(
  'meaning',
  'changes where in the tree the files go',
  'Set the folders with "remote" and "path".',
);

export const REFUSED: Readonly<Record<string, Refusal>> = {
  rsh: refusal('command', 'chooses the command that connects', SSH_CONFIG),
  'rsh-spawn': refusal('command', 'starts a program to connect with', SSH_CONFIG),
  'ssh-match-exec': refusal('command', 'lets ssh_config run commands', LEAVE_OUT),
  'rsync-path': refusal('command', 'chooses the command that the other machine runs', LEAVE_OUT),
  'remote-option': refusal('command', 'hands options to the other machine unseen', LEAVE_OUT),
  'old-args': refusal('command', 'has the shell of the other machine expand paths', LEAVE_OUT, {
    form: 'plain',
  }),
  'early-input': refusal('command', 'feeds a command of the other machine', LEAVE_OUT),
  'copy-as': refusal('command', 'becomes another user', LEAVE_OUT),

  'remove-source-files': refusal('deletion', 'deletes the files that it has copied', LEAVE_OUT),
  delete: deletes,
  'delete-before': deletes,
  'delete-during': deletes,
  'delete-delay': deletes,
  'delete-after': deletes,
  'delete-excluded': refusal('deletion', 'deletes what is excluded', LEAVE_OUT),
  'delete-missing-args': deletes,
  'ignore-errors': refusal('deletion', 'deletes after a source could not be read', LEAVE_OUT, {
    form: 'plain',
  }),
  force: refusal('deletion', 'deletes directories to make room for files', GUARDED, { form: 'plain' }),
  'max-delete': refusal(
    'meaning',
    'is a limit that the guards have',
    'Use the keys guards.max_delete and guards.max_delete_percent.',
    {
      only: 'project',
    },
  ),

  'log-file': refusal('elsewhere', 'writes a file of its own', '"rsyncjs log" shows the history.'),
  'log-file-format': refusal('elsewhere', 'is about a file of its own', '"rsyncjs log" shows the history.'),
  'write-batch': batch,
  'only-write-batch': batch,
  'read-batch': batch,
  'files-from': refusal('elsewhere', 'reads the names to copy from a file', EXCLUDE),
  'exclude-from': sent,
  'include-from': sent,
  'temp-dir': outside,
  'backup-dir': refusal('elsewhere', 'writes outside of the two trees', 'In a project use the key "backup".'),
  'compare-dest': outside,
  'copy-dest': outside,
  'link-dest': outside,
  'write-devices': refusal('elsewhere', 'writes into devices', LEAVE_OUT, { form: 'plain' }),
  'copy-devices': refusal('elsewhere', 'reads the content of devices', LEAVE_OUT),
  'keep-dirlinks': refusal('elsewhere', 'lets a symlink lead the copy out of the tree', LEAVE_OUT),

  'trust-sender': refusal('protection', 'takes names from the other machine unchecked', LEAVE_OUT),
  'insecure-links': refusal('protection', 'follows symlinks of other users', LEAVE_OUT, { form: 'plain' }),

  'dry-run': refusal('meaning', 'is said for one run', 'Give --dry-run on the command line.'),
  'list-only': refusal('meaning', 'copies nothing', 'Use the verb "status", or "hub list".'),
  help: refusal('meaning', 'copies nothing', LEAVE_OUT),
  version: refusal('meaning', 'copies nothing', LEAVE_OUT),
  server: refusal('meaning', 'makes a server of this side', LEAVE_OUT),
  sender: refusal('meaning', 'makes a server of this side', LEAVE_OUT),
  daemon: refusal('meaning', 'makes a server of this side', LEAVE_OUT),
  recursive: refusal('meaning', 'leaves out the directories below', LEAVE_OUT, { form: 'negated' }),
  dirs: refusal('meaning', 'leaves out the directories below', LEAVE_OUT, { form: 'plain' }),
  'old-dirs': refusal('meaning', 'leaves out the directories below', LEAVE_OUT),
  relative: { ...shape, form: 'plain' },
  'implied-dirs': shape,
  'ignore-missing-args': refusal('meaning', 'hides that the source is missing', LEAVE_OUT),
  existing: unequal('leaves new files out'),
  'ignore-existing': unequal('leaves changed files out'),
  update: refusal('meaning', 'lets the newer side win', CONFLICT, { only: 'project' }),
  'size-only': unequal('leaves changed files out'),
  'max-size': unequal('leaves files out', EXCLUDE),
  'min-size': unequal('leaves files out', EXCLUDE),
  'prune-empty-dirs': { ...unequal('leaves directories out', EXCLUDE), form: 'plain' },
  append: { ...unequal('leaves changed files out'), form: 'plain' },
  'append-verify': unequal('leaves changed files out'),
  'copy-links': unequal('copies files in place of symlinks'),
  'copy-unsafe-links': unequal('copies files in place of symlinks'),
  'copy-dirlinks': unequal('copies directories in place of symlinks'),
  'safe-links': unequal('leaves symlinks out'),
  'munge-links': { ...unequal('changes symlinks'), form: 'plain' },
  links: needed('symlinks'),
  times: needed('times'),
  backup: refusal('meaning', 'leaves old versions in the tree', 'Use the key "backup".', {
    only: 'project',
    form: 'plain',
  }),
  suffix: refusal('meaning', 'leaves old versions in the tree', 'Use the key "backup".', { only: 'project' }),
};

/** Allowed in both workflows, in every form. */
export const ALLOWED: ReadonlySet<string> = new Set([
  ...[
    'verbose',
    'info',
    'debug',
    'stderr',
    'quiet',
    'motd',
    'stats',
    'human-readable',
    '8-bit-output',
    'progress',
  ],
  ...['-P', 'itemize-changes', 'out-format', 'outbuf'],
  ...[
    'archive',
    'inc-recursive',
    'mkpath',
    'one-file-system',
    'ignore-times',
    'modify-window',
    'checksum',
    'from0',
  ],
  ...['filter', '-F', 'exclude', 'include', 'cvs-exclude'],
  ...[
    'perms',
    'executability',
    'chmod',
    'acls',
    'xattrs',
    'owner',
    'group',
    'devices',
    'specials',
    '-D',
    'drop-D',
  ],
  ...[
    'atimes',
    'open-noatime',
    'crtimes',
    'omit-dir-times',
    'omit-link-times',
    'super',
    'fake-super',
    'numeric-ids',
  ],
  ...['usermap', 'groupmap', 'chown', 'confine-root', 'hard-links'],
  ...[
    'whole-file',
    'block-size',
    'checksum-choice',
    'checksum-seed',
    'inplace',
    'sparse',
    'preallocate',
    'fsync',
  ],
  ...['fuzzy', 'partial', 'partial-dir', 'delay-updates'],
  ...['compress', 'compress-choice', 'old-compress', 'new-compress', 'compress-level', 'compress-threads'],
  'skip-compress',
  ...['ssh-debug', 'secluded-args', 'blocking-io', 'timeout', 'contimeout', 'bwlimit', 'protocol', 'iconv'],
  ...[
    'ipv4',
    'ipv6',
    'address',
    'port',
    'sockopts',
    'password-file',
    'max-alloc',
    'qsort',
    'stop-after',
    'stop-at',
  ],
]);

const STANDARD_INPUT = 'reads standard input, which a configuration does not have';

/** What is wrong with a value of an option that is allowed otherwise; completes "is refused: it ...". */
export function valueRefusal(name: string, value: string, workflow: Workflow): string | undefined {
  if (['exclude-from', 'include-from', 'password-file'].includes(name) && value === '-')
    return STANDARD_INPUT;
  if (name === 'filter' && workflow === 'hub' && /^(?:\.|merge)/.test(value))
    return 'sends the lines of a file to the other machine';
  if (name === 'filter' && /^(?:\.|merge)[^ _]*[ _]-$/.test(value)) return STANDARD_INPUT;
  if (
    name === 'partial-dir' &&
    (/^(?:[/\\~]|[a-z]:)/i.test(value) || /(?:^|[/\\])\.\.(?:[/\\]|$)/.test(value))
  ) {
    return 'names a directory outside of the two trees';
  }
  return undefined;
}
