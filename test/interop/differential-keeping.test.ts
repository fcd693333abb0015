/** Other bases and safe-keeping, with rsyncjs in each place: see differential.ts. */
import { KEEPING_CASES } from './cases-keeping.ts';
import { check, everyDay, newest, suite } from './differential.ts';

suite(`keeping, rsync ${newest.version}`, everyDay(KEEPING_CASES, 3), 'client', (given, direction) =>
  check(given, direction),
);

// Other cases than those of the client.
suite('keeping, server', everyDay(KEEPING_CASES.slice(1), 6), 'server', (given, direction) =>
  check(given, direction, 'server'),
);

suite(
  'keeping, local',
  everyDay(KEEPING_CASES.slice(2), 6).map((given) => ({ ...given, directions: ['push'] as const })),
  'local',
  (given, direction) => check(given, direction, 'local'),
);
