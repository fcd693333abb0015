/** The words of a hub's commands, from the command line on. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chooseVerb } from '../../../src/cli/verbs.ts';
import { temporaryFolder } from '../../support/peers.ts';
import { removeTree } from '../../support/tree.ts';
import { FLEET_COMMANDS } from '../../sync/hub/fleet-commands.ts';
import { Hub } from '../../sync/hub/machines.ts';

const base = temporaryFolder('words');
const hub = new Hub(base);
const spoke = (name: string, more: object = {}) => ({
  name,
  sync_method: 'rsync',
  source: `${name}.invalid:x`,
  path: join(base, name),
  ...more,
});

beforeAll(() => hub.configure([spoke('desk'), spoke('nas', { enabled: false })]));
afterAll(() => removeTree(base));

test.each(FLEET_COMMANDS)('$where of docs/fleet.md is understood', async ({ words }) => {
  const { sync } = await chooseVerb(words);
  const after = (option: string) => words[words.indexOf(option) + 1];
  expect(sync!.command).toBe(words.slice(0, 2).join(' '));
  expect(sync!.given).toMatchObject({ config: after('--config'), shard: after('--shard') });
  if (words.includes('--install')) {
    expect(sync!.given).toMatchObject({ every: '15m', install: true });
    // What is installed says the same as the page's other command.
    const shown = await hub.command([...words.slice(0, -1), '--print', '--format', 'cron']);
    expect([shown.code, shown.out]).toEqual([
      0,
      expect.stringContaining(' hub run --config /etc/rsyncjs/hub.yaml --shard 2/3'),
    ]);
  }
});

test('options that may be given again count all, in any spelling', async () => {
  const words = ['hub', 'run', '-s', 'a', '--spoke', 'b', '--spoke=c', '--tag', 'x', '-nj2', '--no-delete'];
  const { sync } = await chooseVerb(words);
  expect(sync!.given).toMatchObject({
    spoke: ['a', 'b', 'c'],
    tag: ['x'],
    'dry-run': true,
    jobs: '2',
    'no-delete': true,
  });
});

describe('a mistake is told in words', () => {
  test.each([
    ['hub', 'hub: which command?'],
    ['hub runn', 'hub: unknown: runn\nDid you mean "run"?'],
    ['hub run --jbos 3', 'hub: unknown: jbos\nDid you mean "--jobs"?'],
    ['hub run --no-deleet', 'hub: unknown: no-deleet\nDid you mean "--no-delete"?'],
    ['hub run desk', 'hub: unknown: desk\n'],
    ['hub run --jobs 0', 'hub run: --jobs 0 is no number from 1'],
    ['hub run --jobs', 'hub: Not enough arguments following: jobs'],
    ['hub run --config a --config b', 'hub run: --config needs one value'],
    ['hub run --bwlimit x', 'hub run: --bwlimit x: no rate\nWrite KiB a second'],
    ['hub run --shard 0/3', '--shard 0/3: of 3 hubs the first is 1'],
    ['hub run --spoke dsk', 'there is no spoke "dsk"\nDid you mean "desk"? Spokes: desk, nas.'],
    ['hub status --spoke dsk', 'there is no spoke "dsk"'],
    ['hub list --spoke dsk', 'there is no spoke "dsk"'],
    ['hub run --tag attic', 'no spoke has the tag "attic"\nTags: none.'],
    ['hub status --tag attic', 'no spoke has the tag "attic"'],
    ['hub run --jobs 65', 'hub run: --jobs 65: 64 spokes at a time are the most'],
    ['hub list --match a/*', 'the pattern "a/*" has a slash in it: names are matched, not paths'],
    ['hub list --match=', 'the pattern "" is empty'],
    ['hub keys', 'hub: a word is missing'],
    ['hub keys web', 'hub keys: --host [USER@]HOST and --dir DIR say'],
    ['hub keys web --host w --dir d --server ftp', 'hub keys: --server ftp: it is rrsync or rsyncjs'],
    ['hub schedule', 'nothing says when\nGive one of --every 15m'],
    ['hub schedule --every 15m --install --print', 'hub schedule: --print and --install do not go together'],
    ['hub schedule --every 15m --format at', 'hub schedule: --format at: unknown\nKnown are systemd'],
    ['hub schedule --every 15x', '--every 15x: not a time'],
  ])('%s', async (words, message) => {
    const named = /config|keys|hub$|runn|schedule/.test(words) ? [] : ['--config', hub.file];
    const { code, out, err } = await hub.command([...words.split(' '), ...named]);
    expect([code, out, err]).toEqual([1, '', expect.stringContaining(`rsyncjs: ${message}`)]);
  });

  test('a file that is not there, and one that is empty', async () => {
    const gone = await hub.command(['hub', 'run', '--config', join(base, 'none.yaml')]);
    expect([gone.code, gone.err]).toEqual([
      11,
      expect.stringContaining(`${join(base, 'none.yaml')} is not there`),
    ]);
    const usual = await hub.command(['hub', 'run']);
    expect([usual.code, usual.err]).toEqual([
      1,
      expect.stringMatching(/^No spokes are configured in .*hub\.yaml\. Example:\n/),
    ]);
    expect(usual.err).not.toContain('rsync error');
  });
});

test('what is disabled is left alone, unless it is named', async () => {
  const { out } = await hub.hub('status');
  expect(out).toMatch(/^- nas \(rsync\) disabled$/m);
  expect(out).toMatch(/^error desk \(rsync\)$/m);
});

test('an entry of a hub whose spokes have schedules runs those that are due', async () => {
  const words = 'schedule --every 5m --format cron';
  expect((await hub.hub(words)).out).not.toContain('--due');
  hub.configure([spoke('desk', { schedule: '0 3 * * *' })]);
  expect((await hub.hub(words)).out).toContain('--due');
});

test('hub keys makes the files, says what is to be done, and does it once', async () => {
  mkdirSync(join(base, 'keys'));
  const words = [
    'hub',
    'keys',
    'web',
    '--host',
    'anna@web.example',
    '--dir',
    '~/x',
    '--out',
    join(base, 'keys'),
    '--write',
  ];
  const first = await hub.command(words);
  expect([first.code, first.err]).toEqual([0, '']);
  expect(first.out).toMatch(
    /^Made the key .*web_ed25519\n[\s\S]*\nrestrict,command="rrsync -ro x" ssh-ed25519 \S+ rsyncjs-web\n/,
  );
  expect(first.out).toContain('    source: "web:."\n    restricted: true\n');
  const config = readFileSync(join(hub.home, '.ssh/config'), 'utf8');
  expect(config).toContain('Host web\n    HostName web.example\n    User anna\n');
  const again = await hub.command(words);
  expect(again.out).toContain('is there already, and stays as it is.');
  expect(again.out).toContain('The host web is in');
  expect(readFileSync(join(hub.home, '.ssh/config'), 'utf8')).toBe(config);
  expect(readdirSync(join(base, 'keys')).sort()).toEqual(['web_ed25519', 'web_ed25519.pub']);
});
