/**
 * C clients of every release against our daemon, and against one of C with the same configuration, on equal trees: exit
 * status, what is on the disk afterwards, standard output, and what the client is told of a failure must agree.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newestPeer, requirePeers, runRsync } from '../support/peers.ts';
import { isRoot } from '../support/tree.ts';
import { DaemonPair, type Outcome, type Run, SIDES, type Side } from './daemon-pair.ts';

const found = requirePeers();
const newest = newestPeer();

// Only root can be somebody else, and is it unless it is told not to.
const IDENTITY = isRoot ? 'uid = root\ngid = root\n' : '';

const CONFIG = `
motd file = %TREE%/motd
use chroot = no
munge symlinks = no
lock file = %TREE%/lock
${IDENTITY}
[files]
  path = %TREE%/files
  comment = files \\
to read
[drop box]
  path = %TREE%/drop
  read only = no
  write only = yes
  list = no
[work]
  path = %TREE%/work/./
  read only = false
  comment = %TREE_COMMENT%
[filtered]
  path = %TREE%/work
  read only = no
  exclude = *.o secret/ /top/sub
  include = keep.o
[denied]
  path = %TREE%/files
  hosts deny = 127.0.0.0/8
[hidden]
  path = %TREE%/files
  list = no
  hosts allow = 10.0.0.1, 192.168.0.0/255.255.0.0
[allowed]
  path = %TREE%/files
  hosts allow = 10.0.0.1 127.0.0.1
  hosts deny = *
[full]
  path = %TREE%/files
  max connections = -1
[login]
  path = %TREE%/work
  auth users = anna:rw, bert:ro, carl:deny, d*
  secrets file = %TREE%/secrets
[strong]
  path = %TREE%/files
  auth users = anna
  auth digest = sha256
  secrets file = %TREE%/secrets
[loose]
  path = %TREE%/files
  auth users = anna
  secrets file = %TREE%/loose
[refusing]
  path = %TREE%/work
  read only = no
  refuse options = delete checksum compress* !compress-level
[listed only]
  path = %TREE%/files
  refuse options = * !a !v !r !l !t !p !o !g !D !i !e
[terse]
  path = %TREE%/files
  max verbosity = 0
[nowhere]
  path = %TREE%/nowhere
[pathless]
[hooked]
  path = %TREE%/files
  early exec = cat > %TREE%/early
  pre-xfer exec = echo "$RSYNC_MODULE_NAME $RSYNC_REQUEST $RSYNC_ARG0 $RSYNC_ARG1" > %TREE%/pre
  post-xfer exec = echo "$RSYNC_MODULE_NAME $RSYNC_EXIT_STATUS $RSYNC_USER_NAME" > %TREE%/post
[guarded]
  path = %TREE%/files
  pre-xfer exec = echo not today; exit 3
[injected]
  path = %TREE%/files
  auth users = *
  secrets file = %TREE%/secrets
  pre-xfer exec = echo %RSYNC_USER_NAME% > %TREE%/injected
[home]
  path = %TREE%/homes/%RSYNC_USER_NAME%
  auth users = anna
  secrets file = %TREE%/secrets
  read only = no
[near]
  path = %TREE%/work
  read only = no
  temp dir = keep
[far]
  path = %TREE%/work
  read only = no
  temp dir = /keep
[munged]
  path = %TREE%/work
  read only = no
  munge symlinks = yes
[timed]
  path = %TREE%/files
  timeout = 30
[logged]
  path = %TREE%/files
  transfer logging = yes
  log format = %o %m (%u) %f %l %P
`;

/** What no client changes. */
const CONSTANT = [
  { path: 'files', type: 'dir' },
  { path: 'files/a', type: 'file', content: 'alpha\n' },
  { path: 'files/b c', type: 'file', content: 'blank\n' },
  { path: 'files/top', type: 'dir' },
  { path: 'files/top/x.txt', type: 'file', content: 'x'.repeat(70_000) },
  { path: 'files/top/y.txt', type: 'file', content: 'y\n' },
  { path: 'files/link', type: 'symlink', target: 'a' },
  { path: 'files/names', type: 'file', content: 'a\ntop/y.txt\n../up\n' },
  { path: 'motd', type: 'file', content: 'Be kind.\n\nOr leave.\n' },
  { path: 'loose', type: 'file', content: 'anna:one\n', mode: 0o644 },
  {
    path: 'secrets',
    type: 'file',
    content: 'anna:one\nbert:two\ncarl:three\ndora:f o u r:5\na;b:one\n',
    mode: 0o600,
  },
] as const;

/** Made anew for every run. */
const CHANGING = [
  { path: 'drop', type: 'dir' },
  { path: 'homes', type: 'dir' },
  { path: 'homes/anna', type: 'dir' },
  { path: 'homes/anna/own', type: 'file', content: 'mine\n' },
  { path: 'work', type: 'dir' },
  { path: 'work/old', type: 'file', content: 'old\n' },
  { path: 'work/old.o', type: 'file', content: 'object\n' },
  { path: 'work/keep.o', type: 'file', content: 'kept\n' },
  { path: 'work/secret', type: 'dir' },
  { path: 'work/secret/s', type: 'file', content: 'secret\n' },
  { path: 'work/keep', type: 'dir' },
] as const;

const SOURCE = [
  { path: 'src', type: 'dir' },
  { path: 'src/a', type: 'file', content: 'changed alpha\n' },
  { path: 'src/n.o', type: 'file', content: 'object\n' },
  { path: 'src/keep.o', type: 'file', content: 'kept here\n' },
  { path: 'src/top', type: 'dir' },
  { path: 'src/top/sub', type: 'dir' },
  { path: 'src/top/sub/deep', type: 'file', content: 'deep\n' },
  { path: 'src/secret', type: 'dir' },
  { path: 'src/secret/mine', type: 'file', content: 'm\n' },
  { path: 'links', type: 'dir' },
  { path: 'links/out', type: 'symlink', target: '/etc/passwd' },
] as const;

let pair: DaemonPair;
const compare = (run: Run): Promise<Outcome> => pair.compare(run);

beforeAll(async () => {
  if (found.length === 0) return;
  pair = await DaemonPair.start({
    config: CONFIG,
    constant: CONSTANT,
    changing: CHANGING,
    source: SOURCE,
    env: { TREE_COMMENT: 'to work in' },
  });
}, 60_000);

afterAll(async () => await pair?.stop());

describe.skipIf(found.length === 0)('clients of every release', () => {
  describe.each(found.map((peer) => [peer.version, peer] as const))('%s', (version, client) => {
    const protocols = version === newest.version ? [29, 30, undefined] : [undefined];
    test.each(protocols)('protocol %s', async (protocol) => {
      const forced = protocol === undefined ? [] : [`--protocol=${protocol}`];
      await compare({ client, args: ['-rtlvi', ...forced, '@files/', 'copy'] });
      await compare({
        client,
        args: ['-rtzi', '--delete', ...forced, 'src/', 'anna@@login/'],
        password: 'one',
      });
      const says = /@ERROR: auth failed on module login/;
      await compare({ client, args: ['-rt', ...forced, 'anna@@login/', 'copy'], password: 'wrong', says });
    });
  });
});

describe.skipIf(found.length === 0)('which modules may be used, and by whom', () => {
  test('the list, with the message of the day', async () => {
    const { result } = await compare({ args: ['@'] });
    expect(result.stdout.toString()).toContain('Be kind.');
  });

  test.each<[string, string, RegExp]>([
    ['a module that there is not', 'nosuch/', /@ERROR: Unknown module 'nosuch'/],
    ['other letters', 'Files/', /@ERROR: Unknown module 'Files'/],
    ['a host that is denied', 'denied/', /@ERROR: access denied to denied from \S+ \(127\.0\.0\.1\)/],
    ['a host that is not to know', 'hidden/', /@ERROR: Unknown module 'hidden'/],
    ['too many', 'full/', /@ERROR: max connections \(-1\) reached -- try again later/],
    ['a module without a path', 'pathless/', /@ERROR: no path setting\./],
    ['a path that there is not', 'nowhere/', /@ERROR: ch(dir|root) failed/],
  ])('%s', async (_, path, says) => {
    await compare({ args: ['-r', `@${path}`, 'copy'], says });
  });

  test('an address that is allowed', async () => {
    await compare({ args: ['-r', '@allowed/', 'copy'] });
  });

  test('reading what may only be written, writing what may only be read', async () => {
    const alike = [1, 10, 12];
    await compare({ args: ['-r', '@drop box/', 'copy'], says: /ERROR: module is write only/, alike });
    await compare({ args: ['-r', 'src/', '@files/'], says: /ERROR: module is read only/, alike });
    await compare({ args: ['-rt', 'src/', '@drop box/'] });
  });

  test('rules for users', async () => {
    const alike = [1, 10, 12];
    await compare({ args: ['-rt', 'src/', 'anna@@login/'], password: 'one' });
    await compare({ args: ['-rt', 'src/', 'bert@@login/'], password: 'two', says: /read only/, alike });
    await compare({ args: ['-rt', 'carl@@login/', 'copy'], password: 'three', says: /auth failed/ });
    await compare({ args: ['-rt', 'dora@@login/', 'copy'], password: 'f o u r:5' });
    await compare({ args: ['-rt', 'emil@@login/', 'copy'], password: 'one', says: /auth failed/ });
    await compare({ args: ['-rt', 'anna@@home/', 'copy'], password: 'one' });
  });

  test('a secrets file that others may read', async () => {
    await compare({
      args: ['-r', 'anna@@loose/', 'copy'],
      password: 'one',
      says: /auth failed on module loose/,
    });
    expect(pair.daemons.ours.log).toContain('must not be readable or writable by others');
  });

  test('a digest that is too weak', async () => {
    const old = found[0]!;
    await compare({ args: ['-r', 'anna@@strong/', 'copy'], password: 'one' });
    // 3.2.3 names no digests: md5.
    await compare({
      client: old,
      args: ['-r', 'anna@@strong/', 'copy'],
      password: 'one',
      says: /auth failed/,
    });
  });

  test('no password is in a log', () => {
    expect(pair.daemons.ours.log).not.toMatch(/f o u r/);
    expect(pair.daemons.ours.said).toBe('');
  });
});

describe.skipIf(found.length === 0)('paths inside a module', () => {
  test.each<[string, readonly string[]]>([
    ['a listing', ['@files/']],
    ['a listing of all', ['-r', '@files/top', '@files/a']],
    ['a file', ['-t', '@files/a', 'copy']],
    ['relative names', ['-rtR', '@files/./top/x.txt', '@files/a', 'copy']],
    ['a name with a blank', ['-rt', '@files/b c', 'copy']],
    ['a name with a blank, secluded', ['-rts', '@files/b c', 'copy']],
    ['a directory', ['-rt', '@files/top', 'copy']],
    ['wildcards', ['-rti', '@files/t*/[xz].tx?', '@files/*c', 'copy']],
    ['a wildcard that matches nothing', ['-rt', '@files/*.nothing', 'copy']],
    ['the way out, which is the root', ['-rt', '@files/../../a', '@files/top/../../../b c', 'copy']],
    ['a symlink, followed by nobody', ['-rlt', '@files/link', 'copy']],
    ['a name that is missing', ['-rt', '@files/gone', 'copy']],
    ['a destination by wildcard', ['-t', 'src/a', '@work/sec*/']],
    ['a new directory', ['-rt', 'src/top', '@work/new/']],
    ['a destination above the root', ['-rt', 'src/top', '@work/../up']],
    ['options with blanks', ['-rt', '--partial', '--bwlimit=9m', '@files/top/', 'copy']],
  ])('%s', async (_, args) => {
    await compare({ args });
  });
});

describe.skipIf(found.length === 0)('filters of a module', () => {
  test('what is hidden is not there', async () => {
    await compare({ args: ['-rti', '@filtered/', 'copy'] });
    await compare({ args: ['-rti', '@filtered/*', 'copy'] });
    await compare({ args: ['-rt', '@filtered/old.o', 'copy'], says: /old\.o".* failed: No such file/ });
    await compare({ args: ['-rt', '@filtered/secret/s', 'copy'], says: /secret.*" .*failed: No such file/ });
  });

  test('what is hidden is neither written nor deleted', async () => {
    const says = /ERROR: daemon refused to receive file "n\.o"/;
    const { result } = await compare({ args: ['-ri', '--delete', 'src/', '@filtered/'], says });
    expect(result.code).toBe(23);
    expect(result.stderr.toString()).toMatch(/refused to receive directory "secret"/);
  });

  test.each(['secret/', 'secret', 'x.o', 'top/sub/'])('%s is no destination', async (path) => {
    await compare({ args: ['-t', 'src/a', `@filtered/${path}`], says: /daemon has excluded destination/ });
  });
});

describe.skipIf(found.length === 0)('the temporary directory of a module', () => {
  // Relative, it is in the destination; absolute, in the module.
  test.each<[string, number]>([
    ['near/', 0],
    ['near/secret/', 1],
    ['far/', 0],
    ['far/secret/', 0],
  ])('%s: exit %i', async (destination, exit) => {
    const { result } = await compare({ args: ['-t', 'src/a', `@${destination}`], alike: [1, 10, 12] });
    expect(result.code).toBe(exit);
  });
});

describe.skipIf(found.length === 0)('symlinks of a module that munges them', () => {
  test('are stored so that they lead nowhere', async () => {
    const { modules } = await compare({ args: ['-rlti', 'links/', '@munged/'] });
    const work = new Map(modules).get('work');
    expect(work?.get('out')).toMatchObject({ target: '/rsyncd-munged//etc/passwd' });
  });
});

describe.skipIf(found.length === 0)('lists of names in the module', () => {
  test('are read there', async () => {
    await compare({ args: ['-rt', '--files-from=:/names', '@files/', 'copy'] });
  });

  test('are not read where nothing is to be seen', async () => {
    const says = /Your options have been rejected by the server/;
    const args = ['-rt', '--files-from=:secret/s', '@filtered/', 'copy'];
    const { result } = await compare({ args, says, alike: [4, 10, 12], output: 'none' });
    expect(result.code).toBe(4);
  });
});

describe.skipIf(found.length === 0)('options that are refused', () => {
  test.each<[readonly string[], RegExp]>([
    [['-c', '@refusing/', 'copy'], /The server is configured to refuse --checksum \(-c\)/],
    [['-z', '@refusing/', 'copy'], /The server is configured to refuse --compress \(-z\)/],
    [['--delete', 'src/', '@refusing/'], /The server is configured to refuse --delete/],
    [['--delete-after', 'src/', '@refusing/'], /The server is configured to refuse --delete/],
    [['--numeric-ids', '@listed only/', 'copy'], /The server is configured to refuse --numeric-ids/],
    [['--size-only', 'src/', '@listed only/'], /The server is configured to refuse --size-only/],
  ])('%j', async (args, says) => {
    const { result } = await compare({ args: ['-r', ...args], says, alike: [1, 4, 10, 12], output: 'none' });
    expect(result.code).toBe(4);
  });

  test('options that are not', async () => {
    await compare({ args: ['-rt', '@refusing/', 'copy'] });
    await compare({ args: ['-avi', '@listed only/', 'copy'] });
    await compare({ args: ['-rvvt', '@terse/', 'copy'], output: 'none' });
  });
});

describe.skipIf(found.length === 0)('hooks', () => {
  const read = (side: Side, name: string): string =>
    readFileSync(join(pair.base, side, 'tree', name), 'utf8');

  test('what they are told', async () => {
    const folder = join(pair.base, 'early-input');
    writeFileSync(folder, 'from the client\n');
    const args = ['-rt', `--early-input=${folder}`, '@hooked/top', '@hooked/a', 'copy'];
    await compare({ args });
    // The last one runs when the client is gone already.
    await expect.poll(() => read('ours', 'post'), { timeout: 10_000 }).toBe('hooked 0 \n');
    for (const name of ['early', 'pre', 'post']) {
      await expect.poll(() => read('C', name), { timeout: 10_000 }).toBe(read('ours', name));
    }
  });

  test('one that says no', async () => {
    const says = /pre-xfer exec returned failure \(768\)/;
    const { result } = await compare({
      args: ['-r', '@guarded/', 'copy'],
      alike: [4, 10, 12],
      output: 'none',
    });
    const told = result.stdout.toString() + result.stderr.toString();
    expect(told).toMatch(says);
    expect(told).toContain('not today');
    expect(result.code).toBe(4);
  });

  test('one that a user name would change', async () => {
    const result = await runRsync(newest, ['-r', pair.daemons.ours.url('injected/', 'a;b'), 'copy'], {
      cwd: pair.base,
      env: { RSYNC_PASSWORD: 'one' },
    });
    expect(result.stderr.toString()).toContain('refusing to run shell hook: %RSYNC_USER_NAME%');
    expect(result.code).toBe(5);
  });
});

describe.skipIf(found.length === 0)('the log', () => {
  test('tells what C tells', async () => {
    for (const side of SIDES) pair.daemons[side].markLog();
    await compare({ args: ['-rt', '@logged/', 'copy'] });
    const lines = (side: Side): string[] =>
      pair.daemons[side].log
        .split('\n')
        .map((line) => line.replace(/^\S+ \S+ \[\d+\] /, '').replaceAll(join(pair.base, side), 'BASE'))
        .map((line) => line.replace(/^sent \d+ bytes {2}received \d+ bytes/, 'sent N received N'));
    for (const side of SIDES) {
      const isOver = (): boolean => lines(side).some((line) => line.startsWith('sent'));
      await expect.poll(isOver, { timeout: 10_000 }).toBe(true);
    }
    // A connection that only looked whether somebody listens may be told late.
    const last = (side: Side): string[] => {
      const all = lines(side);
      return all.slice(all.findLastIndex((line) => line.startsWith('connect from')));
    };
    expect(last('ours')).toEqual(last('C'));
  });
});

test.skipIf(found.length === 0)('the time-out of a module is told to the client', async () => {
  await compare({ args: ['-rt', '--timeout=90', '@timed/', 'copy'] });
});
