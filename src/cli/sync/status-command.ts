/** `rsyncjs status`: what changed since the last sync, and what a run would do. Nothing is transferred. */
import { EXIT } from '../../core/errors.ts';
import type { ProjectArguments } from '../../sync/config/project-config.ts';
import { usualFolding } from '../../sync/project/folding.ts';
import { type ProjectStatus, projectStatus } from '../../sync/project/status.ts';
import { openProfiles } from './project.ts';
import { statusJson, statusLines } from './status-text.ts';
import type { Screen } from './terminal.ts';

export interface StatusArguments {
  settings: ProjectArguments;
  /** Ask the server too. */
  remote: boolean;
  json: boolean;
  /** Exit 40 unless everything is in order. */
  check: boolean;
}

/** @returns the exit code */
export async function runStatusCommand(given: StatusArguments, screen: Screen): Promise<number> {
  const found: ProjectStatus[] = [];
  const now = screen.around.now();
  for (const opened of await openProfiles(screen, given.settings)) {
    const { profile, configured, connect, stateFolder, who, ignored } = opened;
    const status = await projectStatus({
      profile,
      connect,
      stateFolder,
      who,
      ignored,
      now: () => now,
      staleAfter: configured.staleAfter.value,
      remote: given.remote,
      folding: usualFolding(screen.around.platform),
    });
    if (!given.json) {
      if (found.length > 0) screen.say('');
      screen.sayBytes(statusLines(status, { ...screen.look, marks: screen.marks, now }));
    }
    found.push(status);
  }
  if (given.json) screen.json({ schema: 1, profiles: found.map(statusJson) });
  return given.check && found.some(needsAttention) ? EXIT.GUARD : EXIT.OK;
}

/** Never synced, too long ago, a conflict, or the last attempt failed. */
function needsAttention({ phase, stale, pull, push }: ProjectStatus): boolean {
  if (phase === 'never' || phase === 'conflict' || stale) return true;
  return [pull, push].some(({ lastAttempt, lastSuccess }) => {
    if (lastAttempt === undefined || lastAttempt.dry || lastAttempt.exitCode === EXIT.OK) return false;
    return lastSuccess === undefined || lastSuccess.at < lastAttempt.at;
  });
}
