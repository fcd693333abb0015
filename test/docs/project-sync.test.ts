/** The guide of a project on several machines, command by command: two machines, a real sshd, a real rsync behind it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requirePeers, run, temporaryFolder } from '../support/peers.ts';
import { type Sshd, sshdMissing } from '../support/sshd.ts';
import { removeTree } from '../support/tree.ts';
import { RealMachine, startServer } from '../sync/real-machines.ts';
import { missingLine, stepsOf } from './guide.ts';

const page = fileURLToPath(new URL('../../docs/project-sync.md', import.meta.url));
const steps = stepsOf(page);
const found = requirePeers();
const base = temporaryFolder('guide');
/** What the page calls them. */
const REMOTE = 'dev@server:/srv/app';

describe.skipIf(found.length === 0 || sshdMissing() !== undefined)('docs/project-sync.md', () => {
  let sshd: Sshd;
  const machines = new Map<string, RealMachine>();
  const remote = () => `${sshd.user}@server:${join(base, 'srv/app')}`;

  beforeAll(async () => {
    sshd = await startServer();
    mkdirSync(join(base, 'srv/app'), { recursive: true });
    for (const name of ['laptop', 'desktop']) machines.set(name, new RealMachine(base, name, sshd));
    const { project } = machines.get('laptop')!;
    mkdirSync(join(project, 'config'));
    mkdirSync(join(project, 'node_modules'));
    writeFileSync(join(project, 'config/local.json'), '{"debug":false}\n');
    writeFileSync(join(project, 'debug.log'), 'stays\n');
  });
  afterAll(async () => {
    await sshd?.stop();
    removeTree(base);
  });

  /** A line of the page, as its reader would type it. The command itself runs in this process: a start takes longer. */
  async function typed(machine: RealMachine, command: string): Promise<string> {
    const words = /^rsyncjs ([\w /=.:%-]+)$/.exec(command)?.[1]?.split(' ');
    const { stdout, stderr } =
      words === undefined
        ? await run('sh', ['-c', command.replaceAll(REMOTE, remote())], {
            cwd: machine.project,
            env: machine.env,
          })
        : await machine.rsyncjs(...words);
    return `${stdout}${stderr}`.replaceAll(remote(), REMOTE);
  }

  test('has commands', () => expect(steps.length).toBeGreaterThan(20));

  test.each(steps.map((step) => ({ step, title: `line ${step.line}: ${step.machine}$ ${step.command}` })))(
    '$title',
    async ({ step }) => {
      const output = await typed(machines.get(step.machine)!, step.command);
      expect(missingLine(step, output), output).toBeUndefined();
    },
  );

  test('both machines end with the same, and what is excluded never left', () => {
    const read = (machine: string, path: string) =>
      readFileSync(join(machines.get(machine)!.project, path), 'utf8');
    expect(read('laptop', 'config/local.json')).toBe(read('desktop', 'config/local.json'));
    expect(read('laptop', 'notes.md')).toBe('remember\n');
    expect(() => read('desktop', 'debug.log')).toThrow('ENOENT');
  });
});
