/** `rsyncjs log`: the history of a project, newest first. */
import { EXIT } from '../../core/errors.ts';
import type { ProjectArguments } from '../../sync/config/project-config.ts';
import { identityOf } from '../../sync/project/inspect.ts';
import { type HistoryRecord, readHistory } from '../../sync/state/history.ts';
import { profileFiles } from '../../sync/state/state-file.ts';
import { openProfiles } from './project.ts';
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
  if (records.length === 0 && !json) screen.say('never synced');
  for (const record of records.slice(0, limit)) {
    if (json) screen.json(record);
    else screen.say(recordLine(record));
  }
  return EXIT.OK;
}

function recordLine({
  at,
  who,
  profile,
  direction,
  dry,
  counts,
  result,
  exitCode,
  duration,
  error,
}: HistoryRecord): string {
  const done =
    counts === undefined
      ? ''
      : `  ${counts.transferred} transferred, ${counts.deleted} deleted of ${counts.total}`;
  const why = exitCode === EXIT.OK ? '' : `  exit ${exitCode}${error === undefined ? '' : ` ${error}`}`;
  const when = at.replace(/\.\d+Z$/, 'Z');
  return `${when}  ${who}  ${profile}  ${direction}${dry ? ' (dry run)' : ''}  ${result}${done}${why}  ${duration} ms`;
}
