import type { ByteString } from './bytes.ts';

/** Where munged symlinks seem to lead: a directory that does not exist. */
export const MUNGED_DIRECTORY = '/rsyncd-munged';

/** What `--munge-links` puts in front of the target of a symlink. */
export const MUNGE_PREFIX = `${MUNGED_DIRECTORY}/`;

/** The target that a munged symlink had; one with nothing behind the prefix is no munged one. */
export function unmunge(target: ByteString): ByteString {
  const isMunged = target.startsWith(MUNGE_PREFIX) && target.length > MUNGE_PREFIX.length;
  return isMunged ? target.slice(MUNGE_PREFIX.length) : target;
}
