/** The paths of a client in the directory that is served. */
import type { ByteString } from '../../core/bytes.ts';
import { EXIT, RsyncError } from '../../core/errors.ts';
import type { Places } from '../../files/places.ts';
import { Expansion, isPattern, unescapePattern } from '../expand.ts';
import type { ServerCommand } from '../server-command.ts';
import type { ShellWord } from './shell-words.ts';

/**
 * The paths of a command line, wildcards expanded as its shell would have: `~/` is the directory that is served, and
 * a pattern that matches nothing is a name.
 */
export function pathsOfWords(words: readonly ShellWord[], places: Places): ByteString[] {
  const expansion = new Expansion({ places, matchesDots: false });
  return words.flatMap(({ text, pattern, isHome }) => {
    const home = isHome && /^~(?:\/|$)/.test(text);
    const below = home ? pattern.slice(1).replace(/^\/+/, '') : pattern;
    return expandOne(expansion, below, home ? unescapePattern(below) : text);
  });
}

/** The paths of `--secluded-args`: nothing is quoted in them, `~` is a name, and rsync itself expands the wildcards. */
export function pathsOfText(texts: readonly ByteString[], places: Places): ByteString[] {
  const expansion = new Expansion({ places, matchesDots: true });
  return texts.flatMap((text) => expandOne(expansion, text, text));
}

function expandOne(expansion: Expansion, pattern: ByteString, text: ByteString): ByteString[] {
  const found = isPattern(pattern) ? expansion.expand(pattern) : [];
  return found.length > 0 ? found : [text === '' ? '.' : text];
}

/** @throws RsyncError RSYNC_USAGE, exit 1: a destination whose wildcards stand for several names */
export function checkDestination({ role }: ServerCommand, paths: readonly ByteString[]): void {
  if (role === 'sender' || paths.length <= 1) return;
  throw new RsyncError('RSYNC_USAGE', 'refused: the destination stands for more than one name', {
    exitCode: EXIT.SYNTAX,
    origin: 'remote',
    hint: 'Write the destination without wildcards.',
  });
}
