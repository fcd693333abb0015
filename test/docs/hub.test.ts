/** The guide of the hub, command by command: a hub and two spokes, a real sshd, a real rsync and its rrsync behind it. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run as runCommand } from '../../src/cli/run.ts';
import { splitShellWords } from '../../src/sync/config/shell-words.ts';
import { Capture } from '../cli/support.ts';
import { newestPeer, requirePeers, run, temporaryFolder } from '../support/peers.ts';
import { type Sshd, sshdMissing, startSshd } from '../support/sshd.ts';
import { removeTree } from '../support/tree.ts';
import { missingLine, stepsOf } from './guide.ts';

const page = fileURLToPath(new URL('../../docs/hub.md', import.meta.url));
const steps = stepsOf(page);
const found = requirePeers();
const peer = newestPeer();
const base = temporaryFolder('hub-guide');
const home = (machine: string) => join(base, machine);

const FORMS = {
  'list-form.yaml':
    'spokes: [{name: a, sync_method: rsync, source: "a:x", path: /a, rsync_options: ["-v"]}]\n',
  'runbook-form.yaml': 'sync: {spokes: [{host: a, user: b, session_dir: x, ssh_key: k}]}\n',
};

describe.skipIf(found.length === 0 || peer.rrsync === undefined || sshdMissing() !== undefined)(
  'docs/hub.md',
  () => {
    let sshd: Sshd;
    /** The page's names for what is here, in commands and in what they print. */
    const here = (text: string): string =>
      text
        .replaceAll('anna@laptop', `${sshd.user}@${sshd.host} --port ${sshd.port}`)
        .replaceAll('/home/anna', home('laptop'));
    const there = (text: string): string => text.replaceAll(home('laptop'), '/home/anna');

    /** rsyncjs in this process: to start one for each command would take longer than all that they do. */
    async function outputOf(machine: string, command: string): Promise<string> {
      const split = splitShellWords(command);
      if (!('words' in split) || split.words[0]?.text !== 'rsyncjs') {
        const env = { HOME: home(machine) };
        const { stdout, stderr } = await run('sh', ['-c', command], { cwd: home(machine), env });
        return `${stdout}${stderr}`;
      }
      process.chdir(home(machine));
      const output = new Capture();
      await runCommand({
        argv: split.words.slice(1).map(({ text }) => text),
        env: { PATH: process.env.PATH, HOME: home(machine), LC_ALL: 'C' },
        stdout: output,
        stderr: output,
        transfer: () => Promise.reject(new Error('a hub has no use for it')),
      });
      return output.text;
    }

    beforeAll(async () => {
      sshd = await startSshd({ config: [`SetEnv PATH=${dirname(peer.path)}:/usr/bin:/bin`] });
      const sessions = join(home('laptop'), '.pi/agent/sessions');
      const own = join(home('laptop'), 'sessions');
      for (const folder of [sessions, own, join(home('hub'), '.ssh'), join(home('hub'), '.config/rsyncjs')])
        mkdirSync(folder, { recursive: true });
      for (const name of ['a', 'b']) writeFileSync(join(sessions, `${name}.jsonl`), `${name}\n`);
      writeFileSync(join(own, 'd.jsonl'), 'd\n');
      writeFileSync(join(own, 'd.tmp'), 'stays\n');
      const config = [
        'Host desk',
        `  HostName ${sshd.host}`,
        `  Port ${sshd.port}`,
        `  IdentityFile ${sshd.userKeyPath}`,
        'Host *',
        `  UserKnownHostsFile ${sshd.knownHostsPath}`,
      ];
      writeFileSync(join(home('hub'), '.ssh/config'), `${config.join('\n')}\n`, { mode: 0o600 });
      const file = steps.find(({ command }) => command.endsWith('hub.yaml') && command.startsWith('cat'))!;
      writeFileSync(join(home('hub'), '.config/rsyncjs/hub.yaml'), here(`${file.expected.join('\n')}\n`));
      for (const [name, text] of Object.entries(FORMS)) writeFileSync(join(home('hub'), name), text);
    });
    afterAll(async () => {
      await sshd?.stop();
      removeTree(base);
    });

    test('has commands', () => expect(steps.length).toBeGreaterThan(20));

    test.each(steps.map((step) => ({ step, title: `line ${step.line}: ${step.machine}$ ${step.command}` })))(
      '$title',
      async ({ step }) => {
        const output = await outputOf(step.machine, here(step.command));
        expect(missingLine(step, there(output)), output).toBeUndefined();
        // What the page tells a person to do.
        const line = /^restrict,.*$/m.exec(output);
        if (line !== null) appendFileSync(sshd.authorizedKeysPath, `${line[0]}\n`);
      },
    );

    test('the hub ends with what the spokes have, less what is excluded', () => {
      const copies = (name: string) => readdirSync(join(home('hub'), 'synced', name)).sort();
      expect(copies('laptop')).toEqual(['a.jsonl', 'b.jsonl', 'c.jsonl']);
      expect(copies('desk')).toEqual(['d.jsonl']);
      expect(readFileSync(join(home('hub'), 'synced/laptop/c.jsonl'), 'utf8')).toBe('{"n":3}\n');
    });
  },
);
