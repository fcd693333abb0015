import { createHash } from 'node:crypto';
import { usageError } from '../../core/errors.ts';

/** One of several hubs that share the spokes among them: `--shard 2/5`. */
export interface Shard {
  /** 1 to `count`. */
  index: number;
  count: number;
}

const MOST = 1000;

/** @throws RsyncError RSYNC_USAGE, exit 1 */
export function parseShard(text: string): Shard {
  const [, index, count] = (/^(\d{1,4})\/(\d{1,4})$/.exec(text.trim()) ?? []).map(Number);
  if (index === undefined || count === undefined || count < 1 || count > MOST) {
    throw usageError(
      `--shard ${text}: expected I/N, such as 2/5`,
      `N is the number of hubs, ${MOST} at most, and I says which of them this one is.`,
    );
  }
  if (index < 1 || index > count) {
    throw usageError(
      `--shard ${text}: of ${count} hubs the first is 1 and the last ${count}`,
      index === 0 ? 'Where numbers begin with 0, as those of an indexed job do, add 1.' : undefined,
    );
  }
  return { index, count };
}

/**
 * Which of `count` hubs a spoke belongs to, 1 to `count`, by its name alone: each hub makes a weight of the name and its own
 * number (the first eight bytes of the SHA-256 of `NAME NUL NUMBER`), and the heaviest has it. The order of the
 * spokes and which others there are do not matter; with a hub more, only spokes that become its own move (about one of
 * `count`). Hubs of different versions must agree: this never changes.
 */
export function shardOf(name: string, count: number): number {
  let best = 1;
  let heaviest = -1n;
  for (let index = 1; index <= count; index++) {
    const weight = createHash('sha256').update(`${name}\0${index}`, 'utf8').digest().readBigUInt64BE();
    if (weight > heaviest) {
      heaviest = weight;
      best = index;
    }
  }
  return best;
}

export function isInShard(name: string, { index, count }: Shard): boolean {
  return shardOf(name, count) === index;
}
