import type { ByteString } from '../../core/bytes.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import type { ConflictPolicy } from './conflict-policy.ts';
import type { GuardLimits } from './guards.ts';

/** A project on this machine and its folder on the server, as runs need it. */
export interface Profile {
  name: string;
  /** Absolute, in the form of the platform. */
  root: string;
  /** `[USER@]HOST:PATH`, a path of a daemon, or a folder of this machine; never with a password. */
  location: string;
  /** How to connect: option words. */
  connection: readonly string[];
  /** Options of every transfer, after `PROFILE_WORDS`; checked. */
  words: readonly string[];
  /** What stays out, in order: of the program, of the configuration, of its files. */
  rules: readonly FilterArgument[];
  /** Files in the tree that rules are read from. */
  filterFiles: readonly ByteString[];
  conflict: ConflictPolicy;
  limits: GuardLimits;
  /** Only what Git ignores. */
  onlyIgnored: boolean;
  /** Versions that lose are kept in a dated folder of the side that loses them. */
  backup: boolean;
}

/**
 * What a project carries: files, folders and links with their times and modes. Owners and groups differ from machine to
 * machine, and devices have no place in a project.
 */
export const PROFILE_WORDS: readonly string[] = [
  '--recursive',
  '--links',
  '--perms',
  '--times',
  '--compress',
];

/** Holds the versions that lost, in the root of the side that lost them. */
export const BACKUP_FOLDER = '.rsyncjs-backup';

/** Holds what is being received, in the local root. */
export const TEMP_FOLDER = '.rsyncjs-tmp';
