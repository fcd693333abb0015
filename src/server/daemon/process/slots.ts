/** `max connections` and `lock file`: docs/protocol/4-filters-and-options.md, G.2 and G.7. */
import { closeSync, openSync } from 'node:fs';
import type { ByteString } from '../../../core/bytes.ts';
import { errnoText } from '../../../files/errors.ts';
import { nativePath } from '../../../files/platform/index.ts';

/** A place that a connection holds: modules with the same lock file share their places. */
export interface Slot {
  lockFile: ByteString;
  place: number;
}

export type Claim = Slot | 'full' | { fault: string };

/** Who counts. */
export interface SlotKeeper {
  /** The lowest free place below `most`; it stays taken until it is released. */
  claim(lockFile: ByteString, most: number): Claim;
  release(slot: Slot): void;
}

/** Counted in the one process that starts all connections, so that a worker that is killed cannot keep its place. */
export class Slots implements SlotKeeper {
  private readonly taken = new Map<ByteString, Set<number>>();

  claim(lockFile: ByteString, most: number): Claim {
    if (most < 0) return 'full';
    const fault = touch(lockFile);
    if (fault !== undefined) return { fault };
    const taken = this.taken.get(lockFile) ?? new Set();
    this.taken.set(lockFile, taken);
    for (let place = 0; place < most; place++) {
      if (taken.has(place)) continue;
      taken.add(place);
      return { lockFile, place };
    }
    return 'full';
  }

  release({ lockFile, place }: Slot): void {
    const taken = this.taken.get(lockFile);
    taken?.delete(place);
    if (taken?.size === 0) this.taken.delete(lockFile);
  }
}

/** The file is made as C makes it, so that a mistaken name is found out here as well. */
function touch(path: ByteString): string | undefined {
  try {
    closeSync(openSync(nativePath(path), 'a', 0o600));
    return undefined;
  } catch (error) {
    return errnoText(error);
  }
}
