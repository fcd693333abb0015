/** `rsyncjs log`: the history of a project, newest first. */
import { EXIT } from '../../core/errors.ts';
import type { ProjectArguments } from '../../sync/config/project-config.ts';
import { identityOf } from '../../sync/project/inspect.ts';
import { type HistoryRecord, readHistory } from '../../sync/state/history.ts';
import { profileFiles } from '../../sync/state/state-file.ts';
import { openProfiles } from './project.ts';
import { durationText } from './quantities.ts';
import type { Screen } from './terminal.ts';

/** @returns the exit code */
export async function runLogCommand(
  { settings, limit, json }: { settings: ProjectArguments; limit: number; json: boolean },
  screen: Screen,
): Promise<number> {
  const records: HistoryRecord[] = [];
  for (const { profile, stateFolder } of await openProfiles(screen, settings)) {
    records.push(...readHistory(profileFiles(stateFolder, identityOf(profile)).history, limit));
  }
  records.sort((a, b) => (a.at < b.at ? 1 : -1));
  const shown = records.slice(0, limit);
  if (shown.length === 0 && !json) screen.say('never synced');
  // Of one profile nobody needs its name in each line.
  const names = new Set(shown.map(({ profile }) => profile)).size > 1;
  for (const record of shown) {
    if (json) screen.json(record);
    else screen.say(recordLine(record, names));
  }
  return EXIT.OK;
}

function recordLine(record: HistoryRecord, names: boolean): string {
  const { at, who, profile, direction, counts, result, exitCode, duration, error } = record;
  const when = at.replace('T', ' ').replace(/(?:\.\d+)?Z$/, 'Z');
  const done =
    counts === undefined ? undefined : `${counts.transferred} transferred, ${counts.deleted} deleted`;
  const why = exitCode === EXIT.OK ? undefined : `exit ${exitCode}${error === undefined ? '' : ` ${error}`}`;
  return [
    when,
    ...(names ? [profile] : []),
    direction,
    result.padEnd('stopped'.length),
    ...[done, why].filter((part) => part !== undefined),
    who,
    durationText(duration),
  ].join('  ');
}
