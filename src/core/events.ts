import type { ByteString } from './bytes.ts';

/** What both ends agreed on; told once, before everything else. */
export interface NegotiatedEvent {
  type: 'negotiated';
  protocol: number;
  checksum: string;
  compressor: string;
  incremental: boolean;
  /** The receiving side can set times of symlinks: `t` or `T` in what a sender prints. */
  setsSymlinkTimes: boolean;
}

/** What is known of one file-list entry, for whoever prints or records it. */
export interface EntryDetails {
  /** Path relative to the root of the transfer, no trailing slash. */
  name: ByteString;
  /** Unix mode with the type bits. */
  mode: number;
  /** Bytes. */
  size: number;
  /** Seconds since 1970, UTC; may be negative. */
  mtime: number;
  /** 0 to 999,999,999. */
  mtimeNsec: number;
  /** Undefined when owners are not in the list. */
  uid: number | undefined;
  /** Undefined when groups are not in the list. */
  gid: number | undefined;
  /** Symlinks: where to. */
  target: ByteString | undefined;
  /** With `-R` and `--files-from` on a sender: the directory that the name is relative to, as it was given, or ''. */
  given?: ByteString;
  /** The whole-file digest of the list (`-c`), in wire order. */
  checksum: Uint8Array | undefined;
}

/**
 * Something was decided or done about an entry: docs/protocol/3-transfer.md, 2 and 11.3.
 * A transfer (`iflags` & 0x8000) is told twice: at `start`, before its data, and at `end`. Everything else is told
 * once, at `start`.
 */
export interface ItemEvent {
  type: 'item';
  stage: 'start' | 'end';
  /** Item flags as on the wire, docs/protocol/3-transfer.md, 2.1. */
  iflags: number;
  entry: EntryDetails;
  /** Hard-link reports: the name it was linked to, or empty. */
  xname: ByteString | undefined;
  /** At the `end` of a transfer: bytes in the direction of the data (`%b`), in the other one (`%c`). */
  bytes?: { data: number; sums: number };
  /** At the `end` of a transfer: the digest of the new content, wire order (`%C`). */
  digest?: Uint8Array;
}

/** A surplus name was deleted at the destination (with `--dry-run`: would be). */
export interface DeletedEvent {
  type: 'deleted';
  name: ByteString;
  isDirectory: boolean;
  mode?: number;
}

/** A line for a person. `text` has no newline at its end; bytes of names are in it unescaped. */
export interface MessageEvent {
  type: 'message';
  /** `info` goes to standard output, `warning` and `error` to standard error. */
  level: 'info' | 'warning' | 'error';
  text: ByteString;
  /** True if the peer sent it. */
  remote: boolean;
}

/**
 * A line that a daemon says before a transfer: of its message of the day, or of its list of modules. Nothing in a line
 * tells which of the two it is.
 */
export interface DaemonTextEvent {
  type: 'daemon-text';
  text: ByteString;
}

/** What the remote command wrote to its standard error, as it came. */
export interface RemoteStderrEvent {
  type: 'stderr';
  bytes: Uint8Array;
}

/** The destination directory was made (`created directory NAME`). */
export interface CreatedDirectoryEvent {
  type: 'created-directory';
  /** As the user wrote it, without a slash at its end. */
  path: ByteString;
  /** With --mkpath: how many directories on the way to it were made, it included. */
  count?: number;
}

/** Bytes of one file are moving. At most one event per 64 KiB or so; the listener decides how often to show. */
export interface ProgressEvent {
  type: 'progress';
  name: ByteString;
  /** Bytes of this file done, of `size`. */
  done: number;
  size: number;
  /** True once per file: it is complete. */
  last: boolean;
  /** Transfers finished so far, this one included if `last`. */
  transfers: number;
  /** Entries known so far, and those not yet looked at: `to-chk=left/known`. */
  left: number;
  known: number;
  /** More lists may come (`ir-chk`). */
  growing: boolean;
}

/** The file list: starts to be sent or received; one line of progress; complete. */
export interface FileListEvent {
  type: 'flist';
  stage: 'start' | 'end';
  direction: 'send' | 'receive';
  incremental: boolean;
  count: number;
}

/** An entry of a listing (`--list-only`). */
export interface ListedEvent {
  type: 'listed';
  entry: EntryDetails;
}

export interface KindCounts {
  total: number;
  regular: number;
  directories: number;
  symlinks: number;
  devices: number;
  specials: number;
}

/** The figures of a run: docs/protocol/3-transfer.md, 11.2. Sizes and counts in bytes unless said otherwise. */
export interface TransferStats {
  files: KindCounts;
  created: KindCounts;
  deleted: KindCounts;
  transferredFiles: number;
  totalSize: number;
  transferredSize: number;
  literalData: number;
  matchedData: number;
  fileListSize: number;
  /** Milliseconds. */
  fileListBuildTime: number;
  /** Milliseconds. */
  fileListTransferTime: number;
  /** Bytes on the wire, from this end's view. */
  bytesSent: number;
  bytesReceived: number;
  /** Milliseconds since the start of the session. */
  elapsed: number;
}

export type TransferEvent =
  | NegotiatedEvent
  | ItemEvent
  | DeletedEvent
  | MessageEvent
  | ProgressEvent
  | FileListEvent
  | RemoteStderrEvent
  | DaemonTextEvent
  | CreatedDirectoryEvent
  | ListedEvent;

export type EventSink = (event: TransferEvent) => void;

/** What rsync prints for it. */
export function createdDirectoryText({ path, count }: CreatedDirectoryEvent): ByteString {
  if (count === undefined) return `created directory ${path}`;
  return `created ${count} ${count === 1 ? 'directory' : 'directories'} for ${path}`;
}
