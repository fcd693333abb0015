/**
 * The commands of a project as people see them: in a real terminal (tmux) of 80 and of 120 columns, in one that has
 * ASCII alone, and through pipes. What has to stand there is in project-screens.txt, screen by screen.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAIN, newestPeer, requirePeers } from '../../support/peers.ts';
import { type Sshd, sshdMissing } from '../../support/sshd.ts';
import { noTmux, quoted, type Terminal, Terminals } from '../../support/terminal.ts';
import { removeTree } from '../../support/tree.ts';
import { RealMachine, startServer } from '../../sync/real-machines.ts';
import { put, remove } from '../../sync/support.ts';

const LONG =
  'notes/日本語のとても長いファイル名がここにあります/a-folder-with-a-rather-long-name/größe und länge.txt';
const SCREENS = new Map(
  readFileSync(new URL('project-screens.txt', import.meta.url), 'utf8')
    .split(/^={3,} /m)
    .slice(1)
    .map((part) => {
      const [title = '', ...lines] = part.trimEnd().split('\n');
      return [title, lines.join('\n')];
    }),
);

// Where lines are broken depends on how long the paths are: they lie in /tmp, whatever TMPDIR says.
const skipped =
  noTmux || process.platform !== 'linux' || requirePeers().length === 0 || sshdMissing() !== undefined;

describe.skipIf(skipped)('a project on the screen (skipped without tmux, sshd and rsync on Linux)', () => {
  let base = '';
  let sshd: Sshd;
  let terminals: Terminals;
  let anna: RealMachine;
  let bert: RealMachine;
  const seen = new Set<string>();

  beforeAll(async () => {
    base = mkdtempSync('/tmp/rsyncjs-screens-');
    terminals = new Terminals(base);
    sshd = await startServer();
    [anna, bert] = [machine('anna'), machine('bert')];
    configure(anna.project, 'srv');
  });
  afterAll(async () => {
    terminals?.stop();
    await sshd?.stop();
    removeTree(base);
  });

  /** With its key and the server's in its own home, whose path is no longer than the others. */
  function machine(name: string): RealMachine {
    const made = new RealMachine(base, name, sshd);
    const ssh = join(made.home, '.ssh');
    copyFileSync(sshd.userKeyPath, join(ssh, 'id_ed25519'));
    chmodSync(join(ssh, 'id_ed25519'), 0o600);
    copyFileSync(sshd.knownHostsPath, join(ssh, 'known_hosts'));
    const config = readFileSync(join(ssh, 'config'), 'utf8');
    writeFileSync(join(ssh, 'config'), config.replace(/^ {2}(?:IdentityFile|UserKnownHostsFile).*\n/gm, ''));
    return made;
  }

  function configure(project: string, folder: string): void {
    writeFileSync(
      join(project, '.env'),
      `SYNC_REMOTE=server:${join(base, folder)}\nSYNC_OPTIONS="--exclude='*.tmp'"\n`,
    );
  }

  function open(at: RealMachine, words: string, columns = 80, env: Record<string, string> = {}): Terminal {
    const command = `${quoted(process.execPath)} ${quoted(MAIN)} ${words}`;
    return terminals.open(command, { columns, cwd: at.project, env: { ...at.env, ...env } });
  }

  /** What differs from run to run, in as many columns where lines might be broken behind it. */
  function steady(text: string): string {
    return text
      .replaceAll(base, `/tmp/rsyncjs-screens-${'X'.repeat(6)}`)
      .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
      .replace(/SHA256:\S{43}/g, `SHA256:${'x'.repeat(43)}`)
      .replace(/\d[\d.]* [KMGT]iB free/g, 'N GiB free')
      .replace(/\S+ (is let in by)/, 'USER $1')
      .replace(/\S+ (on Linux)/, 'SHELL $1')
      .replaceAll(`rsync ${newestPeer().version}`, 'rsync VERSION')
      .replace(/ sent, .*/g, ' sent, ...')
      .replace(/; [\d.]+ \w+ sent/g, '; N sent')
      .replace(/\b(?:\d+[sm] ago|just now)/g, 'AGO')
      .replace(/^\d\d:\d\d:\d\d /gm, 'hh:mm:ss ')
      .replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/gm, 'yyyy-mm-dd hh:mm:ssZ')
      .replace(/ +[\d.]+m?s {2}\S+@\S+$/gm, '  TIME  WHO');
  }

  function expectScreen(title: string, found: string | readonly string[]): void {
    const text = steady(typeof found === 'string' ? found.trimEnd() : found.join('\n'));
    seen.add(title);
    expect(text).toBe(SCREENS.get(title));
  }

  /** The screens of one command line, at 80 columns if nothing else is said. */
  async function shows(
    at: RealMachine,
    words: string,
    ...looks: ('80' | '120' | 'ASCII' | 'pipes')[]
  ): Promise<void> {
    const all = looks.length === 0 ? (['80'] as const) : looks;
    await Promise.all(
      all.map(async (look) => {
        const title = `${words}: ${look}`;
        if (look === 'pipes') {
          const { code, stdout, stderr } = await at.rsyncjs(...words.split(' '));
          expectScreen(title, `${stdout}--- standard error:\n${stderr}[${code}]`);
          return;
        }
        const env: Record<string, string> = look === 'ASCII' ? { LC_ALL: 'C' } : {};
        expectScreen(title, await open(at, words, look === '120' ? 120 : 80, env).ended());
      }),
    );
  }

  /** Answers question after question with keys and Enter, and returns the whole screen. */
  async function answers(at: RealMachine, words: string, ...keys: string[]): Promise<string[]> {
    const terminal = open(at, words);
    for (const [index, key] of keys.entries()) {
      await terminal.until(
        (lines) => /\[y.*\]$/.test(lines.at(-1)!) && lines.join('\n').split('[y/').length === index + 2,
      );
      terminal.press(key, ...(key.length === 1 ? ['Enter'] : []));
    }
    return terminal.ended();
  }

  test('init, and setup of what is not configured yet', async () => {
    const carl = machine('carl');
    await Promise.all([shows(carl, 'setup', 'ASCII'), shows(machine('dora'), 'init', 'pipes')]);
    await carl.rsyncjs('init');
    await shows(carl, 'init --make');
  });

  test('setup', async () => {
    mkdirSync(join(base, 'srv'));
    await anna.rsyncjs('init');
    // With the same times: what both have is no change.
    for (const name of ['.env', '.rsync-exclude']) {
      execFileSync('cp', ['-p', join(anna.project, name), bert.project]);
    }
    const lost = machine('emil');
    configure(lost.project, 'none');
    const failing = open(lost, 'setup', 80, { LC_ALL: 'C' });
    // One after another: each makes a probe in the same folder.
    for (const look of ['80', '120', 'pipes'] as const) await shows(anna, 'setup', look);
    expectScreen('setup, the folder is not there: ASCII', await failing.ended());
  });

  test('config show', async () => {
    await shows(anna, 'config show --origin', '80', '120', 'pipes');
  });

  test('status when both sides have changed', async () => {
    const files = ['both.txt', 'gone.txt', 'mine.txt', 'theirs.txt', 'config/local.json', LONG];
    for (let i = 10; i < 30; i++) files.push(`data/${i}.csv`);
    for (const path of files) put(anna.project, path, 'once\n');
    expect((await anna.rsyncjs('push')).code).toBe(0);
    expect((await bert.rsyncjs('pull')).code).toBe(0);
    for (const path of ['both.txt', 'theirs.txt', LONG]) put(anna.project, path, 'of anna\n');
    remove(anna.project, 'gone.txt');
    expect((await anna.rsyncjs('push')).code).toBe(0);
    for (const path of ['both.txt', 'mine.txt', 'new of bert.txt']) put(bert.project, path, 'of bert\n');

    await shows(bert, 'status --remote', '80', '120', 'ASCII', 'pipes');
  });

  test('a pull and a push that stop at that', async () => {
    await shows(bert, 'pull --dry-run');
    await shows(bert, 'pull --dry-run', 'pipes');
    await shows(bert, 'push');
    await shows(bert, 'push', 'pipes');
    await shows(bert, 'status');
    await shows(bert, 'pull --conflict keep-both');
    expect((await bert.rsyncjs('push')).code).toBe(0);
  });

  test('push --interactive', async () => {
    for (const path of ['both.txt', 'mine.txt', 'theirs.txt', 'fresh.txt', LONG])
      put(bert.project, path, 'again\n');
    remove(bert.project, 'config/local.json');
    const words = 'push --interactive';
    expectScreen(`${words}, x y n !: 80`, await answers(bert, words, 'x', 'y', 'n', '!'));
    expectScreen(`${words}, Ctrl-C: 80`, await answers(bert, words, 'C-c'));
    expectScreen(`${words}, q: 80`, await answers(bert, words, 'q'));
    await shows(bert, words, 'pipes');
  });

  test('a guard asks', async () => {
    rmSync(join(bert.project, 'data'), { recursive: true });
    await shows(bert, 'push --backup', 'pipes');
    expectScreen('push --backup, n: 80', await answers(bert, 'push --backup', 'n'));
    expectScreen('push --backup, y: 80', await answers(bert, 'push --backup', 'y'));
  });

  test('log', async () => {
    await shows(bert, 'log', '80', '120', 'pipes');
  });

  test('watch, until Ctrl-C', async () => {
    const server = join(base, 'srv');
    const watching = open(bert, 'watch --settle 1s --pull-every 1s');
    const tells = (words: string) => watching.until((lines) => lines.some((line) => line.includes(words)));
    await tells('nothing to do');
    put(bert.project, 'seen.txt', 'x\n');
    await tells('push ✓ 1 transferred');
    put(base, 'theirs', 'x\n');
    renameSync(join(base, 'theirs'), join(server, 'brought.txt'));
    await tells('pull ✓ 1 transferred');
    watching.press('C-c');
    expectScreen('watch: 80', await watching.ended());
    expect(readdirSync(server)).not.toContain('.rsyncjs-lock');
    const state = readdirSync(join(bert.home, '.local/state'), { recursive: true, encoding: 'utf8' });
    expect(state.filter((name) => name.endsWith('.lock'))).toEqual([]);
  });

  test('every screen was looked at', () => {
    expect([...seen].sort()).toEqual([...SCREENS.keys()].sort());
  });
});
