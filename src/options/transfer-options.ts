import type { ByteString } from '../core/bytes.ts';

/**
 * When surplus files of the receiving side go. `default`: during for protocol 30 and later, before for 29; `delay`: found
 * as with `during`, deleted at the end.
 */
export type DeleteMode = 'none' | 'default' | 'before' | 'during' | 'delay' | 'after';

/** One filter-making option, in the order given: the order decides. */
export type FilterArgument =
  | { kind: 'exclude' | 'include' | 'filter'; text: ByteString; from0?: boolean }
  | { kind: 'exclude-from' | 'include-from'; file: string; from0?: boolean };

/** The file of `--files-from`. */
export interface ListFile {
  /** Whose disk it is on: this process's own, or that of the process at the other end. */
  at: 'here' | 'peer';
  /** Bytes if it is here, as typed if it is not. `-`: standard input of the client; at a server what the client sends. */
  file: string;
  /** As typed: `[USER@]HOST` in front of the file; '' for `:FILE`. Only `at` the peer of a client. */
  host?: string;
}

/**
 * What a transfer does, after all implications (`-a`, `-P`, `--no-X`) are worked out: the one form that the server
 * command line, the session and the roles read. Every field is always there.
 */
export interface TransferOptions {
  /** `-r`. */
  recursive: boolean;
  /** `-d` true, `--no-d` false, neither: undefined. What that comes to: `transfersDirs`. */
  dirs: boolean | undefined;
  /** `-R` true, `--no-R` false, neither: undefined. What that comes to: `keepsPaths`. */
  relative: boolean | undefined;
  /** False after `--no-implied-dirs`: directories above a source are left as they are. */
  impliedDirs: boolean;
  /** `--mkpath`: directories above the destination are made. */
  mkpath: boolean;
  /** `--files-from`. */
  filesFrom: ListFile | undefined;
  /** `-0`: NUL ends the names in the file of --files-from. For rule files: `FilterArgument`. */
  from0: boolean;
  /** A source that does not exist is no error. */
  ignoreMissingArgs: boolean;
  /** What a source that does not exist would be copied to is deleted. Stronger than `ignoreMissingArgs`. */
  deleteMissingArgs: boolean;
  /** Names that a remote sender sends are not held against what was asked for. */
  trustSender: boolean;
  /** `-l`: symlinks are copied as symlinks. */
  links: boolean;
  /** `-L`: the sender takes every symlink for what it leads to. */
  copyLinks: boolean;
  /** The sender takes symlinks out of the transfer for what they lead to. */
  copyUnsafeLinks: boolean;
  /** `-k`: the sender takes a symlink to a directory for the directory. */
  copyDirlinks: boolean;
  /** Symlinks out of the transfer are skipped. */
  safeLinks: boolean;
  /** `-K`: the receiver takes a symlink to a directory for the directory. */
  keepDirlinks: boolean;
  /** `-m`: directories with no files below them are left out. */
  pruneEmptyDirs: boolean;
  /** Bytes: larger files are skipped; undefined: no limit. */
  maxSize: number | undefined;
  /** Bytes: smaller files are skipped; undefined: no limit. */
  minSize: number | undefined;
  /** `-O`: `times` is not about directories. */
  omitDirTimes: boolean;
  /** `-J`: `times` is not about symlinks. */
  omitLinkTimes: boolean;
  /** `-p`. */
  perms: boolean;
  /** `-t`. */
  times: boolean;
  /** `-o`. */
  owner: boolean;
  /** `-g`. */
  group: boolean;
  /** `--devices`, half of `-D`. */
  devices: boolean;
  /** `--specials`, half of `-D`: fifos and sockets. */
  specials: boolean;
  /** `-H`. */
  hardLinks: boolean;
  /** `-S`: runs of zeros become holes. */
  sparse: boolean;
  /** `-c`: compare by checksum, not by size and time. */
  checksum: boolean;
  /** `-u`: skip files that are newer at the destination. */
  update: boolean;
  /** `-n`. */
  dryRun: boolean;
  /** How often `-i`: 0, 1, or 2 (also unchanged items). */
  itemize: number;
  /** How often `-v`. */
  verbose: number;
  /** `-q`. */
  quiet: boolean;
  /** `-z` or a compression level or choice: compression is wanted. */
  compress: boolean;
  /** `-W` true, `--no-W` false, neither: undefined (off for remote transfers). */
  wholeFile: boolean | undefined;
  /** How often `-x`: 0, 1, or 2 (mount points are left out altogether). */
  oneFileSystem: number;
  /** 0 for `--no-h`, 1 by default (digit groups), 2 for `-h` (units of 1000), 3 for `-hh` (units of 1024). */
  humanReadable: number;
  /** `--progress`. */
  progress: boolean;
  /** `--partial`. */
  partial: boolean;
  /**
   * `--partial-dir`: where interrupted files are kept, and looked for by the next run; absolute, or a name in the
   * directory of each file. Undefined: none, but `partialDirectory` has one for `delayUpdates`.
   */
  partialDir: ByteString | undefined;
  /** `--delay-updates`: finished files wait in the partial directory until the end of the transfer. */
  delayUpdates: boolean;
  /** `-T`: where temporary files are made; relative to the destination. */
  tempDir: ByteString | undefined;
  /** `-b`: what is replaced or deleted is kept under another name. */
  backup: boolean;
  /** `--backup-dir`: where it is kept; relative to the destination. Undefined: beside the new one. */
  backupDir: ByteString | undefined;
  /** `--suffix`: what is added to its name. Undefined: as `backupSuffix` says. */
  suffix: ByteString | undefined;
  /** `--compare-dest`, at most 20; relative to the destination. What is there, unchanged, is left out. */
  compareDest: readonly ByteString[];
  /** `--copy-dest`: is copied. */
  copyDest: readonly ByteString[];
  /** `--link-dest`: is hard-linked. */
  linkDest: readonly ByteString[];
  /** `--inplace`. */
  inplace: boolean;
  /** 1 for `--append`, 2 for `--append-verify`, 0 for neither. */
  append: number;
  /** How often `-y`: 0, 1, or 2 (also look in the alternate directories). */
  fuzzy: number;
  /** `--fsync`: every file is on the disk before it gets its name. */
  fsync: boolean;
  /** `--stats`. */
  stats: boolean;
  deleteMode: DeleteMode;
  /** `--delete-excluded`: also delete what the filters hide. */
  deleteExcluded: boolean;
  /** `--ignore-errors`: delete even after errors of reading. */
  ignoreErrors: boolean;
  /** `--force`: directories that are not empty make way for other items. */
  force: boolean;
  /** `--remove-source-files`: the sender removes what has arrived, or was there already. */
  removeSourceFiles: boolean;
  /** `--remove-sent-files`, its older form: regular files that were there already stay. */
  removeSentFiles: boolean;
  /** `--munge-links`: symlinks are stored with a prefix that makes them lead nowhere, and sent without it. */
  mungeLinks: boolean;
  /** `--max-delete=N`; undefined: no limit. */
  maxDelete: number | undefined;
  filters: FilterArgument[];
  /** `-C`: what CVS leaves out is left out, by the rules `:C` and `-C` behind all others. */
  cvsExclude: boolean;
  /** `--existing`: create nothing new. */
  existing: boolean;
  /** `--ignore-existing`: update nothing that exists. */
  ignoreExisting: boolean;
  sizeOnly: boolean;
  /** `-I`. */
  ignoreTimes: boolean;
  /** `-@`: seconds by which equal times may differ; negative: not even in nanoseconds. */
  modifyWindow: number;
  numericIds: boolean;
  /** Seconds without any I/O before giving up with exit 30; 0: never. */
  timeout: number;
  /** KiB a second, 0: no limit. */
  bwlimit: number;
  /** The command that the remote shell runs; inserted unescaped. */
  rsyncPath: string;
  /** `-e`; undefined: the built-in ssh. */
  rsh: string | undefined;
  /**
   * `--old-args`: 0; 1: paths go to the remote shell as they are, which splits them and expands what is in them; 2: so
   * does everything else. Names that come back are then not held against the paths.
   */
  oldArgs: number;
  /** `-s`, `--secluded-args`: options and paths go over the connection, past the remote shell. */
  secludedArgs: boolean;
  /** 4 after `-4`, 6 after `-6`, 0: either. */
  addressFamily: 0 | 4 | 6;
  /** `--no-motd` makes it false: what a daemon says before a transfer, its list of modules included, is not shown. */
  motd: boolean;
  /** `--port` of a daemon; 0: that of the URL, or 873. */
  port: number;
  /** `--contimeout`: seconds until the connection to a daemon must stand; 0: as long as it takes. */
  contimeout: number;
  /** `--address`: name or address of this machine that connections to a daemon come from. */
  address: string | undefined;
  /** `--sockopts`: `SO_KEEPALIVE`, `TCP_NODELAY`, with `=0` or `=1`. */
  sockopts: string | undefined;
  /** `--password-file`: its first line is the password for a daemon; `-`: standard input. */
  passwordFile: string | undefined;
  /** `--early-input`: a file of 1 to 5120 bytes for the early exec of a daemon. */
  earlyInput: string | undefined;
  /** `--rsh-spawn`: the program after `-e` is started even if it is ssh. */
  rshSpawn: boolean;
  /** `--ssh-debug`: tell how the built-in ssh was set up and what it does. */
  sshDebug: boolean;
  /** `--ssh-match-exec`: `Match exec` of ssh_config may run its command; otherwise it is refused where it matters. */
  sshMatchExec: boolean;
  /** The highest protocol to offer: 29 to 32. */
  protocol: number;
  /** `--checksum-choice` as given (`md5`, `xxh64,md5`); undefined or `auto`: negotiated. */
  checksumChoice: string | undefined;
  /** `--compress-choice` as given; undefined or `auto`: negotiated. */
  compressChoice: string | undefined;
  compressLevel: number | undefined;
  /** `--checksum-seed`, 0: chosen by the server. */
  checksumSeed: number;
  /** `-B`: bytes, 0: chosen by file size. */
  blockSize: number;
  /** False after `--no-inc-recursive`. */
  incRecurse: boolean;
  /** `--out-format`, as given. */
  outFormat: string | undefined;
  /** `--list-only`, or no destination was named. */
  listOnly: boolean;
  /**
   * How often `-z` itself was given. It changes only how the server is told: a compression level without `-z` is sent
   * without the letter. Undefined: once, if `compress` is on.
   */
  compressCount?: number;
  /** `rsh` comes from RSYNC_RSH: daemons are not reached through it. */
  rshByDefault?: boolean;
  /** `--list-only` was given by name; a listing for want of a destination is not told to the server. */
  listOnlyGiven?: boolean;
  /** `-@` was given by name: then the server is told of 0 as well. */
  modifyWindowGiven?: boolean;
}
