import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readHub } from '../../../src/sync/config/hub-config.ts';
import { REFUSED } from '../../../src/sync/config/option-policy.ts';
import { resolveProject } from '../../../src/sync/config/project-config.ts';

const page = readFileSync(new URL('../../../docs/sync-config.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```(?:yaml|sh)\n([\s\S]*?)```/g)].map(([, text]) => text!);
const { platform } = process;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rsyncjs-page-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('the examples of docs/sync-config.md are read', () => {
  const [env, yaml, hub, ...others] = examples;
  expect(others).toEqual([]);
  const input = { cwd: folder, env: {}, home: folder, platform };
  writeFileSync(join(folder, '.env'), env!);
  expect(resolveProject(input).profiles[0]!.options.value).toEqual(['--exclude=*.tmp', '--bwlimit=2m']);
  writeFileSync(join(folder, '.env'), '');
  writeFileSync(join(folder, 'rsyncjs.yaml'), yaml!);
  expect(resolveProject(input).profiles.map(({ name }) => name)).toEqual(['web', 'data']);
  writeFileSync(join(folder, 'hub.yaml'), hub!);
  const { spokes } = readHub({ file: join(folder, 'hub.yaml'), named: true, home: folder, platform });
  expect(spokes.map(({ name }) => name)).toEqual(['laptop']);
});

/** The keys that a reader knows, as it says itself of an unknown one. */
function known(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    const [, names = ''] = /Known are ([^.]*)\./.exec(JSON.stringify(error, ['message', 'hint'])) ?? [];
    return names.split(', ');
  }
  return [];
}

it('the page has every key', () => {
  const project = (text: string) => {
    writeFileSync(join(folder, 'rsyncjs.yaml'), text);
    return known(() => resolveProject({ cwd: folder, env: {}, home: folder, platform }));
  };
  const hub = (text: string) => {
    writeFileSync(join(folder, 'hub.yaml'), text);
    return known(() => readHub({ file: join(folder, 'hub.yaml'), named: true, home: folder, platform }));
  };
  const keys = [
    project('qqqqqq: 1'),
    project('guards: { qqqqqq: 1 }').map((key) => `guards.${key}`),
    project('ssh: { qqqqqq: 1 }'),
    project('profiles: { a: { qqqqqq: 1 } }'),
    hub('hub: { qqqqqq: 1 }'),
    hub('spokes: [{ name: a, sync_method: rsync, source: "hh:", path: a, qqqqqq: 1 }]'),
    hub(
      'spokes: [{ name: a, sync_method: rsync, source: "hh:", path: a, rsync_options: { qqqqqq: 1 } }]',
    ).map((key) => `rsync_options.${key}`),
  ];
  for (const names of keys) expect(names.length).toBeGreaterThan(2);
  expect(keys.flat().filter((key) => !page.includes(key))).toEqual([]);
});

it('the page names what is refused', () => {
  const kin =
    /^(?:delete|only-write-batch|read-batch|log-file-format|help|version|sender|old-dirs|implied-dirs)/;
  const short: Record<string, string> = {
    'dry-run': '`-n`',
    recursive: '--no-r',
    dirs: '`-d`',
    relative: '`-R`',
    'copy-links': '`-L`',
    'copy-dirlinks': '`-k`',
  };
  const missing = Object.keys(REFUSED).filter((name) => {
    const wanted = short[name] ?? (name === 'links' || name === 'times' ? `--no-${name}` : `--${name}`);
    return !kin.test(name) && !page.includes(wanted);
  });
  expect(missing).toEqual([]);
});
