/** `rsyncjs hub status`. */
import { EXIT } from '../../core/errors.ts';
import { hubStatus } from '../../sync/hub/status.ts';
import { stateFolder } from '../../sync/state/folders.ts';
import type { Given } from './commands.ts';
import { example, hubSurroundings, readHubFile } from './hub-setting.ts';
import { hubStatusJson, hubStatusLines } from './hub-status-text.ts';
import { folderInputs } from './project.ts';
import type { Screen } from './terminal.ts';

/** @returns the exit code: 40 with --check for a spoke that is stale or out of reach */
export async function runHubStatus(given: Given, screen: Screen): Promise<number> {
  const config = readHubFile(given, screen);
  const { connect } = hubSurroundings(screen);
  const check = given.flag('check');
  const now = screen.around.now();
  const status = await hubStatus(config, {
    stateFolder: stateFolder(folderInputs(screen.around)),
    now,
    check,
    connect,
    choice: { spokes: given.texts('spoke'), tags: given.texts('tag') },
  });
  if (given.flag('json')) screen.json(hubStatusJson(status));
  else {
    screen.say(...hubStatusLines(status, { marks: screen.marks, now, host: screen.around.host }));
    if (status.spokes.length === 0) screen.say('', ...example(config.file));
  }
  const bad = status.spokes.some(({ stale, reach }) => stale || reach?.reached === false);
  return check && bad ? EXIT.GUARD : EXIT.OK;
}
