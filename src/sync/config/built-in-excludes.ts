/** What no synchronisation ever touches, whatever the configuration says: patterns of --exclude. */
export const BUILT_IN_EXCLUDES: readonly string[] = [
  // The lock on the remote, and the one by which a dead owner's lock is broken.
  '/.rsyncjs-lock',
  '/.rsyncjs-lock.break',
  // What `setup` tries out there, if it was cut short.
  '/.rsyncjs-check-*',
  // A folder, or in a worktree and a submodule a file: each machine has its own.
  '.git',
];
