/** rsyncjs copying within one machine, beside C rsync: see differential.ts. */
import { CASES, VERSION_CASES } from './cases.ts';
import { SELECTION_CASES, SELECTION_VERSION_CASES } from './cases-selection.ts';
import { check, everyDay, newest, suite } from './differential.ts';

const ONE_WAY = { directions: ['push'] as const };

suite(
  `local, as rsync ${newest.version}`,
  [...everyDay([...CASES, ...SELECTION_CASES], 12), ...VERSION_CASES, ...SELECTION_VERSION_CASES].map(
    (given) => ({ ...given, ...ONE_WAY }),
  ),
  'local',
  (given, direction) => check(given, direction, 'local'),
);
