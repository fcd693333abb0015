/** rsyncjs as the server of C rsync, beside C rsync in its place: see differential.ts. */
import { CASES, VERSION_CASES } from './cases.ts';
import { SELECTION_CASES, SELECTION_VERSION_CASES } from './cases-selection.ts';
import { check, everyDay, found, newest, suite } from './differential.ts';

suite(
  `server of rsync ${newest.version}`,
  everyDay([...CASES, ...SELECTION_CASES], 12),
  'server',
  (given, direction) => check(given, direction, 'server'),
);

for (const peer of found.slice(0, -1)) {
  suite(
    `server of rsync ${peer.version}`,
    [...VERSION_CASES, ...SELECTION_VERSION_CASES],
    'server',
    (given, direction) => check(given, direction, 'server', peer),
  );
}

for (const protocol of [29, 30, 31]) {
  suite(
    `server, protocol ${protocol}`,
    [...VERSION_CASES, ...SELECTION_VERSION_CASES],
    'server',
    (given, direction) =>
      check({ ...given, args: `${given.args} --protocol=${protocol}` }, direction, 'server'),
  );
}
