/** `rsyncjs config show`: every setting, and where its value comes from. */
import { EXIT } from '../../core/errors.ts';
import { type ConfigReport, reportHub, reportProject } from '../../sync/config/config-report.ts';
import { readHub } from '../../sync/config/hub-config.ts';
import { readProject } from '../../sync/config/project-config.ts';
import { escaped, item } from './columns.ts';
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
  const { columns } = screen.look;
  screen.tell(place);
  const width = Math.max(0, ...rows.map(({ key }) => key.length));
  for (const { key, value, from, overrode } of rows) {
    const show = (first: string, text: string, origin: string): void =>
      screen.say(
        ...item(
          first,
          escaped(text, screen.utf8),
          origins ? `(${escaped(origin, screen.utf8)})` : undefined,
          columns,
        ),
      );
    show(`${key.padEnd(width)}  `, valueText(key, value), from);
    if (!origins) continue;
    for (const other of overrode) {
      show(`${' '.repeat(width)}  in place of `, JSON.stringify(other.value), other.from);
    }
  }
  for (const { text } of notices) screen.warn(`${screen.marks.warning} ${text}`);
  return EXIT.OK;
}

/** Times as they are written; all else as in JSON, but for the quotes of what is text alone. */
function valueText(key: string, value: unknown): string {
  if (value === null) return '(not set)';
  if (typeof value === 'number' && /(?:^|\.)(?:stale_after|connect_timeout)$/.test(key)) {
    if (value === 0) return 'never';
    return value % 3600 === 0 ? `${value / 3600}h` : value % 60 === 0 ? `${value / 60}m` : `${value}s`;
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
