/**
 * `rsyncjs serve`: behind a forced command beside rrsync, with the same commands of the same clients; and its ssh server
 * with OpenSSH's ssh and with the built-in one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isSupported, LONG_NAMES } from '../../src/options/table.ts';
import { startServer, type TestServer } from '../server/ssh/support.ts';
import { forceCommand } from '../support/forced-keys.ts';
import {
  MAIN,
  newestPeer,
  type Peer,
  peersWithRrsync,
  type RunResult,
  requirePeers,
  run,
  runOurs,
  runRsync,
  temporaryFolder,
} from '../support/peers.ts';
import { makeKey, type Sshd, sshdMissing, startSshd } from '../support/sshd.ts';
import {
  compareTrees,
  copyTree,
  type EntrySpec,
  hideTimesSince,
  makeTree,
  noise,
  removeTree,
  snapshotTree,
} from '../support/tree.ts';
import { ssh2Key } from '../transport/support.ts';

const found = requirePeers();
const newest = newestPeer();
const serve = `'${process.execPath}' '${MAIN}' serve`;

const restricted = peersWithRrsync();

const TREE: readonly EntrySpec[] = [
  { path: 'file', content: 'file\n' },
  { path: '.hidden', content: 'hidden\n' },
  { path: 'sub/below', content: 'below\n' },
  { path: 'sub/link', type: 'symlink', target: '../file' },
  { path: 'sp ace', content: 'space\n' },
  { path: "it's (a) $(touch marker) {a,b}; & \\ !", content: 'quotes\n' },
];
const ODD = "it's (a) $(touch marker) {a,b}; & \\ !";

/** A client's words; the sources or the destination of the far side, and the server's mode. */
interface Case {
  mode: string;
  args: string[];
  pull?: string[];
  push?: string;
}

const CASES: readonly Case[] = [
  { mode: '', args: ['-a'], pull: [''] },
  { mode: '-ro', args: ['-a'], pull: ['sub/'] },
  { mode: '-ro', args: ['-a'], pull: ['/sub', 'file', 'sp ace', ODD] },
  { mode: '', args: ['-a'], pull: ['*'] },
  { mode: '', args: ['-a'], pull: ['s*/b*', '[f-g]?le', '.h*'] },
  { mode: '', args: ['-rt', '--list-only'], pull: ['sub/'] },
  { mode: '-wo', args: ['-rt', '--stats'], push: 'new/' },
  { mode: '-wo', args: ['-a', '-z'], push: ODD },
  { mode: '', args: ['-a', '--delete', '--partial', '--timeout=60'], push: '' },
  { mode: '', args: ['-a', '--delete-after', '-n'], push: '/sub' },
  { mode: '-ro', args: ['-a'], push: 'x' },
  { mode: '-wo', args: ['-a'], pull: [''] },
  { mode: '-no-del', args: ['-a', '--delete'], push: 'sub' },
  { mode: '-no-del', args: ['-a'], push: 'sub' },
  ...(isSupported(LONG_NAMES.get('munge-links')!.entry)
    ? [
        { mode: '-munge', args: ['-a'], push: 'new/' },
        { mode: '-munge', args: ['-a'], pull: ['sub/'] },
      ]
    : []),
];
/** One each way for the other releases. The oldest client sends its paths as they are, for a shell to read. */
const BRIEF = (version: string) => [CASES[version === '3.2.3' ? 1 : 2]!, CASES[8]!];

/** rrsync's words, in ours. */
const OURS: Readonly<Record<string, string>> = {
  '': '',
  '-ro': '--read-only',
  '-wo': '--write-only',
  '-no-del': '--no-delete',
  '-munge': '--munge',
};

describe.skipIf(restricted.length === 0)('serve --stdio beside rrsync', () => {
  let base = '';
  let count = 0;
  beforeAll(() => {
    base = temporaryFolder('serve');
    makeTree(join(base, 'tree'), TREE);
  });
  afterAll(() => removeTree(base));

  /** A remote shell that runs one command, with what the client asks for in a variable, as sshd does. */
  function forced(folder: string, command: string): string {
    const path = join(folder, 'shell');
    const script = `#!/bin/sh
while case $1 in -*) true ;; *) false ;; esac; do shift; done
shift
SSH_ORIGINAL_COMMAND="$*" SSH_CONNECTION='192.0.2.1 5 192.0.2.2 22' SSH_CLIENT='192.0.2.1 5 22' exec ${command}
`;
    writeFileSync(path, script, { mode: 0o755 });
    return path;
  }

  async function outcome(client: Peer, given: Case, folder: string, command: (root: string) => string) {
    mkdirSync(folder, { recursive: true });
    for (const tree of ['there', 'here']) copyTree(join(base, 'tree'), join(folder, tree));
    writeFileSync(join(folder, 'here/sub/new'), 'new\n');
    const shell = forced(folder, command(join(folder, 'there')));
    const { args, pull, push } = given;
    const paths =
      pull === undefined
        ? ['here/sub/', 'here/file', `host:${push}`]
        : [...pull.map((path, at) => `${at === 0 ? 'host' : ''}:${path}`), 'got/'];
    return runRsync(client, [...args, '-e', shell, ...paths], { cwd: folder });
  }

  const verdict = ({ code, stderr }: RunResult): string =>
    /rrsync|rsyncjs: refused/.test(stderr.toString()) ? 'refused' : `exit ${code}`;

  for (const peer of restricted) {
    const cases = peer === restricted.at(-1) ? CASES : BRIEF(peer.version);
    test.concurrent.each(cases)(`rsync ${peer.version}: $mode $args $pull$push`, async (given) => {
      const work = join(base, `case-${++count}`);
      const since = hideTimesSince();
      const [c, ours] = await Promise.all([
        outcome(peer, given, join(work, 'c'), (root) => `'${peer.rrsync}' ${given.mode} '${root}'`),
        outcome(
          peer,
          given,
          join(work, 'ours'),
          (root) => `${serve} --stdio --root '${root}' ${OURS[given.mode]}`,
        ),
      ]);
      const [theirs, mine] = ['c', 'ours'].map((name) => {
        rmSync(join(work, name, 'shell'));
        return snapshotTree(join(work, name), { hideTimesSince: since });
      });
      expect({
        verdict: verdict(ours),
        trees: compareTrees(theirs!, mine!, { names: ['C', 'ours'] }),
        said: ours.stderr.toString().includes(work),
      }).toEqual({ verdict: verdict(c), trees: [], said: false });
    });
  }

  test('what rrsync has not: secluded arguments, and a log', async () => {
    const folder = join(base, `case-${++count}`);
    mkdirSync(folder);
    copyTree(join(base, 'tree'), join(folder, 'there'));
    const log = join(folder, 'log');
    const shell = forced(folder, `${serve} --stdio --root '${join(folder, 'there')}' --log-file '${log}'`);
    const secluded = await runRsync(newest, ['-as', '-e', shell, `host:${ODD}`, ':~', ':*e', 'got/'], {
      cwd: folder,
    });
    expect(secluded.stderr.toString()).toMatch(/link_stat "\/~" failed: No such file/);
    expect(secluded.code).toBe(23);
    expect(readdirSync(join(folder, 'got')).sort()).toEqual([ODD, 'file', 'sp ace'].sort());
    await runRsync(newest, ['-a', '-e', shell, '--rsync-path=ls -l', 'host:', 'got/'], { cwd: folder });
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:]+Z 192\.0\.2\.1 sender ".*" "~" "file" "sp ace" exit 23$/,
    );
    expect(lines[1]).toMatch(/Z 192\.0\.2\.1 refused exit 1 \(refused: this account serves rsync/);
  });
});

describe.skipIf(sshdMissing() !== undefined)('serve --stdio behind sshd', () => {
  let base = '';
  let sshd: Sshd;
  beforeAll(async () => {
    base = temporaryFolder('serve');
    makeTree(join(base, 'tree'), TREE);
    sshd = await startSshd({ config: ['Subsystem sftp internal-sftp'] });
  });
  afterAll(async () => {
    await sshd?.stop();
    removeTree(base);
  });

  test('a restricted key pulls and pushes, and does nothing else', async () => {
    const key = forceCommand(sshd, 'one', `${serve} --stdio --root '${join(base, 'tree')}'`);
    const get = await runOurs(['-a', '-e', key.shell, `${sshd.host}:`, join(base, 'got/')]);
    expect([get.code, get.stderr.toString()]).toEqual([0, '']);
    expect(compareTrees(snapshotTree(join(base, 'tree')), snapshotTree(join(base, 'got')))).toEqual([]);
    const put = await runRsync(newest, ['-a', '-e', key.shell, join(base, 'got/sub'), `${sshd.host}:~/new/`]);
    expect([put.code, put.stderr.toString()]).toEqual([0, '']);
    expect(readdirSync(join(base, 'tree/new/sub')).sort()).toEqual(['below', 'link']);
    const [ssh, ...words] = key.shell.split(' ');
    for (const rest of [[sshd.host], [sshd.host, 'id'], ['-s', sshd.host, 'sftp']]) {
      const { code, stdout, stderr } = await run(ssh!, [...words, ...rest], { input: '' });
      expect([code, stdout.toString()]).toEqual([1, '']);
      // sshd passes on nothing that a subsystem says on its standard error.
      if (rest[0] !== '-s') expect(stderr.toString()).toMatch(/serves rsync (?:alone|and nothing else)/);
    }
    const refused = await runOurs(['-a', '-e', key.shell, '--rsync-path=id;rsync', `${sshd.host}:`, base]);
    expect(refused.code).toBe(1);
    expect(refused.stderr.toString()).toMatch(
      /the server refused the request: there is no shell here .* ";" is an operator/,
    );
  });
});

describe('serve --ssh', () => {
  let server: TestServer;
  let folder = '';
  let outside = '';
  let keys: string[] = [];
  let count = 0;
  const openssh = process.platform !== 'win32';

  beforeAll(async () => {
    server = await startServer();
    folder = server.dir;
    outside = join(folder, 'outside');
    makeTree(server.root, TREE.slice(0, 4));
    makeTree(outside, [
      { path: 'secret', content: 'secret\n' },
      { path: 'dir/secret', content: 'secret\n' },
      { path: 'list', content: 'file\n' },
    ]);
    writeFileSync(
      join(server.root, 'list'),
      [
        'file',
        '../outside/secret',
        'away/secret',
        '/away/dir/',
        'leaf',
        '/etc/passwd',
        'sub/up/secret',
        '',
      ].join('\n'),
    );
    symlinkSync(outside, join(server.root, 'away'));
    symlinkSync('../../outside/dir', join(server.root, 'sub/up'));
    symlinkSync(join(outside, 'secret'), join(server.root, 'leaf'));
    writeFileSync(join(folder, 'known'), `[127.0.0.1]:${server.port} ${server.server.hostKey.publicKey}\n`);
    writeFileSync(join(folder, 'key'), server.userKey.private, { mode: 0o600 });
    keys = [join(folder, 'key')];
    if (!openssh) return;
    const more = (['rsa', 'ecdsa'] as const).map((type) => makeKey(join(folder, `key-${type}`), type));
    keys.push(...more.map(({ path }) => path));
    const lines = [
      `${server.userKey.public} tester`,
      ...more.map(({ publicKey }) => `restrict ${publicKey}`),
    ];
    writeFileSync(join(folder, 'keys'), `${lines.join('\n')}\n`);
  });
  afterAll(() => server.stop());

  const shell = (key = keys[0]!, ...more: string[]): string =>
    [
      `ssh -F none -p ${server.port} -i ${key} -o IdentitiesOnly=yes -o BatchMode=yes`,
      ...['UserKnownHostsFile', 'GlobalKnownHostsFile'].map((name) => `-o ${name}=${join(folder, 'known')}`),
      ...more,
    ].join(' ');
  const host = (path: string): string => `127.0.0.1:${path}`;
  const text = ({ code, stderr }: RunResult): [number | null, string] => [code, stderr.toString()];

  test.skipIf(found.length === 0 || !openssh)(
    'clients of every release, with OpenSSH, two at once',
    async () => {
      const got = (peer: Peer): string => join(folder, `got-${peer.version}`);
      const pulls = found.map((peer, at) =>
        runRsync(peer, ['-a', '-e', shell(keys[at % keys.length]), host(''), got(peer)]),
      );
      for (const pull of await Promise.all(pulls)) expect(text(pull)).toEqual([0, '']);
      const root = snapshotTree(server.root);
      for (const peer of found) expect(compareTrees(root, snapshotTree(got(peer)))).toEqual([]);
      const pushes = found.map((peer) =>
        runRsync(peer, ['-a', '-e', shell(), `${got(peer)}/sub`, host(`/new-${peer.version}/`)]),
      );
      for (const push of await Promise.all(pushes)) expect(text(push)).toEqual([0, '']);
      for (const { version } of found) {
        expect(readdirSync(join(server.root, `new-${version}/sub`)).sort()).toEqual(['below', 'link', 'up']);
        rmSync(join(server.root, `new-${version}`), { recursive: true });
      }
    },
  );

  test.skipIf(found.length === 0 || !openssh)('keys are exchanged anew on the way', async () => {
    const big = join(folder, 'big');
    writeFileSync(big, noise(6_000_000));
    const often = shell(keys[0], '-o RekeyLimit=1M');
    expect(text(await runRsync(newest, ['-e', often, big, host('big')]))).toEqual([0, '']);
    expect(text(await runRsync(newest, ['-e', often, host('big'), `${big}2`]))).toEqual([0, '']);
    expect(readFileSync(`${big}2`).equals(readFileSync(big))).toBe(true);
    rmSync(join(server.root, 'big'));
  });

  test('the built-in ssh: there and back, a delta, a deletion', async () => {
    const here = join(folder, 'here');
    makeTree(here, [
      { path: 'a', content: noise(300_000) },
      { path: 'b/c', content: 'c' },
    ]);
    const push = (...more: string[]) =>
      runOurs(['-a', '--stats', ...more, '-e', shell(), `${here}/`, host('site')]);
    expect(text(await push())).toEqual([0, '']);
    writeFileSync(join(here, 'a'), Buffer.concat([readFileSync(join(here, 'a')), Buffer.from('more')]));
    rmSync(join(here, 'b'), { recursive: true });
    const second = await push('--delete', '--no-whole-file');
    expect(text(second)).toEqual([0, '']);
    expect(second.stdout.toString()).toMatch(/Literal data: [0-9,]{1,5} bytes/);
    const back = join(folder, 'back');
    expect(text(await runOurs(['-a', '-e', shell(), host('site/'), back]))).toEqual([0, '']);
    expect(compareTrees(snapshotTree(here), snapshotTree(back))).toEqual([]);
    rmSync(join(server.root, 'site'), { recursive: true });
  });

  test.each([
    [['-r'], ['away/secret']],
    [['-r'], ['away/']],
    [['-r'], ['/away/dir/secret']],
    [['-r'], ['sub/up/secret']],
    [['-r'], ['sub/../away/secret']],
    [['-r'], ['../outside/secret']],
    [['-r'], ['sub/../../outside/dir/']],
    [['-r'], ['../../../../../etc/passwd']],
    [['-r'], ['*/secret', 'a*/*', '*/up/*']],
    [['-rs'], ['away/secret', 'a*/*', '~/away/secret']],
    [['-a'], ['away', 'leaf', 'sub/up']],
    [['-rL'], ['']],
    [['-rL'], ['away', 'leaf', 'sub/up/']],
    [['-rlk'], ['']],
    [['-rl', '--copy-unsafe-links'], ['']],
    [['-rR'], ['sub/../../outside/secret', '/./away/secret', 'sub/up/./secret']],
    [['-rK'], ['away/./dir']],
    [['-r', '--files-from=:list'], ['']],
    [['-rL', '--files-from=:list'], ['sub']],
    [['-r', '--files-from=:../outside/list'], ['']],
    [['-r', '--files-from=:away/list'], ['']],
  ])('nothing from outside: %j %j', async (args, paths) => {
    const got = join(folder, `got-${++count}`);
    const sources = paths.map((path, at) => (at === 0 ? host(path) : `:${path}`));
    const client = found.length > 0 && openssh ? runRsync.bind(undefined, newest) : runOurs;
    const result = await client([...args, '-e', shell(), ...sources, `${got}/`]);
    // A list that is out of reach, and a path of -R that climbs, are mistakes.
    const list = args.find((arg) => arg.startsWith('--files-from'));
    expect(list?.endsWith('/list') || args[0] === '-rR' ? [1] : [0, 23]).toContain(result.code);
    if (result.code !== 0)
      expect(result.stderr.toString()).toMatch(/No such file|leads out of the root|found "\.\." dir/);
    const entries = existsSync(got) ? [...snapshotTree(got)] : [];
    const files = entries.filter(([, { type }]) => type === 'file').map(([name]) => name);
    expect(files.filter((name) => readFileSync(join(got, name), 'utf8') === 'secret\n')).toEqual([]);
    expect(files.filter((name) => !/^(sub\/below|sub\/link|below|file|\.hidden|list)$/.test(name))).toEqual(
      [],
    );
    // Links are copied as links.
    if (args[0] === '-a')
      expect(entries.map(([name]) => name)).toEqual(expect.arrayContaining(['away', 'leaf', 'up']));
    expect(result.stderr.toString()).not.toContain(folder);
    rmSync(got, { recursive: true, force: true });
  });

  test('nothing to outside: links in the way, also such as the client has just made', async () => {
    const here = join(folder, 'hostile');
    makeTree(here, [{ path: 'x/planted', content: 'planted' }]);
    symlinkSync(outside, join(here, 'door'));
    const before = snapshotTree(outside);
    const push = (source: string, to: string, ...more: string[]) =>
      runOurs(['-a', ...more, '-e', shell(), source, host(to)]);
    for (const to of [
      'away/',
      'away/new/',
      'sub/up/',
      'away/secret',
      '../outside/',
      '/away/../../outside/',
    ]) {
      const { code } = await push(join(here, 'x/planted'), to);
      expect({ to, planted: existsSync(join(outside, 'planted')), code }).toEqual({
        to,
        planted: false,
        code: /\.\.\/outside/.test(to) ? 0 : 3,
      });
    }
    expect((await push(join(here, 'door'), 'in/')).code).toBe(0);
    expect((await push(join(here, 'x/planted'), 'in/door/')).code).toBe(3);
    // A directory in the place of the link replaces it, and is filled, in the root.
    rmSync(join(here, 'door'));
    makeTree(here, [{ path: 'door/planted', content: 'planted' }]);
    expect((await push(`${here}/`, 'in/', '--delete')).code).toBe(0);
    expect(readFileSync(join(server.root, 'in/door/planted'), 'utf8')).toBe('planted');
    expect(compareTrees(before, snapshotTree(outside))).toEqual([]);
  });
});

describe('the command serve --ssh', () => {
  let folder = '';
  let child: ChildProcess | undefined;
  beforeAll(() => {
    folder = temporaryFolder('serve');
  });
  afterAll(() => {
    child?.kill('SIGKILL');
    removeTree(folder);
  });

  test('says how to reach it, makes its key once, logs, and ends with a signal', async () => {
    const key = startKeys(folder);
    const root = join(folder, 'root');
    makeTree(root, TREE.slice(0, 3));
    const state = process.platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_STATE_HOME';
    const args = [
      'serve',
      '--ssh',
      '--root',
      root,
      '--port',
      '0',
      '--read-only',
      '--log-file',
      join(folder, 'log'),
    ];
    const start = async () => {
      child = spawn(process.execPath, [MAIN, ...args, '--authorized-keys', join(folder, 'keys')], {
        env: { ...process.env, HOME: folder, [state]: join(folder, 'state') },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      for await (const chunk of child.stdout!) {
        said += String(chunk);
        // From here on nobody reads what it says, which must not end it.
        if (said.includes('Ctrl-C ends it.')) return said;
      }
      throw new Error(`it ended: ${said}`);
    };
    const stop = async (): Promise<unknown> => {
      const ended = new Promise((resolve) => child!.once('exit', (code, signal) => resolve(code ?? signal)));
      child!.kill('SIGTERM');
      return ended;
    };
    const first = await start();
    expect(first).toMatch(/^rsyncjs serves .* over ssh at 127\.0\.0\.1 port \d+ \(read only\)$/m);
    expect(first).toContain(', made now: ');
    const [, port, hostKey] = /for known_hosts: \[127\.0\.0\.1\]:(\d+) (.*)$/m.exec(first)!;
    writeFileSync(join(folder, 'known'), `[127.0.0.1]:${port} ${hostKey}\n`);
    const shell = `ssh -F none -p ${port} -i ${key} -o UserKnownHostsFile=${join(folder, 'known')}`;
    const pull = await runOurs(['-a', '-e', shell, '127.0.0.1:', join(folder, 'got/')]);
    expect([pull.code, pull.stderr.toString()]).toEqual([0, '']);
    expect(compareTrees(snapshotTree(root), snapshotTree(join(folder, 'got')))).toEqual([]);
    const push = await runOurs(['-a', '-e', shell, root, '127.0.0.1:x']);
    expect(push.code).toBe(1);
    expect(push.stderr.toString()).toContain(
      'the server refused the request: this account may only be read from',
    );
    // Windows has no signal that a program could act upon.
    expect(await stop()).toBe(process.platform === 'win32' ? 'SIGTERM' : 0);
    expect(readFileSync(join(folder, 'log'), 'utf8')).toMatch(
      /^\S+ 127\.0\.0\.1 login with SHA256:\S+ me\n\S+ 127\.0\.0\.1 sender "\." exit 0\n\S+ 127\.0\.0\.1 login .*\n\S+ 127\.0\.0\.1 receiver "x" exit 1 \(refused: .*\)\n$/,
    );
    const second = await start();
    expect(second).toContain(hostKey);
    expect(second).not.toContain('made now');
    await stop();
  });

  test.each([
    [['--stdio', '--ssh', '--root', '.'], /one of --stdio and --ssh/],
    [['--ssh', '--root', '.'], /--authorized-keys FILE is missing/],
    [['--stdio', '--root', '.', '--port', '1'], /--port goes with --ssh/],
    [['--stdio', '--root', '.', '--read-only', '--write-only'], /exclude each other/],
    [['--stdio', '--root', '.'], /SSH_ORIGINAL_COMMAND is not set/],
    [['--ssh', '--root', '.', '--authorized-keys', '/nowhere'], /No such file/],
  ])('%j is refused', async (args, message) => {
    const { code, stderr } = await runOurs(['serve', ...args]);
    expect(stderr.toString()).toMatch(message);
    expect([1, 255]).toContain(code);
  });
});

/** A key of a user, and the file that lets it in; returns the private half's path. */
function startKeys(folder: string): string {
  const key = join(folder, 'key');
  const { private: text, public: line } = ssh2Key();
  writeFileSync(key, text, { mode: 0o600 });
  writeFileSync(join(folder, 'keys'), `${line} me\n`, { mode: 0o600 });
  return key;
}
