/** `rsyncjs log`: the history of a project, newest first. */
import { type ByteString, fromText } from '../../core/bytes.ts';
import { EXIT } from '../../core/errors.ts';
import type { ProjectArguments } from '../../sync/config/project-config.ts';
import { identityOf } from '../../sync/project/inspect.ts';
import { type HistoryRecord, readHistory } from '../../sync/state/history.ts';
import { profileFiles } from '../../sync/state/state-file.ts';
import { type Look, pad, paragraph, widthOf } from './columns.ts';
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
  if (json) for (const record of shown) screen.json(record);
  else for (const line of recordLines(shown, names, screen.look)) screen.sayBytes([line]);
  return EXIT.OK;
}

/** A line a run, in columns; what does not fit is indented below. */
function recordLines(
  records: readonly HistoryRecord[],
  names: boolean,
  { utf8, columns }: Look,
): ByteString[] {
  const rows = records.map((record) => {
    const { at, who, profile, direction, result, duration } = record;
    const when = at.replace('T', ' ').replace(/(?:\.\d+)?Z$/, 'Z');
    const what = { done: doneText(record), took: durationText(duration), who };
    return { when, profile: names ? [profile] : [], direction, result, ...what };
  });
  const width = (of: (row: (typeof rows)[number]) => string): number =>
    Math.max(...rows.map((row) => widthOf(of(row))));
  const [done, took, profile] = [
    width((row) => row.done),
    width((row) => row.took),
    width((row) => row.profile[0] ?? ''),
  ];
  return rows.flatMap((row) => {
    const cells = [
      row.when,
      ...row.profile.map((name) => pad(name, profile, utf8)),
      row.direction,
      row.result.padEnd('stopped'.length),
      row.done.padEnd(done),
      row.took.padStart(took),
      row.who,
    ];
    return paragraph('', cells.join('  '), columns, ' '.repeat(row.when.length + 2)).map(fromText);
  });
}

function doneText({ counts, result, exitCode, error }: HistoryRecord): string {
  const parts = [
    ...(counts === undefined ? [] : [`${counts.transferred} transferred, ${counts.deleted} deleted`]),
    ...(result === 'stopped' ? ['a decision was needed'] : []),
    ...(exitCode === EXIT.OK || result === 'stopped'
      ? []
      : [`exit ${exitCode}${error === undefined ? '' : ` ${error}`}`]),
  ];
  return parts.join(', ');
}
