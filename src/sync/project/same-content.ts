import type { ByteString } from '../../core/bytes.ts';
import { EXIT } from '../../core/errors.ts';
import { Remote, type RemoteSettings } from '../remote/remote.ts';
import { asLocal, compareSides, type Sides } from './inspect.ts';
import { onlyPaths } from './plan-rules.ts';
import type { Profile } from './profile.ts';
import type { Comparison } from './three-way.ts';
import type { Tree } from './tree.ts';

/** Digests of files, and by which algorithm. */
interface Digests {
  byPath: Map<ByteString, string>;
  checksum: string;
  protocol: number;
}

/** Where files are asked about. */
export interface ContentPlaces {
  profile: Profile;
  remote: Remote;
  connect: Omit<RemoteSettings, 'location' | 'words'>;
}

/**
 * Compares both sides as `compareSides`, but two versions of a file that differ in their time alone are no conflict: both
 * sides are asked for digests of what would be one, as with --checksum.
 * @returns the sides too, with the time of the server for every local file that has the same content
 * @throws RsyncError as a transfer
 */
export async function compareContents(
  base: Tree | undefined,
  sides: Sides,
  places: ContentPlaces,
): Promise<{ sides: Sides; comparison: Comparison }> {
  const { profile } = places;
  const comparison = compareSides(base, sides, profile);
  const settled = await withSameContent(comparison, sides, places);
  if (settled === sides) return { sides, comparison };
  return { sides: settled, comparison: compareSides(base, settled, profile) };
}

/** The same sides if nothing was to be settled. */
async function withSameContent(
  comparison: Comparison,
  sides: Sides,
  { profile, remote, connect }: ContentPlaces,
): Promise<Sides> {
  const candidates = comparison.paths
    .filter(
      ({ conflict, localEntry, remoteEntry }) =>
        conflict !== undefined &&
        localEntry?.kind === 'file' &&
        remoteEntry?.kind === 'file' &&
        localEntry.size === remoteEntry.size,
    )
    .map(({ path }) => path);
  if (candidates.length === 0) return sides;
  const there = await digestsOf(remote, candidates, []);
  const folder = new Remote({ ...connect, location: asLocal(profile.root), words: [] });
  // By the same algorithm: that of an older protocol is given by it.
  const words = [`--protocol=${there.protocol}`];
  if (there.protocol >= 30) words.push(`--checksum-choice=${there.checksum}`);
  const here = await digestsOf(folder, candidates, words);
  if (here.checksum !== there.checksum) return sides;
  const tree = new Map(sides.local.tree);
  for (const path of candidates) {
    const digest = here.byPath.get(path);
    const [own, other] = [tree.get(path), sides.remote.tree.get(path)];
    if (digest === undefined || digest !== there.byPath.get(path) || !own || !other) continue;
    tree.set(path, { ...own, mtime: other.mtime, mtimeNsec: other.mtimeNsec });
  }
  return { ...sides, local: { ...sides.local, tree } };
}

async function digestsOf(
  folder: Remote,
  paths: readonly ByteString[],
  words: readonly string[],
): Promise<Digests> {
  const byPath = new Map<ByteString, string>();
  const result = await folder.list({
    words: ['--recursive', '--links', '--times', '--checksum', ...words],
    rules: onlyPaths(paths),
    onEvent: (event) => {
      if (event.type !== 'listed') return;
      const { name, checksum } = event.entry;
      if (checksum !== undefined && checksum.length > 0)
        byPath.set(name, Buffer.from(checksum).toString('hex'));
    },
  });
  // A file that cannot be read has no digest, or one of nothing.
  if (result.exitCode !== EXIT.OK) byPath.clear();
  return { byPath, checksum: result.checksum, protocol: result.protocol };
}
