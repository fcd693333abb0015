import type { ServerHostKeyAlgorithm } from 'ssh2';
import { usageError } from '../../core/errors.ts';
import { matchPatternList } from './config/wildcard.ts';

/** In order of preference. `ssh-rsa` (SHA-1 signatures) only if asked for by name. */
const DEFAULT: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];
const ALL: readonly ServerHostKeyAlgorithm[] = [...DEFAULT, 'ssh-rsa'];

/**
 * What to ask the server for: types on file for it first. Otherwise a server that is known by its ed25519 key alone
 * could answer with an ecdsa key, and look unknown. `wanted` is HostKeyAlgorithms of ssh_config(5): a list,
 * or with `+`, `^` or `-` in front one to be added at the end, put at the start, or taken away.
 *
 * @throws RsyncError RSYNC_USAGE (exit 1) if nothing usable is left.
 */
export function hostKeyAlgorithms(knownTypes: readonly string[], wanted?: string): ServerHostKeyAlgorithm[] {
  const known = DEFAULT.filter((name) => knownTypes.includes(name.startsWith('rsa-') ? 'ssh-rsa' : name));
  const preferred = [...known, ...DEFAULT.filter((name) => !known.includes(name))];
  if (wanted === undefined) return preferred;

  const mode = /^[+^-]/.test(wanted) ? wanted[0] : '';
  const patterns = wanted.slice(mode === '' ? 0 : 1).split(',');
  const named = patterns.flatMap((pattern) => ALL.filter((name) => matchPatternList([pattern], name)));
  const unique = [...new Set(named)];
  const without = preferred.filter((name) => !unique.includes(name));
  const added = unique.filter((name) => !preferred.includes(name));
  const result =
    mode === '+'
      ? [...preferred, ...added]
      : mode === '^'
        ? [...unique, ...without]
        : mode === '-'
          ? without
          : unique;
  if (result.length === 0)
    throw usageError(`HostKeyAlgorithms ${wanted} leaves no algorithm that this client has`);
  return result;
}
