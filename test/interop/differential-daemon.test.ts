/** rsyncjs as the daemon of C rsync, and as the client of its daemon, beside C rsync in its place: see differential.ts. */
import { CASES, VERSION_CASES } from './cases.ts';
import { KEEPING_CASES } from './cases-keeping.ts';
import { SELECTION_CASES, SELECTION_VERSION_CASES } from './cases-selection.ts';
import { check, everyDay, found, newest, suite } from './differential.ts';

const ALL_CASES = [...CASES, ...SELECTION_CASES, ...KEEPING_CASES];
const ALL_VERSION_CASES = [...VERSION_CASES, ...SELECTION_VERSION_CASES];

for (const place of ['daemon', 'daemon client'] as const) {
  suite(`${place}, rsync ${newest.version}`, everyDay(ALL_CASES, 60), place, (given, direction) =>
    check(given, direction, place),
  );
  if (process.env.RSYNCJS_ALL === undefined) continue;
  for (const peer of found.slice(0, -1)) {
    suite(`${place}, rsync ${peer.version}`, ALL_VERSION_CASES, place, (given, direction) =>
      check(given, direction, place, peer),
    );
  }
  for (const protocol of [29, 30, 31]) {
    suite(`${place}, protocol ${protocol}`, ALL_VERSION_CASES, place, (given, direction) =>
      check({ ...given, args: `${given.args} --protocol=${protocol}` }, direction, place),
    );
  }
}
