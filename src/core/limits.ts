/**
 * Every bound on what a peer may make us hold or do, with its reason. Going over one is a typed error, never a
 * truncation. Codes are those that rsync ends with at the same place (docs/protocol, the check tables).
 */
export const LIMITS = {
  /** A name on the wire, docs/protocol/2-file-list.md, 2.5: rsync's MAXPATHLEN less its NUL. */
  NAME_LENGTH: 4095,
  /** Text of one message frame, docs/protocol/1-session.md, 1.7: a longer one is fatal in every release. */
  MESSAGE_LENGTH: 5119,
  /** Names offered in one negotiation list, 1.5. */
  NEGOTIATION_LIST_LENGTH: 255,
  /** xname of an item, docs/protocol/3-transfer.md, 2.4. */
  XNAME_LENGTH: 4095,
  /**
   * Bytes of block sums held for one file, docs/protocol/3-transfer.md, 5.5: C's allocation limit. Storage grows
   * with the bytes that really come, so a forged count alone costs nothing.
   */
  BLOCK_SUM_BYTES: 2 ** 30,
  /** Block length from protocol 30 on; 29 allows more. */
  BLOCK_LENGTH: 131072,
  BLOCK_LENGTH_29: 2 ** 29,
  /** Each count of the deletion statistics, docs/protocol/1-session.md, 1.9. */
  DELETED_COUNT: 2 ** 28,
  /** Entries of all file lists together that a receiving side will hold: about 100 bytes each. */
  FILE_LIST_ENTRIES: 50_000_000,
  /** Names of users, and of groups, of one session: far more than any system has accounts. */
  ACCOUNT_NAMES: 2 ** 20,
  /** Words that a client may send as arguments of a server, and their bytes: what a command line of Linux may hold. */
  ARGUMENTS: 16_000,
  ARGUMENT_BYTES: 2 ** 21,
  /** Names in directories that the wildcards of one request may be held against: a second of work. */
  EXPANSION_NAMES: 1_000_000,
  /** A line of a daemon, docs/protocol/1-session.md, 1.10, as C's clients take it. */
  DAEMON_SERVER_LINE: 5119,
  /** Bytes of a daemon's text ahead of a transfer: a message of the day, or a list of modules. */
  DAEMON_TEXT: 1 << 20,
  /** A line of a client to a daemon, 1.10; its answer to a challenge may be as long as a daemon's lines. */
  DAEMON_CLIENT_LINE: 1023,
  /** `--early-input`, 1.10. */
  EARLY_INPUT: 5120,
  /** Names of a `--files-from` list that the peer sends, all together: some ten million of them. */
  FILES_FROM_BYTES: 256 * 2 ** 20,
  /** Bytes of rules read for one directory, from its own files and those that they include; and how many those are. */
  RULE_BYTES: 1 << 20,
  RULE_FILES: 1000,
  /** Bytes of rules in force in one directory, with what it inherits: some 100 bytes are held for each of a rule. */
  RULE_BYTES_IN_FORCE: 8 << 20,
  /** Bytes that may wait for the reading role before the connection is told to stop sending. */
  INPUT_HIGH_WATER: 1 << 20,
  /** Bytes that may wait for the connection before a writing role has to wait. */
  OUTPUT_HIGH_WATER: 1 << 20,
} as const;
