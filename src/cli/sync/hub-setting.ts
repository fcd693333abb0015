/** What the commands of a hub begin with. */
import { isAbsolute, join } from 'node:path';
import { type HubConfig, readHub } from '../../sync/config/hub-config.ts';
import { configFolder } from '../../sync/state/folders.ts';
import type { Given } from './commands.ts';
import { folderInputs } from './project.ts';
import type { Screen } from './terminal.ts';

/** What is said of a hub without spokes. */
export const example = (file: string): string[] => [
  `No spokes are configured in ${file}. Example:`,
  '',
  'spokes:',
  '  - name: laptop',
  '    sync_method: rsync',
  '    source: user@laptop:/home/user/sessions',
  '    path: ~/hub/laptop',
];

/** The file of the hub: the one that is named, or the one in the folder for settings. */
export function hubFile(given: Given, screen: Screen): string {
  const { cwd } = screen.around;
  const named = given.text('config');
  return named === undefined
    ? join(configFolder(folderInputs(screen.around)), 'hub.yaml')
    : join(isAbsolute(named) ? '' : cwd, named);
}

/** Reads it, and tells what is worth telling. Throws as `readHub`. */
export function readHubFile(given: Given, screen: Screen): HubConfig {
  const { home, platform } = screen.around;
  const file = hubFile(given, screen);
  const config = readHub({ file, named: given.text('config') !== undefined, home, platform });
  for (const { text } of config.notices) screen.warn(`${screen.marks.warning} ${text}`);
  return config;
}

/** Nobody is asked anything: several spokes at once would ask at once, and a timer has nobody. */
export function hubSurroundings(screen: Screen) {
  const { env, signal, user, host } = screen.around;
  return { connect: { env, ...(signal === undefined ? {} : { signal }) }, who: { user, host } };
}
