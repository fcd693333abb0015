/** The daemons of the differential tests: one of each program, with a module for each copy of a fixture. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TestDaemon } from '../support/daemons.ts';
import type { Peer } from '../support/peers.ts';
import { isRoot } from '../support/tree.ts';
import { inModule, type Remote } from './command-line.ts';

/** A module may do what a server behind a remote shell may. */
const CONFIG = `
use chroot = no
munge symlinks = no
reverse lookup = no
read only = no
max verbosity = 9
${isRoot ? 'uid = root\ngid = root\n' : ''}`;

const started = new Map<string, Promise<TestDaemon>>();

function daemonOf(program: Peer | 'ours', base: string): Promise<TestDaemon> {
  const name = program === 'ours' ? program : program.version;
  const running = started.get(name);
  if (running !== undefined) return running;
  const folder = join(base, `daemon-${name}`);
  mkdirSync(folder);
  const peer = program === 'ours' ? undefined : program;
  const starting = TestDaemon.start({ peer, folder, tree: base, config: CONFIG });
  started.set(name, starting);
  return starting;
}

/**
 * A new module of the daemon that this program is. It reads its configuration for every connection.
 * @param values  over those of all modules
 */
export async function moduleOf(
  program: Peer | 'ours',
  base: string,
  name: string,
  values: { path: string } & Record<string, string>,
): Promise<Remote> {
  const daemon = await daemonOf(program, base);
  daemon.addModule(name, values);
  return inModule(daemon.port, name);
}

export async function stopDaemons(): Promise<void> {
  await Promise.all([...started.values()].map(async (daemon) => await (await daemon).stop()));
  started.clear();
}
