/** Rules in the directories, with rsyncjs in each place: see differential.ts. */
import type { Case } from './cases.ts';
import { FILTER_CASES, FILTER_VERSION_CASES } from './cases-filters.ts';
import { check, everyDay, found, newest, suite } from './differential.ts';

suite(`filters, rsync ${newest.version}`, everyDay(FILTER_CASES, 12), 'client', (given, direction) =>
  check(given, direction),
);

// Other cases than those of the client.
suite('filters, server', everyDay(FILTER_CASES.slice(3), 12), 'server', (given, direction) =>
  check(given, direction, 'server'),
);

suite(
  'filters, local',
  everyDay(FILTER_CASES.slice(6), 12).map((given) => ({ ...given, directions: ['push'] as const })),
  'local',
  (given, direction) => check(given, direction, 'local'),
);

/** Rules matter most to a server that deletes. */
function oneWay(given: Case): Case {
  return process.env.RSYNCJS_ALL === undefined ? { ...given, directions: ['push'] } : given;
}

for (const peer of found.slice(0, -1)) {
  for (const place of ['client', 'server'] as const) {
    suite(
      `filters, ${place} of rsync ${peer.version}`,
      everyDay(FILTER_VERSION_CASES, 2).map(oneWay),
      place,
      (given, direction) => check(given, direction, place, peer),
    );
  }
}

suite('filters, protocol 29', everyDay(FILTER_VERSION_CASES.slice(1), 2), 'client', (given, direction) =>
  check({ ...given, args: `${given.args} --protocol=29` }, direction),
);
