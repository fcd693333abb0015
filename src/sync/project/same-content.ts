import type { ByteString } from '../../core/bytes.ts';
import { EXIT } from '../../core/errors.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import { Remote, type RemoteSettings } from '../remote/remote.ts';
import { asLocal, type Sides } from './inspect.ts';
import { anchoredPattern } from './plan-rules.ts';
import type { Profile } from './profile.ts';
import type { Comparison } from './three-way.ts';
import { parentOf } from './tree.ts';

/** Digests of files, and by which algorithm. */
interface Digests {
  byPath: Map<ByteString, string>;
  checksum: string;
  protocol: number;
}

/**
 * Two versions of a file that differ in their time alone are no conflict: both sides are asked for digests of what would
 * be one, as with --checksum.
 * @returns the sides, with the time of the server for every local file that has the same content
 * @throws RsyncError as a transfer
 */
export async function withSameContent(
  comparison: Comparison,
  sides: Sides,
  {
    profile,
    remote,
    connect,
  }: { profile: Profile; remote: Remote; connect: Omit<RemoteSettings, 'location' | 'words'> },
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
    rules: onlyThese(paths),
    onEvent: (event) => {
      if (event.type !== 'listed' || event.entry.checksum === undefined) return;
      byPath.set(event.entry.name, Buffer.from(event.entry.checksum).toString('hex'));
    },
  });
  // A file that cannot be read has no digest, or one of nothing.
  if (result.exitCode !== EXIT.OK) byPath.clear();
  return { byPath, checksum: result.checksum, protocol: result.protocol };
}

/** Rules that let these paths through, with the directories above them. */
function onlyThese(paths: readonly ByteString[]): FilterArgument[] {
  const wanted = new Set<ByteString>();
  for (const path of paths) {
    for (let at = path; at !== '' && !wanted.has(at); at = parentOf(at)) wanted.add(at);
  }
  const rules = [...wanted].map((path): FilterArgument => ({ kind: 'include', text: anchoredPattern(path) }));
  return [...rules, { kind: 'exclude', text: '*' }];
}
