/** `rsyncjs watch`: a line for each sync, until somebody ends it. */
import { EXIT, isRsyncError } from '../../core/errors.ts';
import type { ProjectArguments } from '../../sync/config/project-config.ts';
import { usualFolding } from '../../sync/project/folding.ts';
import { runProject } from '../../sync/project/run.ts';
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
    excludedBy: excludesOf(profile),
    run: (direction) => runProject({ profile, direction, connect, stateFolder, who, now, ignored, folding }),
    hasChanged: async () => {
      const input = { profile, connect, stateFolder, who, now, ignored, staleAfter: 0, remote: false };
      return (await projectStatus(input)).changes.length > 0;
    },
    isRetryable,
    onEvent: (event) => tell(event, profile.root, screen),
    signal,
    ...(given.settle === undefined ? {} : { settle: given.settle }),
    ...(given.pullEvery === undefined ? {} : { pullEvery: given.pullEvery }),
  }).catch((error: unknown) => {
    // The run that a person's Ctrl-C has ended is no failure of the watch.
    if (!(signal.aborted && isRsyncError(error) && error.code === 'RSYNC_ABORTED')) throw error;
  });
  return EXIT.OK;
}

function tell(event: WatchEvent, root: string, screen: Screen): void {
  const { marks, utf8, around } = screen;
  const time = around.now().toTimeString().slice(0, 8);
  switch (event.type) {
    case 'ready':
      screen.say(`${time} watching ${root}`);
      break;
    case 'run': {
      const { direction, result } = event;
      const { transfer, plan, exitCode } = result;
      const files = transfer?.stats.transferredFiles ?? 0;
      const mark = exitCode === EXIT.OK ? marks.ok : `${marks.warning} exit ${exitCode}`;
      screen.say(
        `${time} ${direction} ${mark} ${files} transferred, ${plan.delete.length} deleted, ${plan.keep.length} kept`,
      );
      break;
    }
    case 'stopped':
      screen.say(`${time} ${event.direction} ${marks.error} stopped: a decision is needed`);
      screen.sayBytes(blockedLines(event.result.plan, utf8));
      for (const { sentence } of event.result.guards) screen.say(sentence);
      break;
    case 'retry':
      screen.say(
        `${time} ${event.direction} ${marks.warning} ${event.error.message}; again in ${Math.round(event.delay / 1000)} s`,
      );
      break;
    case 'woke':
      screen.say(`${time} awake again after ${Math.round(event.asleep / 60_000)} min`);
      break;
  }
  around.output.flush();
}
