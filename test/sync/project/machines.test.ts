/** Three machines and a server: an sshd with a real rsync behind it, and what goes wrong in the middle. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeers, temporaryFolder } from '../../support/peers.ts';
import { type Sshd, sshdMissing } from '../../support/sshd.ts';
import { removeTree } from '../../support/tree.ts';
import { type Relay, relay } from '../../transport/support.ts';
import { RealMachine, startServer } from '../real-machines.ts';
import { contents, put } from '../support.ts';

const found = requirePeers();
const base = temporaryFolder('machines');
const server = join(base, 'server');
/** Enough to be in the middle of it for a while at LIMIT. */
const BIG = 1 << 20;
const LIMIT = '--bwlimit=100k';
/** The script(1) of util-linux makes a terminal; those of others take other words. */
const hasTerminal = process.platform === 'linux';
const PATIENCE = { timeout: 30_000, interval: 20 };

describe.skipIf(found.length === 0 || sshdMissing() !== undefined)('three machines and a server', () => {
  let sshd: Sshd;
  let between: Relay;
  let anna: RealMachine;
  let bert: RealMachine;
  /** Reaches the server through `between`. */
  let carl: RealMachine;

  beforeAll(async () => {
    sshd = await startServer();
    between = await relay(sshd.port);
    anna = new RealMachine(base, 'anna', sshd);
    bert = new RealMachine(base, 'bert', sshd);
    carl = new RealMachine(base, 'carl', sshd, between.port);
    mkdirSync(server);
    for (const { project } of [anna, bert, carl]) {
      writeFileSync(join(project, '.env'), `SYNC_REMOTE=${sshd.user}@server:${server}\r\n`);
      writeFileSync(join(project, '.rsync-exclude'), '.git\n');
      // One and the same file everywhere, whenever it was written.
      for (const name of ['.env', '.rsync-exclude']) utimesSync(join(project, name), 1e9, 1e9);
    }
  });
  afterAll(async () => {
    between?.stop();
    await sshd?.stop();
    removeTree(base);
  });

  const isLocked = () => readdirSync(server).some((name) => name.startsWith('.rsyncjs-lock'));
  /** Temporary files of a server, beside the file that they become. */
  const arriving = () => readdirSync(server).filter((name) => name.startsWith('.big.bin.'));
  const big = () => {
    const content = randomBytes(BIG);
    return { content, write: (folder: string) => writeFileSync(join(folder, 'big.bin'), content) };
  };
  const changed = big();

  it('what one pushes the others pull', async () => {
    put(anna.project, 'a', 'a\n');
    put(anna.project, 'folder/b', 'b\n');
    for (let i = 0; i < 15; i++) put(anna.project, `many/${i}`, `${i}\n`);
    big().write(anna.project);
    expect(await anna.rsyncjs('push')).toMatchObject({ code: 0, stderr: '' });
    const pulls = [await bert.rsyncjs('pull'), await carl.rsyncjs('pull')];
    expect(pulls.map(({ code }) => code)).toEqual([0, 0]);
    expect(contents(server)).toEqual(contents(anna.project));
    for (const { project } of [bert, carl]) expect(contents(project)).toEqual(contents(server));
  });

  it('a lost network: an exit status of its own, the old file, and an attempt that is remembered', async () => {
    const before = readFileSync(join(server, 'big.bin'));
    changed.write(carl.project);
    const push = carl.start('push', LIMIT);
    await expect.poll(arriving, PATIENCE).toHaveLength(1);
    between.cut();
    const { code, stderr } = await push.ended;
    expect([code, stderr]).toEqual([255, expect.stringContaining('the connection was lost')]);
    await expect.poll(arriving, PATIENCE).toEqual([]);
    expect(readFileSync(join(server, 'big.bin')).equals(before)).toBe(true);
    const status = await carl.rsyncjs('status');
    expect(status.stdout).toMatch(/Last push: never synced, last attempt just now error: /);
    expect(status.stdout).toContain('M  big.bin');
    const log = await carl.rsyncjs('log');
    expect(log.stdout).toMatch(/push {2}failed .*exit 255 RSYNC_\w+/);
  });

  it('a second machine is told who is at it; a push that is killed leaves the old file and its lock', async () => {
    const before = readFileSync(join(server, 'big.bin'));
    const push = carl.start('push', LIMIT);
    await expect.poll(arriving, PATIENCE).toHaveLength(1);
    const second = await bert.rsyncjs('push');
    expect(second.code).toBe(41);
    const who = new RegExp(`the remote folder is locked by \\S+@\\S+ \\(process ${push.child.pid}\\)`);
    expect(second.stderr).toMatch(who);
    push.child.kill('SIGKILL');
    expect((await push.ended).signal).toBe('SIGKILL');
    await expect.poll(arriving, PATIENCE).toEqual([]);
    expect(readFileSync(join(server, 'big.bin')).equals(before)).toBe(true);
    expect(isLocked()).toBe(true);
  });

  it('a push that a person ends with Ctrl-C gives the lock back; the next one goes through', async () => {
    // To others the lock of the last run is not dead yet; its own machine knows better.
    const push = carl.start('push', LIMIT);
    await expect.poll(arriving, PATIENCE).toHaveLength(1);
    push.child.kill('SIGINT');
    expect((await push.ended).code).toBe(20);
    expect(isLocked()).toBe(false);
    expect(await carl.rsyncjs('push')).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(server, 'big.bin')).equals(changed.content)).toBe(true);
    expect(isLocked()).toBe(false);
  });

  it('a pull that is killed leaves the old file and nothing that a push would take for one', async () => {
    const before = readFileSync(join(bert.project, 'big.bin'));
    const names = readdirSync(bert.project);
    const pull = bert.start('pull', LIMIT);
    const temp = join(bert.project, '.rsyncjs-tmp');
    await expect
      .poll(() => (existsSync(temp) ? readdirSync(temp, { recursive: true }) : []), PATIENCE)
      .toHaveLength(2);
    pull.child.kill('SIGKILL');
    await pull.ended;
    expect(readFileSync(join(bert.project, 'big.bin')).equals(before)).toBe(true);
    expect(existsSync(temp)).toBe(true);
    const status = await bert.rsyncjs('status');
    expect(status.stdout).toContain('Here since the last sync: 0 changed, 0 new, 0 deleted');
    expect((await bert.rsyncjs('pull')).code).toBe(0);
    expect(contents(bert.project)).toEqual(contents(server));
    expect(readdirSync(bert.project)).toEqual(names);
  });

  it.each([
    ['.env', 'SYNC_REMOTE=server\n', /\.env:1:13: .*server/],
    [
      '.env',
      'SYNC_REMOTE=h:/p\nSYNC_OPTIONS="-z -essh"\n',
      /\.env:2:18: .*-e in -essh is refused: it chooses/,
    ],
    ['.env', 'SYNC_REMOTE=h:/p\r\nSYNC_OPTIONS=--delete\r\n', /\.env:2:14: .*--delete is refused/],
    ['rsyncjs.yaml', 'remote: h:/p\nconflict: never\n', /rsyncjs\.yaml:2:11: .*never/],
    ['rsyncjs.yaml', 'remote: h:/p\nbackup: yes\n', /rsyncjs\.yaml:2:9: .*true/],
    [
      'rsyncjs.yaml',
      'remote: h:/p\nexlude: [a]\n',
      /rsyncjs\.yaml:2:1: exlude: unknown key\nDid you mean exclude\?/,
    ],
  ])('a mistake in %s: %j', async (file, text, message) => {
    const wrong = new RealMachine(base, 'wrong', sshd);
    removeTree(wrong.project);
    mkdirSync(wrong.project);
    writeFileSync(join(wrong.project, file), text);
    const { code, stderr } = await wrong.rsyncjs('push');
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
  });

  it.skipIf(!hasTerminal)('--interactive asks at a terminal, and refuses to without one', async () => {
    for (const name of ['a', 'c']) put(bert.project, name, `${name}, by bert\n`);
    rmSync(join(bert.project, 'folder'), { recursive: true });
    const piped = await bert.rsyncjs('push', '--interactive');
    expect([piped.code, piped.stderr]).toEqual([
      1,
      expect.stringContaining('--interactive needs a terminal'),
    ]);
    const asked = bert.atTerminal(
      ['push', '--interactive'],
      [
        ['Overwrite a on the server?', 'n\r'],
        ['Delete folder on the server?', 'a\r'],
      ],
    );
    const { code, stdout } = await asked.ended;
    expect([code, stdout]).toEqual([0, expect.stringContaining('Push complete, but for 1 path')]);
    expect(contents(server)).toMatchObject({ a: 'a\n', c: 'c, by bert\n' });
    expect(existsSync(join(server, 'folder'))).toBe(false);
  });

  it.skipIf(!hasTerminal)('Ctrl-C at a question ends the run', async () => {
    const asked = bert.atTerminal(['push', '--interactive'], [['Overwrite a on the server?', '\x03']]);
    const { code, stdout } = await asked.ended;
    expect([code, stdout]).toEqual([20, expect.stringContaining('nothing was changed')]);
    expect(contents(server)).toMatchObject({ a: 'a\n' });
    expect(isLocked()).toBe(false);
  });

  it('a guard: stops where nobody can be asked, and --force goes on', async () => {
    rmSync(join(bert.project, 'many'), { recursive: true });
    const refused = await bert.rsyncjs('push');
    expect(refused.code).toBe(40);
    expect(refused.stderr).toMatch(
      /16 of \d+ paths \(\d+ %\) would be deleted on the server\.(?:.*\n)+.*Nothing was pushed\./,
    );
    expect(readdirSync(join(server, 'many'))).toHaveLength(15);
    expect((await bert.rsyncjs('push', '--force')).code).toBe(0);
    expect(existsSync(join(server, 'many'))).toBe(false);
  });

  it('--only-ignored leaves to Git what Git has, and the next whole run knows what was agreed', async () => {
    execFileSync('git', ['init', '-q', bert.project]);
    put(bert.project, '.gitignore', '.env\n*.secret\n');
    put(bert.project, 'a', 'a, again by bert\n');
    put(bert.project, 'key.secret', 'secret\n');
    const { code, stdout } = await bert.rsyncjs('push', '--only-ignored');
    expect([code, stdout]).toEqual([0, expect.stringContaining('key.secret\n1 file ')]);
    expect(contents(server)).toMatchObject({ a: 'a, by bert\n', 'key.secret': 'secret\n' });
    expect(existsSync(join(server, '.gitignore'))).toBe(false);
    // What is not ignored is still known from before: a deletion is one.
    rmSync(join(bert.project, 'c'));
    expect((await bert.rsyncjs('push')).code).toBe(0);
    expect(Object.keys(contents(server))).toEqual([
      '.env',
      '.gitignore',
      '.rsync-exclude',
      'a',
      'big.bin',
      'key.secret',
    ]);
  });

  it('watch pushes what changes, says so, and ends with 0', async () => {
    const watch = bert.start('watch', '--settle', '1s');
    await expect.poll(watch.said, PATIENCE).toMatch(/watching .*\n.* pull ok nothing to do/);
    put(bert.project, 'watched', 'by bert\n');
    await expect.poll(() => existsSync(join(server, 'watched')), PATIENCE).toBe(true);
    await expect.poll(watch.said, PATIENCE).toContain('push ok 1 transferred, 0 deleted\n');
    watch.child.kill('SIGINT');
    expect(await watch.ended).toMatchObject({ code: 0, stderr: '' });
    expect(isLocked()).toBe(false);
  });
});
