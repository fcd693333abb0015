/** `rsyncjs watch`: a line for each sync, until somebody ends it. */
import { statSync } from 'node:fs';
import { EXIT, isRsyncError, RsyncError } from '../../core/errors.ts';
import type { ProjectArguments } from '../../sync/config/project-config.ts';
import { filterHash } from '../../sync/project/filter-hash.ts';
import { usualFolding } from '../../sync/project/folding.ts';
import { type RunResult, runProject } from '../../sync/project/run.ts';
import { projectStatus } from '../../sync/project/status.ts';
import { type WatchEvent, watchProject } from '../../sync/project/watch.ts';
import { isRetryable } from '../../sync/remote/retry.ts';
import { blockedLines } from './plan-text.ts';
import { excludesOf, openProfile } from './project.ts';
import type { Screen } from './terminal.ts';

export interface WatchArguments {
  settings: ProjectArguments;
  /** Milliseconds; undefined: what holds by default. */
  settle: number | undefined;
  pullEvery: number | undefined;
}

/** @returns the exit code: 0 for a watch that was ended by a person */
export async function runWatchCommand(given: WatchArguments, screen: Screen): Promise<number> {
  const { profile, connect, stateFolder, who, ignored } = await openProfile(screen, given.settings);
  const { now, signal = new AbortController().signal } = screen.around;
  const folding = usualFolding(screen.around.platform);
  await watchProject({
    root: profile.root,
    excludedBy: () => excludesOf(profile),
    rulesVersion: () => {
      checkRoot(profile.root);
      return filterHash(profile);
    },
    run: (direction) => runProject({ profile, direction, connect, stateFolder, who, now, ignored, folding }),
    hasChanged: async () => {
      const input = { profile, connect, stateFolder, who, now, ignored, staleAfter: 0, remote: false };
      return (await projectStatus(input)).changes.length > 0;
    },
    isRetryable,
    onEvent: teller(profile.root, screen),
    signal,
    ...(given.settle === undefined ? {} : { settle: given.settle }),
    ...(given.pullEvery === undefined ? {} : { pullEvery: given.pullEvery }),
  }).catch((error: unknown) => {
    // The run that a person's Ctrl-C has ended is no failure of the watch.
    if (!(signal.aborted && isRsyncError(error) && error.code === 'RSYNC_ABORTED')) throw error;
  });
  // Over the ^C that the terminal shows.
  if (signal.aborted) screen.say(`${screen.around.isTerminal ? '\r' : ''}${timeText(now())} ended`);
  return EXIT.OK;
}

/** A project that was moved or deleted has nothing to be watched, and its emptiness is nobody's wish. */
function checkRoot(root: string): void {
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new RsyncError('RSYNC_FILE_IO', `the folder of the project, ${root}, is not there`, {
    exitCode: EXIT.FILEIO,
    origin: 'local',
    path: root,
    hint: 'The server was left as it is. Start it anew where the project is now.',
  });
}

/** A line for each event; of runs that found nothing to do only the first one, and the first one after a trouble. */
function teller(root: string, screen: Screen): (event: WatchEvent) => void {
  let isQuiet = false;
  return (event) => {
    const time = timeText(screen.around.now());
    if (event.type === 'run') {
      const { direction, result } = event;
      const did = doneText(result);
      if (did === undefined && isQuiet) return;
      const mark =
        result.exitCode === EXIT.OK ? screen.marks.ok : `${screen.marks.warning} exit ${result.exitCode}`;
      screen.tell(`${time} ${direction} ${mark} ${did ?? 'nothing to do'}`);
    } else tellMore(event, time, root, screen);
    isQuiet = event.type === 'run';
    screen.around.output.flush();
  };
}

/** Undefined: it changed nothing, and left nothing out. */
function doneText({ transfer, plan, exitCode }: RunResult): string | undefined {
  const files = transfer?.stats.transferredFiles ?? 0;
  if (files + plan.transfer.length + plan.delete.length === 0 && exitCode === EXIT.OK) return undefined;
  const kept = plan.keep.length === 0 ? '' : `, ${plan.keep.length} kept`;
  return `${files} transferred, ${plan.delete.length} deleted${kept}`;
}

function tellMore(
  event: Exclude<WatchEvent, { type: 'run' }>,
  time: string,
  root: string,
  screen: Screen,
): void {
  const { marks, look } = screen;
  switch (event.type) {
    case 'ready':
      screen.tell(`${time} watching ${root}`);
      break;
    case 'stopped':
      screen.tell(`${time} ${event.direction} ${marks.error} stopped: a decision is needed`);
      screen.sayBytes(blockedLines(event.result.plan, look));
      for (const { sentence } of event.result.guards) screen.tell(sentence);
      break;
    case 'retry':
      screen.tell(
        `${time} ${event.direction} ${marks.warning} ${event.error.message}; again in ${Math.round(event.delay / 1000)} s`,
      );
      break;
    case 'woke':
      screen.tell(`${time} awake again after ${Math.round(event.asleep / 60_000)} min`);
      break;
  }
}

/** By the clock on the wall. */
function timeText(date: Date): string {
  return date.toTimeString().slice(0, 8);
}
