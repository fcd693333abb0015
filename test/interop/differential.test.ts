/** rsyncjs as the client of C rsync, beside C rsync in its place: see differential.ts. */
import { CASES, VERSION_CASES } from './cases.ts';
import { SELECTION_CASES, SELECTION_VERSION_CASES } from './cases-selection.ts';
import { check, everyDay, found, newest, suite } from './differential.ts';

suite(`rsync ${newest.version}`, everyDay([...CASES, ...SELECTION_CASES], 4), 'client', (given, direction) =>
  check(given, direction),
);

for (const peer of found.slice(0, -1)) {
  suite(
    `rsync ${peer.version}`,
    [...VERSION_CASES, ...SELECTION_VERSION_CASES],
    'client',
    (given, direction) => check(given, direction, 'client', peer),
  );
}

for (const protocol of [29, 30, 31]) {
  suite(
    `protocol ${protocol}`,
    [...VERSION_CASES, ...SELECTION_VERSION_CASES],
    'client',
    (given, direction) => check({ ...given, args: `${given.args} --protocol=${protocol}` }, direction),
  );
}
