/** `%f` on a sender: the path as it was given, and what is below it (docs/protocol/3-transfer.md, 11.6). */
import type { ByteString } from '../core/bytes.ts';

interface Source {
  /** What comes before the names of its entries: empty, or ends in a slash. */
  prefix: ByteString;
  /** First component of its entries; undefined if its content is sent. */
  base: ByteString | undefined;
}

/** Makes the function from an entry's name to its long name, without a slash at the front. */
export function longNames(sources: readonly ByteString[]): (name: ByteString) => ByteString {
  const known = sources.map(parseSource);
  if (known.every(({ prefix }) => prefix === '')) return (name) => name;
  const content = known.find(({ base }) => base === undefined);
  return (name) => {
    const slash = name.indexOf('/');
    const first = slash < 0 ? name : name.slice(0, slash);
    // An entry does not say which source it is from: two that hold the same name are taken for the first.
    const source = known.find(({ base }) => base === first) ?? content;
    return (source?.prefix ?? '') + name;
  };
}

function parseSource(path: ByteString): Source {
  const clean = path.replace(/^(?:\.\/+)+(?=.)/, '').replace(/\/{2,}/g, '/');
  const directory = clean.replace(/(?:\/\.?)+$/, '');
  const last = directory.slice(directory.lastIndexOf('/') + 1);
  if (directory !== clean || last === '.' || last === '..' || last === '') {
    return { prefix: withSlash(directory === '.' ? '' : directory), base: undefined };
  }
  return { prefix: withSlash(directory.slice(0, directory.length - last.length)), base: last };
}

/** A directory as what comes before names: relative to the root, empty or with a slash at its end. */
export function withSlash(directory: ByteString): ByteString {
  const relative = directory.replace(/^\/+/, '');
  return relative === '' || relative.endsWith('/') ? relative : `${relative}/`;
}

/** The same where each entry tells its directory, as with `-R`. */
export function givenName(directory: ByteString, name: ByteString): ByteString {
  return (directory + name).replace(/^\/+/, '');
}
