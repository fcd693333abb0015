/** What no synchronisation ever touches, whatever the configuration says: patterns of --exclude. */
export const BUILT_IN_EXCLUDES: readonly string[] = [
  // The lock on the remote.
  '/.rsyncjs-lock*',
  // What `setup` tries out there, if it was cut short.
  '/.rsyncjs-check-*',
  // A folder, or in a worktree and a submodule a file: each machine has its own.
  '.git',
];
