/**
 * A daemon of C and one of ours with the same configuration, on equal trees: what a C client gets of the two, and what
 * it leaves there, must agree.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { TestDaemon } from '../support/daemons.ts';
import { newestPeer, type Peer, type RunResult, runRsync, temporaryFolder } from '../support/peers.ts';
import {
  compareTrees,
  type EntrySpec,
  hideTimesSince,
  makeTree,
  removeTree,
  snapshotTree,
} from '../support/tree.ts';
import { inStreams, lineDiff, normalised } from './output.ts';

interface Sides {
  C: TestDaemon;
  ours: TestDaemon;
}
export type Side = keyof Sides;
export const SIDES: readonly Side[] = ['C', 'ours'];

export interface PairInit {
  /** `%TREE%` stands for the folder of the modules. */
  config: string;
  /** Of the modules: what no client changes, and what is made anew for every run. */
  constant: readonly EntrySpec[];
  changing: readonly EntrySpec[];
  /** Of the client. */
  source: readonly EntrySpec[];
  env?: Record<string, string>;
}

export interface Run {
  /** `@` at the start of a word stands for the daemon: `@files/a`, `anna@@login/`. */
  args: readonly string[];
  password?: string;
  /** What standard error holds on both sides. */
  says?: RegExp;
  /** Exit codes that are alike: C cuts a connection off before its message has arrived. */
  alike?: readonly number[];
  client?: Peer;
  input?: string;
  output?: 'none';
}

type Tree = ReturnType<typeof snapshotTree>;

export interface Outcome {
  result: RunResult;
  client: Tree;
  modules: readonly (readonly [string, Tree])[];
}

export class DaemonPair {
  readonly base: string;
  readonly daemons: Sides;
  private readonly init: PairInit;
  /** Folders at the top of the modules that runs change. */
  private readonly changing: ReadonlySet<string>;
  private readonly tops: ReadonlySet<string>;
  private count = 0;

  private constructor(base: string, daemons: Sides, init: PairInit) {
    this.base = base;
    this.daemons = daemons;
    this.init = init;
    this.changing = topsOf(init.changing);
    this.tops = new Set([...topsOf(init.constant), ...this.changing]);
  }

  static async start(init: PairInit): Promise<DaemonPair> {
    process.umask(0o022);
    const base = temporaryFolder('daemon');
    // The user of a module has to get there.
    chmodSync(base, 0o755);
    const start = async (side: Side): Promise<TestDaemon> => {
      const folder = join(base, side);
      const tree = join(folder, 'tree');
      mkdirSync(tree, { recursive: true });
      makeTree(tree, init.constant);
      const peer = side === 'C' ? newestPeer() : undefined;
      const { config, env = {} } = init;
      return await TestDaemon.start({ peer, folder, tree, config, env });
    };
    const [C, ours] = await Promise.all(SIDES.map(start));
    return new DaemonPair(base, { C: C!, ours: ours! }, init);
  }

  async stop(): Promise<void> {
    await Promise.all(SIDES.map((side) => this.daemons[side].stop()));
    removeTree(this.base);
  }

  /** Where the modules of a side are. */
  tree(side: Side): string {
    return join(this.base, side, 'tree');
  }

  /** Runs the command against both daemons; returns the outcome with ours. */
  async compare(run: Run): Promise<Outcome> {
    const folder = join(this.base, `case-${++this.count}`);
    mkdirSync(folder);
    const [expected, actual] = await Promise.all([
      this.once('C', run, join(folder, 'C')),
      this.once('ours', run, join(folder, 'ours')),
    ]);
    const told = actual.result.stderr.toString('latin1');
    const alike =
      run.alike?.includes(expected.result.code ?? -1) && run.alike.includes(actual.result.code ?? -1);
    if (!alike)
      expect(`exit ${actual.result.code} ${told}`).toMatch(new RegExp(`^exit ${expected.result.code} `));
    const trees = [
      ...compareTrees(expected.client, actual.client, { names: ['C', 'ours'] }),
      ...expected.modules.flatMap(([name, tree], at) => {
        const lines = compareTrees(tree, actual.modules[at]![1], { names: ['C', 'ours'] });
        return lines.map((line) => `${name}: ${line}`);
      }),
    ];
    expect(trees).toEqual([]);
    if (run.output !== 'none') {
      const pulls = run.args.findIndex((word) => word.includes('@')) < run.args.length - 1;
      const [left, right] = [expected, actual].map(({ result }) =>
        inStreams(normalised(this.withoutPort(result.stdout)), pulls),
      );
      expect(lineDiff(left!, right!)).toEqual([]);
    }
    if (run.says !== undefined) {
      expect(expected.result.stderr.toString('latin1')).toMatch(run.says);
      expect(told).toMatch(run.says);
    }
    return actual;
  }

  private async once(side: Side, run: Run, folder: string): Promise<Outcome> {
    const tree = this.tree(side);
    for (const name of this.changing) rmSync(join(tree, name), { recursive: true, force: true });
    makeTree(tree, this.init.changing);
    mkdirSync(folder);
    makeTree(folder, this.init.source);
    const since = hideTimesSince();
    const args = run.args.map((word) =>
      word.replace(/^(\w*)@(@?)/, (_, user, second) => this.daemons[side].url('', second ? user : '')),
    );
    const result = await runRsync(run.client ?? newestPeer(), args, {
      cwd: folder,
      env: run.password === undefined ? {} : { RSYNC_PASSWORD: run.password },
      ...(run.input === undefined ? {} : { input: run.input }),
    });
    const look = (path: string) => snapshotTree(path, { hideTimesSince: since });
    const modules = [...this.tops].map((name) => [name, look(join(tree, name))] as const);
    return { result, client: look(folder), modules };
  }

  private withoutPort(output: Buffer): Buffer {
    const ports = SIDES.map((side) => this.daemons[side].port).join('|');
    return Buffer.from(
      output.toString('latin1').replace(new RegExp(`\\b(${ports})\\b`, 'g'), 'PORT'),
      'latin1',
    );
  }
}

/** The folders at the top. */
function topsOf(entries: readonly EntrySpec[]): ReadonlySet<string> {
  const inside = entries.filter(({ path, type }) => type === 'dir' || String(path).includes('/'));
  return new Set(inside.map(({ path }) => String(path).replace(/\/.*/s, '')));
}
