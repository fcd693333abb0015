/** `rsyncjs config show`: every setting, and where its value comes from. */
import { EXIT } from '../../core/errors.ts';
import { type ConfigReport, reportHub, reportProject } from '../../sync/config/config-report.ts';
import { readHub } from '../../sync/config/hub-config.ts';
import { readProject } from '../../sync/config/project-config.ts';
import type { Given } from './commands.ts';
import { hubFile } from './hub-setting.ts';
import type { Screen } from './terminal.ts';

/** @returns the exit code */
export function runConfigShow(given: Given, screen: Screen): number {
  const { cwd, env, home, platform } = screen.around;
  const profile = given.text('profile');
  const report: ConfigReport =
    given.flag('hub') || given.text('config') !== undefined
      ? reportHub(
          readHub({
            file: hubFile(given, screen),
            named: given.text('config') !== undefined,
            home,
            platform,
          }),
        )
      : reportProject(
          readProject({
            cwd,
            env,
            home,
            platform,
            argv: profile === undefined ? {} : { profiles: [profile] },
          }),
        );
  if (given.flag('json')) {
    screen.json(report);
    return EXIT.OK;
  }
  const origins = given.flag('origin');
  const { place, rows, notices } = report;
  screen.say(place);
  const width = Math.max(0, ...rows.map(({ key }) => key.length));
  for (const { key, value, from, overrode } of rows) {
    const shown = value === null ? '(not set)' : typeof value === 'string' ? value : JSON.stringify(value);
    screen.say(`${key.padEnd(width)}  ${shown}${origins ? `  (${from})` : ''}`);
    if (!origins) continue;
    for (const other of overrode) {
      screen.say(`${' '.repeat(width)}    in place of ${JSON.stringify(other.value)}  (${other.from})`);
    }
  }
  for (const { text } of notices) screen.warn(`${screen.marks.warning} ${text}`);
  return EXIT.OK;
}
