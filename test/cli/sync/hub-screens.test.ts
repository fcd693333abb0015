/** The commands of a hub in a real terminal (tmux), at 80 and at 120 columns, and what they print without one. */
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestDaemon } from '../../support/daemons.ts';
import { MAIN, newestPeer, requirePeers, temporaryFolder } from '../../support/peers.ts';
import { noTmux, quoted, type Terminal, Terminals } from '../../support/terminal.ts';
import { noise, removeTree } from '../../support/tree.ts';
import { Hub } from '../../sync/hub/machines.ts';

/** What differs from run to run. */
const steady = (text: string): string =>
  text
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replace(/\(\d+ms\)/g, '(Nms)')
    .replace(/rsync:\/\/127\.0\.0\.1:PORT\/nope/, 'rsync://HOST/nope');

describe.skipIf(noTmux || requirePeers().length === 0)('a hub (skipped without tmux)', () => {
  const base = temporaryFolder('hub-tmux');
  const hub = new Hub(base);
  let daemon: TestDaemon;
  const terminals = new Terminals(base);
  const spoke = (name: string, module: string, more: object = {}) => ({
    name,
    sync_method: 'rsync',
    source: daemon.url(module),
    path: join(hub.home, name),
    ...more,
  });

  beforeAll(async () => {
    mkdirSync(join(base, 'spoke'));
    mkdirSync(join(base, 'daemon'));
    writeFileSync(join(base, 'spoke/büro.jsonl'), 'x\n');
    utimesSync(join(base, 'spoke/büro.jsonl'), 1_772_366_400, 1_772_366_400);
    daemon = await TestDaemon.start({
      peer: newestPeer(),
      folder: join(base, 'daemon'),
      tree: base,
      config: `use chroot = no\n[data]\npath = ${join(base, 'spoke')}\n`,
    });
    hub.configure([spoke('büro', 'data'), spoke('wrong', 'nope'), spoke('old', 'data', { enabled: false })], {
      name: 'attic',
      sessions_dir: '~/own',
      retries: 0,
    });
  });
  afterAll(async () => {
    terminals.stop();
    await daemon?.stop();
    removeTree(base);
  });

  function open(columns: number, words: string): Terminal {
    const command = [process.execPath, MAIN, 'hub', ...words.split(' '), '--config', hub.file];
    return terminals.open(command.map(quoted).join(' '), { columns, env: { ...hub.env, TZ: 'UTC' } });
  }

  /** What stands on the screen of so many columns when the command has ended. */
  async function screen(columns: number, words: string): Promise<string[]> {
    return (await open(columns, words).ended()).map(steady);
  }

  test('run', async () => {
    for (const [columns, heading] of [
      [80, 'Spoke     Phase         Progress                     Size        Rate       ETA'],
      [
        120,
        'Spoke     Phase         Progress                                           Size        Rate       ETA',
      ],
    ] as const) {
      expect(await screen(columns, 'run')).toEqual([
        'Starting sync...',
        heading,
        `büro      ✓ Synced ${columns === 80 ? '1 file (2 B)' : '0 files (0 B)'} (Nms)`,
        "wrong     ✗ @ERROR: Unknown module 'nope'",
        "wrong: @ERROR: Unknown module 'nope'",
        expect.stringMatching(/^wrong: {3}Check its spelling: modules are listed by rsync:/),
        expect.any(String),
        'Some syncs failed.',
        '[5]',
      ]);
    }
  });

  test('status and list, and the same without a terminal', async () => {
    const here = join(hub.home, 'büro');
    const [narrow, wide, list, plain] = await Promise.all([
      screen(80, 'status'),
      screen(120, 'status'),
      screen(120, 'list --long'),
      hub.hub('status'),
    ]);
    const expected = [
      'Sync Status',
      '='.repeat(60),
      'Hub: attic',
      '  Files:     0 (0 B)',
      `  Directory: ${join(hub.home, 'own')}`,
      '',
      '✓ büro (rsync)',
      '  Files:     1 (2 B)',
      `  Path:      ${here}`,
      '  Source:    rsync://127.0.0.1:PORT/data',
      '  Last sync: just now',
      '',
      '✗ wrong (rsync)',
      '  Files:     0 (0 B)',
      `  Path:      ${join(hub.home, 'wrong')}`,
      '  Source:    rsync://HOST/nope',
      '  Last sync: never synced',
      "  Attempt:   just now: @ERROR: Unknown module 'nope'",
      '',
      '- old (rsync) disabled',
      '  Files:     0 (0 B)',
      `  Path:      ${join(hub.home, 'old')}`,
      '  Source:    rsync://127.0.0.1:PORT/data',
      '  Last sync: never synced',
      '',
      'Total files of spokes: 1',
    ];
    expect(narrow).toEqual([...expected, '[0]']);
    expect(wide).toEqual(narrow);
    const words = expected.map((line) => line.replace(/^✓/, 'ok').replace(/^✗/, 'error'));
    expect(steady(plain.out).trimEnd().split('\n')).toEqual(words);
    expect(list).toEqual([
      'büro (rsync): 1 file',
      `  2026/03/01 12:00:00       2 B  ${here}/büro.jsonl`,
      '',
      'wrong (rsync): 0 files',
      '',
      'old (rsync): 0 files',
      '[0]',
    ]);
  });

  describe('Ctrl-C in the middle of the table', () => {
    const there = join(base, 'slow');
    const here = join(hub.home, 'web');
    const content = noise(3_000_000);

    beforeAll(() => {
      mkdirSync(there);
      writeFileSync(join(there, 'big.jsonl'), content);
      daemon.addModule('slow', { path: there });
    });

    const names = (folder: string): string[] =>
      existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];

    /** Until some of the file is there. */
    async function underWay(): Promise<Terminal> {
      hub.configure([spoke('web', 'slow', { rsync_options: { bw_limit: 400 } }), spoke('next', 'data')], {
        jobs: 1,
      });
      const terminal = open(80, 'run');
      await terminal.until((lines) => lines.some((line) => /web .* [1-9]\d*%/.test(line)));
      expect(terminal.ask('#{cursor_flag}')).toBe('0');
      return terminal;
    }

    /** What a person needs who goes on in this terminal: a cursor, an echo, lines. */
    async function expectSane(terminal: Terminal): Promise<void> {
      expect(terminal.ask('#{cursor_flag} #{wrap_flag}')).toBe('1 1');
      const before = terminal.screen().length;
      terminal.press('stty -a | grep -ow -e -echo -e echo -e -icanon -e icanon', 'Enter');
      const lines = await terminal.until(
        (found) => found.filter((line) => /^-?(?:echo|icanon)$/.test(line)).length === 2,
      );
      expect(lines.slice(before)).toEqual([expect.stringMatching(/^stty -a/), 'icanon', 'echo']);
    }

    function expectKept(): void {
      expect(names(hub.state).filter((name) => name.includes('.lock'))).toEqual([]);
      expect(names(here).filter((name) => /big/.test(name))).toEqual(['.rsyncjs-partial/big.jsonl']);
      const kept = readFileSync(join(here, '.rsyncjs-partial/big.jsonl'));
      expect(kept.equals(content.subarray(0, kept.length))).toBe(true);
    }

    test('once: the table is whole, and the next run can go on', async () => {
      const terminal = await underWay();
      terminal.press('C-c');
      expect(await terminal.ended()).toEqual([
        'Starting sync...',
        'Spoke     Phase         Progress                     Size        Rate       ETA',
        'web       ✗ interrupted',
        'next      - the run was ended before its turn',
        'web: interrupted',
        'Some syncs failed.',
        '[20]',
      ]);
      await expectSane(terminal);
      expectKept();
    });

    test('and a second signal at once: it ends at once, and all that is the same', async () => {
      const terminal = await underWay();
      // Two of a kind could become one: the process sees both only when it goes on.
      const [pid = 0] = terminal.children();
      process.kill(pid, 'SIGSTOP');
      terminal.press('C-c');
      process.kill(pid, 'SIGTERM');
      process.kill(pid, 'SIGCONT');
      const lines = await terminal.ended();
      expect(lines.slice(0, 2)).toEqual(['Starting sync...', expect.stringMatching(/^Spoke {5}Phase/)]);
      expect(lines.at(-1)).toBe('[20]');
      expect(lines.join('\n').match(/^web /gm)).toHaveLength(1);
      await expectSane(terminal);
      expectKept();
    });
  });
});
