/** The effect of each parameter of rsyncd.conf that daemon.test.ts leaves out, beside C with the same configuration. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askModule } from '../support/daemons.ts';
import { requirePeers } from '../support/peers.ts';
import { type EntrySpec, isRoot } from '../support/tree.ts';
import { DaemonPair, type Outcome, type Run, SIDES, type Side } from './daemon-pair.ts';

const found = requirePeers();

// Only root can be somebody else, and is it unless it is told not to.
const IDENTITY = isRoot ? 'uid = root\ngid = root\n' : '';

const CONFIG = `
use chroot = no
munge symlinks = no
reverse lookup = no
read only = no
lock file = %TREE%/lock
${IDENTITY}
[plain]
  path = %TREE%/work
[errors ignored]
  path = %TREE%/work
  ignore errors = yes
[readable]
  path = %TREE%/files
  ignore nonreadable = yes
  uid = nobody
[unreadable]
  path = %TREE%/files
  uid = nobody
[of daemon]
  path = %TREE%/open
  uid = daemon
  gid = daemon
[of many]
  path = %TREE%/open
  uid = 1
  gid = 2, 1
[of all]
  path = %TREE%/open
  uid = daemon
  gid = *
[nobody there]
  path = %TREE%/open
  uid = nosuchuser
[numbers]
  path = %TREE%/owned
  numeric ids = yes
[names]
  path = %TREE%/owned
  numeric ids = no
[kept links]
  path = %TREE%/work
  use chroot = yes
  munge symlinks = no
[rooted]
  path = %TREE%/work
  use chroot = yes
  munge symlinks = unset
[within]
  path = %TREE%/./work
  use chroot = yes
  munge symlinks = unset
[loose]
  path = %TREE%/files
  auth users = anna
  secrets file = %TREE%/loose
  strict modes = no
[from files]
  path = %TREE%/work
  include from = %TREE%/includes
  exclude from = %TREE%/excludes
[by filter]
  path = %TREE%/work
  filter = + keep.o - *.o
[missing rules]
  path = %TREE%/work
  exclude from = %TREE%/nosuch
[squeezed]
  path = %TREE%/files
[unsqueezed]
  path = %TREE%/files
  dont compress = *
[by name]
  path = %TREE%/files
  hosts allow = localhost
[by name, not asked for]
  path = %TREE%/files
  hosts allow = localhost
  forward lookup = no
[by its name]
  path = %TREE%/files
  hosts allow = localhost
  forward lookup = no
  reverse lookup = yes
[terse]
  path = %TREE%/work
  max verbosity = 0
[verbose]
  path = %TREE%/work
  max verbosity = 2
[one]
  path = %TREE%/files
  max connections = 1
[other]
  path = %TREE%/files
  max connections = 1
[own lock]
  path = %TREE%/files
  max connections = 1
  lock file = %TREE%/lock-2
[section]
  path = %TREE%/files
  name = renamed
  comment = has a name
  log file = %TREE%/own-log
  transfer logging = yes
  log format = %o %m %f
`;

const CONSTANT: readonly EntrySpec[] = [
  { path: 'files/a', content: 'alpha\n' },
  { path: 'files/closed', content: 'closed\n', mode: 0 },
  { path: 'files/text', content: 'the quick brown fox jumps over the lazy dog\n'.repeat(3000) },
  { path: 'owned/daemon', content: 'daemon\n', uid: 1, gid: 1 },
  { path: 'includes', content: '# rules\nkeep.o\n' },
  { path: 'excludes', content: '*.o\n;gone\nold\n' },
  { path: 'loose', content: 'anna:one\n', mode: 0o644 },
];

const CHANGING: readonly EntrySpec[] = [
  { path: 'open', type: 'dir', mode: 0o777 },
  { path: 'work/old', content: 'old\n' },
  { path: 'work/old.o', content: 'object\n' },
  { path: 'work/keep.o', content: 'kept\n' },
];

const SOURCE: readonly EntrySpec[] = [
  { path: 'src/a', content: 'changed alpha\n' },
  { path: 'src/old', content: 'old\n' },
  { path: 'src/dir/b', content: 'b\n' },
  { path: 'src/out', type: 'symlink', target: '/../x/../y' },
];

let pair: DaemonPair;
const compare = (run: Run): Promise<Outcome> => pair.compare(run);

beforeAll(async () => {
  if (found.length === 0) return;
  pair = await DaemonPair.start({ config: CONFIG, constant: CONSTANT, changing: CHANGING, source: SOURCE });
}, 60_000);

afterAll(async () => await pair?.stop());

/** What is in one of the trees of our modules afterwards. */
function inside({ modules }: Outcome, name: string) {
  return new Map(modules).get(name)!;
}

describe.skipIf(found.length === 0)('what a module does not mind', () => {
  test('ignore errors: what a sender with an error lacks is deleted all the same', async () => {
    const args = ['-rL', '--delete', 'src/'];
    const says = /symlink has no referent/;
    const kept = await compare({ args: [...args, '@plain/'], says });
    expect(kept.result.code).toBe(23);
    expect(inside(kept, 'work').has('keep.o')).toBe(true);
    const deleted = await compare({ args: [...args, '@errors ignored/'], says });
    expect(deleted.result.code).toBe(23);
    expect(inside(deleted, 'work').has('keep.o')).toBe(false);
  });

  test('ignore nonreadable: a file that its user may not read is not there', async () => {
    const said = /"\/?closed" \(in unreadable\) ?failed: Permission denied|closed.*Permission denied/;
    expect((await compare({ args: ['-r', '@unreadable/', 'copy'], says: said })).result.code).toBe(23);
    const { result, client } = await compare({ args: ['-r', '@readable/', 'copy'] });
    expect(result.code).toBe(0);
    expect([client.has('copy/a'), client.has('copy/closed')]).toEqual([true, false]);
  });

  test('strict modes: a secrets file that others may read', async () => {
    await compare({ args: ['-r', 'anna@@loose/a', 'copy'], password: 'one' });
  });
});

// Nobody else can become somebody else.
describe.skipIf(found.length === 0 || !isRoot)('whose a module is (root alone can be others)', () => {
  test.each([
    ['of daemon', '1:1'],
    ['of many', '1:2'],
    ['of all', '1:1'],
  ])('%s: files are %s', async (name, owner) => {
    const outcome = await compare({ args: ['-rt', 'src/', `@${name}/`] });
    expect(outcome.result.code).toBe(0);
    expect(inside(outcome, 'open').get('dir/b')).toMatchObject({ owner });
  });

  test('a user that there is not', async () => {
    await compare({ args: ['-r', '@nobody there/', 'copy'], says: /@ERROR: invalid uid nosuchuser/ });
  });

  test('what its user may not write', async () => {
    await compare({ args: ['-rt', 'src/', '@unreadable/'], says: /Permission denied/, output: 'none' });
  });

  test('numeric ids: names do not travel', async () => {
    for (const name of ['numbers', 'names']) {
      const { client } = await compare({ args: ['-ro', '--usermap=daemon:5', `@${name}/`, 'copy'] });
      expect(client.get('copy/daemon')).toMatchObject({ owner: expect.stringMatching(/^\d+:0$/) });
    }
  });

  test.each([
    ['kept links', '/../x/../y'],
    ['rooted', '/../x/../y'],
    ['within', '/rsyncd-munged//../x/../y'],
    ['plain', 'y'],
  ])('use chroot decides on symlinks: %s', async (name, target) => {
    const outcome = await compare({ args: ['-rl', 'src/', `@${name}/`] });
    expect(inside(outcome, 'work').get('out')).toMatchObject({ target });
  });
});

describe.skipIf(found.length === 0)('what a module shows and tells', () => {
  test('filter, include from, exclude from', async () => {
    for (const name of ['from files', 'by filter']) {
      const { client } = await compare({ args: ['-r', `@${name}/`, 'copy'] });
      expect([client.has('copy/keep.o'), client.has('copy/old.o')]).toEqual([true, false]);
    }
    await compare({ args: ['-r', '@missing rules/', 'copy'], alike: [5, 10, 12], output: 'none' });
  });

  test('max verbosity', async () => {
    const lines = async (name: string): Promise<string> => {
      const { result } = await compare({ args: ['-rtvv', 'src/', `@${name}/`] });
      return result.stdout.toString();
    };
    expect(await lines('terse')).not.toContain('old is uptodate');
    expect(await lines('verbose')).toContain('old is uptodate');
  });

  test('dont compress', async () => {
    const received = async (name: string): Promise<number> => {
      const { result } = await compare({ args: ['-z', '--stats', '--zc=zlib', `@${name}/text`, 'copy'] });
      return Number(
        /^Total bytes received: ([\d,]+)/m.exec(result.stdout.toString())![1]!.replaceAll(',', ''),
      );
    };
    expect(await received('unsqueezed')).toBeGreaterThan((await received('squeezed')) + 100);
  });

  test('name, log file', async () => {
    await compare({ args: ['@'] });
    await compare({ args: ['-r', '@renamed/a', 'copy'], output: 'none' });
    await compare({ args: ['-r', '@section/a', 'copy'], output: 'none' });
    const lines = (side: Side): string[] =>
      readFileSync(join(pair.tree(side), 'own-log'), 'latin1')
        .split('\n')
        .map((line) => line.replace(/^\S+ \S+ \[\d+\] /, '').replaceAll(join(pair.base, side), 'BASE'))
        .map((line) => line.replace(/^sent \d+ bytes {2}received \d+ bytes/, 'sent N received N'));
    await expect.poll(() => lines('ours'), { timeout: 10_000 }).toEqual(lines('C'));
  });
});

describe.skipIf(found.length === 0)('who may come', () => {
  test('hosts by name: forward lookup, reverse lookup', async () => {
    const denied = /@ERROR: access denied to by name, not asked for from UNDETERMINED \(127\.0\.0\.1\)/;
    expect((await compare({ args: ['@by name/a'] })).result.code).toBe(0);
    await compare({ args: ['@by name, not asked for/a'], says: denied });
    await compare({ args: ['@by its name/a'] });
  });

  test('max connections: modules with one lock file share their places', async () => {
    await Promise.all(
      SIDES.map(async (side) => {
        const { port } = pair.daemons[side];
        const first = await askModule(port, 'one');
        const rest = [
          await askModule(port, 'one'),
          await askModule(port, 'other'),
          await askModule(port, 'own lock'),
        ];
        expect(
          [first, ...rest].map(({ answer }) => answer),
          side,
        ).toEqual([
          '@RSYNCD: OK',
          '@ERROR: max connections (1) reached -- try again later',
          '@ERROR: max connections (1) reached -- try again later',
          '@RSYNCD: OK',
        ]);
        for (const { close } of [first, ...rest]) close();
      }),
    );
  });
});
