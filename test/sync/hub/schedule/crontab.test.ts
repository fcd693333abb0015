/**
 * `hub schedule` with the real crontab(1), in a mount namespace of its own whose crontabs are in memory: that of whoever
 * runs the tests is never touched.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MADE_BY } from '../../../../src/sync/hub/schedule/command.ts';
import { MAIN, run, temporaryFolder } from '../../../support/peers.ts';
import { quoted } from '../../../support/terminal.ts';
import { removeTree } from '../../../support/tree.ts';

const SPOOL = '/var/spool/cron/crontabs';
/** A shell in the namespace, which reads what to do from its standard input. */
const SHELL = ['-m', 'sh', '-ec', `mount -t tmpfs -o mode=1730 crontabs ${SPOOL} && exec sh -s`] as const;

function missing(): string | undefined {
  if (process.platform !== 'linux') return 'mount namespaces are those of Linux';
  if (spawnSync('sh', ['-c', 'command -v crontab']).status !== 0) return 'no crontab (apt-get install cron)';
  if (process.getuid?.() !== 0) return 'only root may mount';
  const { status, stderr } = spawnSync('unshare', SHELL, { input: '', encoding: 'utf8' });
  return status === 0 ? undefined : `no mount namespace: ${stderr.trim()}`;
}

const reason = missing();
if (process.env.CI && process.platform === 'linux' && reason !== undefined) throw new Error(reason);

describe.skipIf(reason !== undefined)(`a real crontab (skipped: ${reason})`, () => {
  const base = temporaryFolder('crontab');
  const folder = join(base, "it's 50% é");
  const config = join(folder, 'hub.yaml');
  const foreign = '# caf\\351\\nMAILTO=""\\n5 4 * * * echo 50\\\\%% done\\n';
  let parts: string[] = [];

  beforeAll(async () => {
    mkdirSync(folder);
    writeFileSync(config, 'spokes: []\n');
    const schedule = (words: string) =>
      `${quoted(process.execPath)} ${quoted(MAIN)} hub schedule --format cron --config ${quoted(config)} ${words}; echo "[$?]"`;
    const script = [
      schedule('--status'),
      schedule('--every 15m --install'),
      schedule('--uninstall'),
      'crontab -l 2>&1; echo "[$?]"',
      `printf '${foreign}' | crontab -; crontab -l`,
      schedule('--every 15m --install'),
      schedule('--every 15m --install'),
      schedule('--at 02:30 --name night --install'),
      'crontab -l',
      schedule('--status'),
      schedule('--every 1h --install'),
      schedule('--uninstall'),
      'crontab -l',
      schedule('--name night --uninstall'),
      'crontab -l',
    ];
    const { stdout, stderr } = await run('unshare', SHELL, {
      input: script.join('\necho =====\n'),
      env: { HOME: base, RSYNCJS_STATE_HOME: join(base, 'state') },
    });
    expect(stderr.toString()).toBe('');
    parts = stdout.toString('latin1').split('=====\n');
  });
  afterAll(() => removeTree(base));

  const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');

  /** The block of an entry, as it stands in the crontab. */
  const block = (name: string, when: string): string => {
    const words = [process.execPath, MAIN, 'hub', 'run', '--config'].join(' ');
    const file = quoted(config).replaceAll('%', '\\%');
    const state = join(base, 'state');
    return [
      `# rsyncjs-${name}: ${MADE_BY}`,
      `${when} RSYNCJS_STATE_HOME=${state} ${words} ${file} >>${state}/${name}.log 2>&1`,
      `# rsyncjs-${name}: end`,
      '',
    ].join('\n');
  };
  /** What the command says: its first line, and its exit status. */
  const said = (part = ''): string[] => [
    utf8(part).split('\n')[0]!,
    utf8(part).trimEnd().split('\n').at(-1)!,
  ];

  test('of a person who had none: there, and none again', () => {
    expect(said(parts[0])).toEqual(['hub is not installed (cron).', '[0]']);
    expect(said(parts[1])).toEqual(['run crontab -', '[0]']);
    expect(said(parts[2])).toEqual(['run crontab -r', '[0]']);
    expect(parts[3]).toBe('no crontab for root\n[1]\n');
  });

  test('what else is in it stays byte by byte, and each name goes by itself', () => {
    const [
      ,
      ,
      ,
      ,
      before = '',
      first,
      again,
      other,
      both = '',
      status = '',
      changed,
      gone,
      night,
      last,
      end,
    ] = parts;
    expect(before).toBe('# caf\xe9\nMAILTO=""\n5 4 * * * echo 50\\% done\n');
    expect(said(first)).toEqual(['run crontab -', '[0]']);
    expect(said(again)).toEqual(['It is installed already, as it is to be.', '[0]']);
    expect(said(other)).toEqual(['run crontab -', '[0]']);
    const added = (...blocks: string[]): string =>
      before + Buffer.from(blocks.join(''), 'utf8').toString('latin1');
    expect(both).toBe(added(block('hub', '*/15 * * * *'), block('night', '30 2 * * *')));
    expect(utf8(status)).toBe(
      `hub is installed (cron).\n${block('hub', '*/15 * * * *').split('\n')[1]}\n[0]\n`,
    );
    expect(said(changed)).toEqual(['run crontab -', '[0]']);
    expect(said(gone)).toEqual(['run crontab -', '[0]']);
    expect(night).toBe(added(block('night', '30 2 * * *')));
    expect(said(last)).toEqual(['run crontab -', '[0]']);
    expect(end).toBe(before);
  });
});
