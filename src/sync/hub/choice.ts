import { usageError } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';
import type { HubConfig } from '../config/hub-config.ts';
import type { Spoke } from '../config/hub-spoke.ts';
import { isInShard, type Shard } from './shard.ts';

/** Which spokes a command is about. */
export interface SpokeChoice {
  /** By name, disabled ones too; empty: all that are enabled. */
  spokes: readonly string[];
  /** One of them is enough; empty: whatever tags a spoke has. */
  tags: readonly string[];
  shard?: Shard | undefined;
}

export interface ChosenSpokes {
  chosen: Spoke[];
  /** Those that were asked for, and why they are not run. */
  skipped: { spoke: Spoke; why: string }[];
}

/** @throws RsyncError RSYNC_USAGE, exit 1: a name or a tag that no spoke has: nothing would ever come of it */
export function checkChoice(
  { spokes }: HubConfig,
  { spokes: names, tags }: Pick<SpokeChoice, 'spokes' | 'tags'>,
): void {
  const known = spokes.map(({ name }) => name);
  const knownTags = [...new Set(spokes.flatMap(({ tags: own }) => own.value))];
  for (const name of names) checkOne(name, known, 'there is no spoke', 'Spokes');
  for (const tag of tags) checkOne(tag, knownTags, 'no spoke has the tag', 'Tags');
}

function checkOne(given: string, known: readonly string[], fault: string, what: string): void {
  if (known.includes(given)) return;
  const near = nearestName(given, known);
  throw usageError(
    `${fault} ${JSON.stringify(given)}`,
    `${near === undefined ? '' : `Did you mean "${near}"? `}${what}: ${known.join(', ') || 'none'}.`,
  );
}

/** @throws RsyncError RSYNC_USAGE, exit 1: a name or a tag that no spoke has */
export function chooseSpokes(config: HubConfig, choice: SpokeChoice): ChosenSpokes {
  checkChoice(config, choice);
  const { spokes: names, tags, shard } = choice;
  const { spokes } = config;
  const chosen: Spoke[] = [];
  const skipped: ChosenSpokes['skipped'] = [];
  for (const spoke of spokes) {
    if (names.length > 0 && !names.includes(spoke.name)) continue;
    if (tags.length > 0 && !spoke.tags.value.some((tag) => tags.includes(tag))) continue;
    if (shard !== undefined && !isInShard(spoke.name, shard)) continue;
    if (spoke.method !== 'rsync') skipped.push({ spoke, why: `its files come by ${spoke.method}` });
    else if (!spoke.enabled.value && names.length === 0) skipped.push({ spoke, why: 'disabled' });
    else chosen.push(spoke);
  }
  return { chosen, skipped };
}
