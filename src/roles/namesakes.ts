import type { ByteString } from '../core/bytes.ts';
import { compareNames } from '../core/file-list.ts';
import { splitPath } from '../files/places.ts';
import type { Root } from '../files/root.ts';
import { scanDirectory } from '../files/scan.ts';
import type { Stat } from '../files/stat.ts';
import { BASIS } from '../protocol/item.ts';
import type { Alternates } from './alternates.ts';
import { FARTHEST, nameDistance, nameSuffix } from './name-distance.ts';
import type { ModulePolicy } from './policy.ts';
import type { Basis } from './receiving-side.ts';

interface Candidate {
  name: ByteString;
  stat: Stat;
}

/** Files of a directory that may be an older form of a new one. */
interface Listing {
  root: Root;
  type: number;
  candidates: Candidate[];
}

/**
 * `--fuzzy`: looks for a file to start from where there is none of the same name, docs/protocol/3-transfer.md, 3.6. One
 * directory is remembered: entries come directory by directory.
 */
export class Namesakes {
  private readonly root: Root;
  private readonly alternates: Alternates | undefined;
  private readonly policy: ModulePolicy | undefined;
  private directory: ByteString | undefined;
  private listings: Listing[] = [];
  /** Names of the directory that are being replaced themselves. */
  private readonly used = new Set<ByteString>();

  /** @param alternates  where to look as well (`-yy`) */
  constructor(root: Root, alternates: Alternates | undefined, policy: ModulePolicy | undefined) {
    this.root = root;
    this.policy = policy;
    this.alternates = alternates;
  }

  /** The data of this name has been asked for: what is there now will not be there for long. */
  use(name: ByteString): void {
    const { directory, base } = splitPath(name);
    this.enter(directory);
    this.used.add(base);
  }

  /** @param wanted  size and time of the entry */
  find(name: ByteString, wanted: { size: number; mtime: number }): Basis | undefined {
    const { directory, base } = splitPath(name);
    this.enter(directory);
    const found = this.sameLooks(wanted) ?? this.nearest(base);
    if (found === undefined) return undefined;
    const { listing, candidate } = found;
    const path = directory === '.' ? candidate.name : `${directory}/${candidate.name}`;
    return { root: listing.root, name: path, type: listing.type, xname: candidate.name };
  }

  private enter(directory: ByteString): void {
    if (directory === this.directory) return;
    this.directory = directory;
    this.used.clear();
    this.listings = [{ root: this.root, type: BASIS.FUZZY, candidates: this.list(this.root, directory) }];
    for (const [index, root] of this.alternates?.roots.entries() ?? []) {
      if (root === undefined) continue;
      this.listings.push({ root, type: BASIS.FUZZY + 1 + index, candidates: this.list(root, directory) });
    }
  }

  private *all(): Generator<{ listing: Listing; candidate: Candidate }> {
    for (const listing of this.listings) {
      for (const candidate of listing.candidates) {
        if (listing.root === this.root && this.used.has(candidate.name)) continue;
        yield { listing, candidate };
      }
    }
  }

  private sameLooks({ size, mtime }: { size: number; mtime: number }) {
    for (const found of this.all()) {
      const { stat } = found.candidate;
      if (stat.size === size && stat.mtime === mtime) return found;
    }
    return undefined;
  }

  /** Regular files with something in them, in the order of a list. */
  private list(root: Root, directory: ByteString): Candidate[] {
    const { names, stats } = scanDirectory(root, directory);
    const prefix = directory === '.' ? '' : `${directory}/`;
    const found: Candidate[] = [];
    for (const [k, name] of names.entries()) {
      const stat = stats[k]!;
      if (!stat.isRegular || stat.size === 0) continue;
      if (this.policy?.hides(root.display(prefix + name), false) === true) continue;
      found.push({ name, stat });
    }
    return found.sort((a, b) => compareNames(a.name, false, b.name, false));
  }

  private nearest(base: ByteString) {
    const target = { name: base, suffix: nameSuffix(base) };
    let least = FARTHEST;
    let best: { listing: Listing; candidate: Candidate } | undefined;
    for (const found of this.all()) {
      const distance = nameDistance(target, found.candidate.name, least);
      if (distance > least) continue;
      least = distance;
      best = found;
    }
    return best;
  }
}
