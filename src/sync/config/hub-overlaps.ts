import type { HubConfig } from './hub-config.ts';
import type { Spoke } from './hub-spoke.ts';
import { isWithin, realPath } from './paths.ts';
import type { Problems } from './problems.ts';

/** A path of the file, and where it leads. */
interface Place {
  spoke: Spoke;
  text: string;
  real: string;
}

/**
 * Two spokes in one folder, or one below the other, would take the files of the one for surplus of the other; what lies
 * below a spoke's folder is for that spoke to replace. Symlinks are followed: two names may be of one folder.
 */
export function checkOverlaps(
  { file, spokes, sessionsDir }: Pick<HubConfig, 'file' | 'spokes' | 'sessionsDir'>,
  platform: NodeJS.Platform,
  problems: Problems,
): void {
  const places: Place[] = [];
  const own = [
    { what: "the hub's own", path: sessionsDir.value, real: realPath(sessionsDir.value, platform) },
    { what: 'this file,', path: file, real: realPath(file, platform) },
  ];
  for (const spoke of spokes) {
    const { value: path, origin } = spoke.path;
    const real = realPath(path, platform);
    const text = real === path ? path : `${path} (which is ${real})`;
    for (const other of places) {
      if (!isWithin(real, other.real, platform) && !isWithin(other.real, real, platform)) continue;
      problems.add(
        origin,
        `path: ${text} of the spoke ${spoke.name} and ${other.text} of ${other.spoke.name} overlap`,
        'Give each spoke a folder of its own.',
      );
    }
    for (const { what, path: inner, real: innerReal } of own) {
      if (!isWithin(real, innerReal, platform)) continue;
      problems.add(
        origin,
        `path: ${text} of the spoke ${spoke.name} holds ${what} ${inner}`,
        'Give the spoke a folder of its own.',
      );
    }
    places.push({ spoke, text, real });
  }
}
