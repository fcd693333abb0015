/** The guide of a project on several machines, command by command: two machines, a real sshd, a real rsync behind it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAIN, newestPeer, requirePeers, run, temporaryFolder } from '../support/peers.ts';
import { type Sshd, sshdMissing, startSshd } from '../support/sshd.ts';
import { removeTree } from '../support/tree.ts';
import { missingLine, stepsOf } from './guide.ts';

const page = fileURLToPath(new URL('../../docs/project-sync.md', import.meta.url));
const steps = stepsOf(page);
const found = requirePeers();
const base = temporaryFolder('guide');
/** What the page calls them. */
const REMOTE = 'dev@server:/srv/app';

describe.skipIf(found.length === 0 || sshdMissing() !== undefined)('docs/project-sync.md', () => {
  let sshd: Sshd;
  const remote = () => `${sshd.user}@server:${join(base, 'srv/app')}`;

  beforeAll(async () => {
    sshd = await startSshd({ config: [`SetEnv PATH=${dirname(newestPeer().path)}:/usr/bin:/bin`] });
    mkdirSync(join(base, 'srv'));
    mkdirSync(join(base, 'bin'));
    const program = `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`;
    writeFileSync(join(base, 'bin/rsyncjs'), program, { mode: 0o755 });
    for (const machine of ['laptop', 'desktop']) {
      const [home, project] = [join(base, machine, 'home'), join(base, machine, 'app')];
      mkdirSync(join(home, '.ssh'), { recursive: true });
      mkdirSync(project, { recursive: true });
      const config = [
        'Host server',
        `  HostName ${sshd.host}`,
        `  Port ${sshd.port}`,
        `  IdentityFile ${sshd.userKeyPath}`,
        `  UserKnownHostsFile ${sshd.knownHostsPath}`,
      ];
      writeFileSync(join(home, '.ssh/config'), `${config.join('\n')}\n`, { mode: 0o600 });
      writeFileSync(join(project, '.env'), `SYNC_REMOTE=${remote()}\n`);
      writeFileSync(join(project, '.rsync-exclude'), '/node_modules/\n*.log\n');
    }
    mkdirSync(join(base, 'laptop/app/config'));
    writeFileSync(join(base, 'laptop/app/config/local.json'), '{"debug":false}\n');
    writeFileSync(join(base, 'laptop/app/debug.log'), 'stays\n');
  });
  afterAll(async () => {
    await sshd?.stop();
    removeTree(base);
  });

  test('has commands', () => expect(steps.length).toBeGreaterThan(15));

  test.each(steps.map((step) => ({ step, title: `line ${step.line}: ${step.machine}$ ${step.command}` })))(
    '$title',
    async ({ step }) => {
      const { stdout, stderr } = await run('sh', ['-c', step.command], {
        cwd: join(base, step.machine, 'app'),
        env: {
          HOME: join(base, step.machine, 'home'),
          PATH: `${join(base, 'bin')}:${process.env.PATH}`,
          XDG_STATE_HOME: '',
        },
      });
      const output = `${stdout}${stderr}`.replaceAll(remote(), REMOTE);
      expect(missingLine(step, output), output).toBeUndefined();
    },
  );

  test('both machines end with the same, and what is excluded never left', () => {
    const local = (machine: string) => readFileSync(join(base, machine, 'app/config/local.json'), 'utf8');
    expect(local('laptop')).toBe(local('desktop'));
    expect(readFileSync(join(base, 'laptop/app/notes.md'), 'utf8')).toBe('remember\n');
    expect(() => readFileSync(join(base, 'desktop/app/debug.log'))).toThrow('ENOENT');
  });
});
