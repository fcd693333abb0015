/** Machines that keep a project in step through one server: roots and homes of their own, one C rsync on the other side. */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fromText } from '../../src/core/bytes.ts';
import type { Profile } from '../../src/sync/project/profile.ts';
import { type RunInput, type RunResult, runProject } from '../../src/sync/project/run.ts';
import { fakeShell, type Peer } from '../support/peers.ts';

let clock = Date.parse('2026-03-01T12:00:00Z');

/** Content and a time of its own: two files of the same size written in one second differ all the same. */
export function put(folder: string, path: string, content: string, mode = 0o644): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
  clock += 1000;
  utimesSync(file, clock / 1000, clock / 1000);
}

export function remove(folder: string, path: string): void {
  rmSync(join(folder, path), { recursive: true });
}

/** All files with their content, directories with a slash. */
export function contents(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) found[`${name}/`] = '';
    else found[name] = readFileSync(path, 'utf8');
  }
  return found;
}

export class Machine {
  readonly root: string;
  readonly home: string;
  readonly name: string;
  profile: Profile;

  constructor(base: string, name: string, server: string, peer: Peer | 'ours') {
    this.name = name;
    this.root = join(base, name, 'project');
    this.home = join(base, name, 'home');
    mkdirSync(this.root, { recursive: true });
    mkdirSync(this.home, { recursive: true });
    this.profile = {
      name: 'default',
      root: this.root,
      location: `host:${server}`,
      connection: ['-e', fakeShell(base, peer)],
      words: [],
      rules: [],
      filterFiles: [fromText('.rsync-exclude')],
      conflict: 'stop',
      limits: {},
      onlyIgnored: false,
      backup: false,
    };
  }

  get state(): string {
    return join(this.home, 'state');
  }

  run(direction: 'pull' | 'push', more: Partial<RunInput> = {}): Promise<RunResult> {
    return runProject({
      profile: this.profile,
      direction,
      connect: { env: { ...process.env, HOME: this.home } },
      stateFolder: this.state,
      who: { user: 'me', host: this.name },
      now: () => new Date(),
      ...more,
    });
  }

  pull(more: Partial<RunInput> = {}): Promise<RunResult> {
    return this.run('pull', more);
  }

  push(more: Partial<RunInput> = {}): Promise<RunResult> {
    return this.run('push', more);
  }
}

/** Two machines with one server. */
export function annaAndBert(base: string, server: string, peer: Peer | 'ours'): [Machine, Machine] {
  return [new Machine(base, 'anna', server, peer), new Machine(base, 'bert', server, peer)];
}
