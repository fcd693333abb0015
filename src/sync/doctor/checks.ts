import type { Check } from './check.ts';
import { key, shell } from './checks/account.ts';
import { configuration } from './checks/configuration.ts';
import { excludeFile } from './checks/exclude-file.ts';
import { clock, names, symlinks, times } from './checks/files.ts';
import { git } from './checks/git.ts';
import { localRoot } from './checks/local-root.ts';
import { nameResolution, tcp } from './checks/network.ts';
import { path, writable } from './checks/path.ts';
import { rsync } from './checks/rsync.ts';
import { hostKey, login } from './checks/ssh.ts';

/** All checks, in the order in which they run: each one after what it stands on. */
export const CHECKS: readonly Check[] = [
  configuration,
  excludeFile,
  localRoot,
  git,
  nameResolution,
  tcp,
  hostKey,
  login,
  shell,
  rsync,
  key,
  path,
  writable,
  clock,
  names,
  times,
  symlinks,
];
