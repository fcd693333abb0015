/** Rules in the directories, with rsyncjs in each place: see differential.ts. */
import { FILTER_CASES, FILTER_VERSION_CASES } from './cases-filters.ts';
import { check, everyDay, found, newest, suite } from './differential.ts';

suite(`filters, rsync ${newest.version}`, everyDay(FILTER_CASES, 8), 'client', (given, direction) =>
  check(given, direction),
);

// Other cases than those of the client.
suite('filters, server', everyDay(FILTER_CASES.slice(1), 8), 'server', (given, direction) =>
  check(given, direction, 'server'),
);

suite(
  'filters, local',
  everyDay(FILTER_CASES.slice(2), 10).map((given) => ({ ...given, directions: ['push'] as const })),
  'local',
  (given, direction) => check(given, direction, 'local'),
);

for (const peer of found.slice(0, -1)) {
  for (const place of ['client', 'server'] as const) {
    suite(
      `filters, ${place} of rsync ${peer.version}`,
      everyDay(FILTER_VERSION_CASES, 2),
      place,
      (given, direction) => check(given, direction, place, peer),
    );
  }
}

suite('filters, protocol 29', FILTER_VERSION_CASES, 'client', (given, direction) =>
  check({ ...given, args: `${given.args} --protocol=29` }, direction),
);
