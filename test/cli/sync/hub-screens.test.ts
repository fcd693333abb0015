/** The commands of a hub in a real terminal (tmux), at 80 and at 120 columns, and what they print without one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestDaemon } from '../../support/daemons.ts';
import { MAIN, newestPeer, requirePeers, temporaryFolder } from '../../support/peers.ts';
import { removeTree } from '../../support/tree.ts';
import { Hub } from '../../sync/hub/machines.ts';

const noTmux = spawnSync('tmux', ['-V']).status !== 0;
if (process.env.CI && process.platform === 'linux' && noTmux) throw new Error('apt-get install tmux');

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
  const tmux = (...words: string[]) =>
    execFileSync('tmux', ['-S', join(base, 'socket'), '-f', '/dev/null', ...words], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH!, HOME: base, LC_ALL: 'C.UTF-8', TERM: 'xterm-256color' },
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
    const spoke = (name: string, module: string, more: object = {}) => ({
      name,
      sync_method: 'rsync',
      source: daemon.url(module),
      path: `~/${name}`,
      ...more,
    });
    hub.configure([spoke('büro', 'data'), spoke('wrong', 'nope'), spoke('old', 'data', { enabled: false })], {
      name: 'attic',
      sessions_dir: '~/own',
      retries: 0,
    });
  });
  afterAll(async () => {
    spawnSync('tmux', ['-S', join(base, 'socket'), 'kill-server']);
    await daemon?.stop();
    removeTree(base);
  });

  /** What stands on the screen of so many columns when the command has ended. */
  async function screen(columns: number, words: string): Promise<string[]> {
    const name = `${columns}-${words.replaceAll(' ', '_')}`;
    const env = Object.entries({ ...hub.env, TZ: 'UTC' }).map(([key, value]) => `${key}='${value}'`);
    const program = `env ${env.join(' ')} '${process.execPath}' '${MAIN}' hub ${words} --config '${hub.file}'`;
    tmux(
      'new-session',
      '-d',
      '-s',
      name,
      '-x',
      String(columns),
      '-y',
      '40',
      `${program}; echo "[$?]"; sleep 60`,
    );
    tmux('set-option', '-t', name, 'status', 'off');
    for (;;) {
      const lines = steady(tmux('capture-pane', '-p', '-t', name))
        .trimEnd()
        .split('\n');
      if (/^\[\d+\]$/.test(lines.at(-1)!)) return lines.map((line) => line.trimEnd());
      await delay(50);
    }
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
});
