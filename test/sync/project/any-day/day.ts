/** Three machines and a server, and what happens on them, step by step. */
import {
  cpSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ByteString } from '../../../../src/core/bytes.ts';
import { isRsyncError } from '../../../../src/core/errors.ts';
import type { TransferEvent } from '../../../../src/core/events.ts';
import type { Plan } from '../../../../src/sync/project/plan.ts';
import type { Profile } from '../../../../src/sync/project/profile.ts';
import type { RunResult } from '../../../../src/sync/project/run.ts';
import { projectStatus } from '../../../../src/sync/project/status.ts';
import type { Peer } from '../../../support/peers.ts';
import { Machine } from '../../support.ts';
import { MortalShell } from './mortal-shell.ts';
import { isExcluded, RULES } from './names.ts';
import { judge, judgeLook, type Known, knownAfter, type RunSeen, type Sides } from './oracle.ts';
import { applyEdit, type Shot, sameThing, shoot, type Thing } from './places.ts';
import { type Place, type Run, randomOf, SERVER, type Step } from './steps.ts';
import { differences, eventsText, planText, toldBy } from './told.ts';

const NAMES = ['anna', 'bert', 'carl'];
const LOCK = '.rsyncjs-lock';

/** The common run: what the day's end is made of. */
const PLAIN: Run = {
  direction: 'pull',
  conflict: 'stop',
  force: false,
  backup: false,
  onlyIgnored: false,
  ask: true,
  choose: undefined,
  dryFirst: false,
  abortAt: undefined,
  cut: undefined,
  meanwhile: undefined,
};

interface Side {
  machine: Machine;
  /** Undefined: the server is a folder of this machine. */
  shell: MortalShell | undefined;
  known: Known;
  saved: { known: Known } | undefined;
}

interface Ran {
  found: string[];
  plan: Plan | undefined;
  result: RunResult | undefined;
  events: TransferEvent[];
  /** What was said and planned, for a message. */
  said: string[];
}

/** A step after which something is wrong. */
export class BadDay extends Error {}

export class Day {
  readonly #base: string;
  readonly #server: string;
  readonly #sides: readonly Side[];
  readonly #outside: Shot;
  #now = Date.parse('2026-03-01T12:00:00Z');

  /** @param peer  the server's rsync; undefined: the server is a folder of this machine */
  constructor(base: string, peer: Peer | undefined) {
    this.#base = base;
    this.#server = join(base, 'server');
    mkdirSync(join(base, 'outside/deep'), { recursive: true });
    mkdirSync(this.#server);
    for (const file of ['outside/a', 'outside/deep/b']) writeFileSync(join(base, file), 'of nobody\n');
    this.#sides = NAMES.map((name) => {
      mkdirSync(join(base, name), { recursive: true });
      const machine = new Machine(join(base, name), '.', this.#server, peer ?? 'ours');
      // What links lead to.
      cpSync(join(base, 'outside'), join(base, name, 'outside'), { recursive: true });
      const shell = peer === undefined ? undefined : new MortalShell(join(base, name), peer);
      const far =
        shell === undefined
          ? { location: `${this.#server}/`, connection: [] }
          : { connection: ['-e', shell.path] };
      machine.profile = { ...machine.profile, ...far, rules: RULES, filterFiles: [] };
      return { machine, shell, known: undefined, saved: undefined };
    });
    this.#outside = this.#shootOutside();
  }

  shot(place: Place): Shot {
    return shoot(this.#root(place));
  }

  /** @throws BadDay */
  async do(step: Step): Promise<void> {
    const found = await this.#done(step);
    const outside = this.#shootOutside();
    for (const path of new Set([...outside.keys(), ...this.#outside.keys()])) {
      if (!sameThing(outside.get(path), this.#outside.get(path)))
        found.push(`something outside changed: ${path}`);
    }
    if (found.length > 0) throw new BadDay(found.join('\n'));
  }

  async #done(step: Step): Promise<string[]> {
    switch (step.do) {
      case 'edit':
        applyEdit(this.#root(step.at), step.edit);
        return [];
      case 'run':
        return this.#twice(step.at, step);
      case 'status':
        return this.#status(step.at);
      case 'settle':
        return this.#settle();
      default:
        this.#remember(step.do, this.#sides[step.at]!);
        return [];
    }
  }

  #root(place: Place): string {
    return place === SERVER ? this.#server : this.#sides[place]!.machine.root;
  }

  #both(place: Place): Sides {
    return { local: this.shot(place), remote: this.shot(SERVER) };
  }

  /** What links lead to, and what is around them. */
  #shootOutside(): Shot {
    const found = new Map<string, Thing>(
      ['outside', ...NAMES.map((name) => `${name}/outside`)].flatMap((folder) =>
        [...shoot(join(this.#base, folder))].map(([path, thing]) => [`${folder}/${path}`, thing] as const),
      ),
    );
    for (const name of readdirSync(this.#base))
      found.set(name, { kind: 'directory', text: '', mode: 0, mtime: 0n });
    return found;
  }

  #remember(what: 'forget' | 'save' | 'restore' | 'tear', side: Side): void {
    const { state, home } = side.machine;
    const saved = join(home, 'saved');
    if (what === 'save') {
      rmSync(saved, { recursive: true, force: true });
      if (existsSync(state)) cpSync(state, saved, { recursive: true });
      side.saved = { known: side.known };
    } else if (what === 'forget') {
      rmSync(state, { recursive: true, force: true });
      side.known = undefined;
    } else if (what === 'restore' && side.saved !== undefined) {
      rmSync(state, { recursive: true, force: true });
      if (existsSync(saved)) cpSync(saved, state, { recursive: true });
      side.known = side.saved.known;
    } else if (what === 'tear' && existsSync(join(state, 'profiles'))) {
      // A disk that lost the end of a file.
      for (const name of readdirSync(join(state, 'profiles')).filter((one) => one.endsWith('.base'))) {
        const file = join(state, 'profiles', name);
        writeFileSync(file, readFileSync(file).subarray(0, -9));
      }
      side.known = undefined;
    }
  }

  /** A dry run before it, if it is to have one: it tells what the run will do. */
  async #twice(at: Place, run: Run): Promise<string[]> {
    if (!run.dryFirst) return (await this.#run(at, run, false)).found;
    const undisturbed = { ...run, abortAt: undefined, cut: undefined, meanwhile: undefined };
    const dry = await this.#run(at, undisturbed, true);
    if (dry.found.length > 0) return dry.found.map((text) => `dry run: ${text}`);
    const real = await this.#run(at, run, false);
    const { found } = real;
    const isAltered = run.choose !== undefined || run.meanwhile !== undefined;
    const guarded = real.result?.guards.some(({ name }) => name === 'filter-in-transfer') === true;
    if (!isAltered && !guarded && real.plan !== undefined && dry.plan !== undefined) {
      const [told, done] = [dry.plan, real.plan].map(planText);
      if (told !== done) found.push(`the dry run told another plan: ${told}\nthan was done: ${done}`);
    }
    if (
      !isAltered &&
      real.result?.outcome === 'ok' &&
      dry.result?.outcome === 'dry' &&
      real.result.plan.aside.length === 0
    ) {
      const [told, done] = [dry.events, real.events].map(eventsText);
      if (told !== done) found.push(`the dry run told other events: ${told}\nthan came: ${done}`);
    }
    return found;
  }

  async #run(at: Place, run: Run, dryRun: boolean): Promise<Ran> {
    const side = this.#sides[at]!;
    const { machine, shell } = side;
    const profile: Profile = {
      ...machine.profile,
      conflict: run.conflict,
      backup: run.backup,
      onlyIgnored: run.onlyIgnored,
    };
    if (!dryRun) this.#now += 1000;
    const before = this.#both(at);
    const abort = new AbortController();
    const events: TransferEvent[] = [];
    const touched = new Set<ByteString>();
    const made = new Map<ByteString, Thing>();
    const meanwhile = (when: string | number) => {
      if (run.meanwhile?.when !== when || touched.size > 0) return;
      const { at: where, edit } = run.meanwhile;
      touched.add(edit.path);
      if (edit.edit === 'rename') touched.add(edit.to);
      const old = this.shot(where);
      applyEdit(this.#root(where), edit);
      for (const [path, thing] of this.shot(where)) {
        if (
          thing.kind === 'directory' ||
          (sameThing(old.get(path), thing) && old.get(path)?.mtime === thing.mtime)
        )
          continue;
        made.set(path, thing);
      }
    };
    let plan: Plan | undefined;
    let result: RunResult | undefined;
    let failure: unknown;
    let items = 0;
    const isMortal = shell !== undefined && run.cut !== undefined && !dryRun;
    if (isMortal) shell.cut(run.cut!.connection, run.cut!.bytes);
    try {
      result = await machine.run(run.direction, {
        profile,
        dryRun,
        force: run.force,
        now: () => new Date(this.#now),
        connect: { env: { ...process.env, HOME: machine.home }, signal: abort.signal },
        ...(run.ask === undefined ? {} : { ask: async () => run.ask! }),
        ...(run.choose === undefined ? {} : { choose: async (whole: Plan) => chosen(whole, run.choose!) }),
        ...(run.onlyIgnored
          ? { ignored: async (paths) => new Set(paths.map(({ path }) => path).filter(isIgnored)) }
          : {}),
        onPlan: (shown) => {
          plan = shown;
          meanwhile('plan');
        },
        onStage: (stage) => meanwhile(stage),
        onEvent: (event) => {
          events.push(event);
          meanwhile(items);
          if (items++ === run.abortAt && !dryRun) abort.abort();
        },
      });
    } catch (error) {
      failure = error;
    }
    const isBroken = (isMortal && shell.wasCut()) || abort.signal.aborted;
    await shell?.isOver();
    const after = this.#both(at);
    const where = run.meanwhile?.at === SERVER ? 'remote' : run.meanwhile?.at === at ? 'local' : undefined;
    const seen: RunSeen = {
      ...{ run, dryRun, before, after, known: side.known, plan, result, touched, isBroken },
      made: { side: where, things: made },
    };
    const found: string[] = [];
    if (isRsyncError(failure) && failure.code === 'RSYNC_BUSY' && before.remote.has(LOCK)) {
      // Somebody's connection died before it could give the lock back: the next one waits until it is old.
      lutimesSync(join(this.#server, LOCK), 1e9, 1e9);
      return { found, plan, result, events, said: [] };
    }
    if (failure !== undefined && !isRsyncError(failure))
      found.push(`it threw ${failure instanceof Error ? failure.stack : String(failure)}`);
    for (const text of judge(seen)) found.push(text);
    if (result === undefined && !isBroken)
      found.push(...(found.length > 0 ? [`it failed: ${String(failure)}`] : []));
    if (found.length > 0 && result !== undefined)
      found.push(
        `outcome ${result.outcome} ${result.exitCode} guards ${result.guards.map(({ name }) => name)}`,
      );
    const said = [...toldBy(events), ...(plan === undefined ? [] : [planText(plan)])];
    if (found.length > 0) found.push(...said);
    side.known = knownAfter(seen);
    return { found, plan, result, events, said };
  }

  async #status(at: Place): Promise<string[]> {
    const { machine } = this.#sides[at]!;
    const before = this.#both(at);
    await projectStatus({
      profile: machine.profile,
      connect: { env: { ...process.env, HOME: machine.home } },
      stateFolder: machine.state,
      now: () => new Date(this.#now),
      who: { user: 'me', host: machine.name },
      staleAfter: 0,
      remote: true,
    });
    return judgeLook(before, this.#both(at));
  }

  /** Everybody pulls and pushes until all is said: then all are equal, and there is nothing left to do. */
  async #settle(): Promise<string[]> {
    for (const at of [0, 1, 2] as const) {
      for (const direction of ['pull', 'push'] as const) {
        const { found, result, said } = await this.#peaceful(at, direction);
        if (found.length > 0) return [`settling, ${direction} of ${at}:`, ...found];
        if (result?.outcome !== 'ok')
          return [
            `settling, ${direction} of ${at}: ${result?.outcome} ${result?.guards.map(({ name }) => name)}`,
            ...said,
          ];
      }
      const differ = differences(this.shot(at), this.shot(SERVER));
      if (differ.length > 0)
        return [`${at} and the server differ after a pull and a push: ${differ.join(', ')}`];
    }
    for (const at of [0, 1, 2] as const) {
      const { found, result, said } = await this.#peaceful(at, 'pull');
      if (found.length > 0) return [`settling, last pull of ${at}:`, ...found];
      if (result?.outcome !== 'ok') return [`settling, last pull of ${at}: ${result?.outcome}`, ...said];
      const differ = differences(this.shot(at), this.shot(SERVER));
      if (differ.length > 0) return [`${at} and the server differ in the end: ${differ.join(', ')}`];
    }
    for (const at of [0, 1, 2] as const) {
      for (const direction of ['pull', 'push'] as const) {
        const { found, result, plan, events } = await this.#peaceful(at, direction);
        if (found.length > 0) return [`settled, ${direction} of ${at}:`, ...found];
        const items = eventsText(events);
        if (
          result?.exitCode !== 0 ||
          plan!.transfer.length + plan!.delete.length + plan!.conflicts.length + plan!.keep.length > 0
        )
          return [
            `settled, and ${direction} of ${at} still has something to do: ${result?.outcome} ${planText(plan!)}`,
          ];
        if (items !== '[]') return [`settled, and ${direction} of ${at} still does something: ${items}`];
      }
    }
    return [];
  }

  async #peaceful(at: Place, direction: 'pull' | 'push') {
    // What is excluded, and what was put aside, keeps folders where they are.
    for (const place of [at, SERVER] as const) {
      const shot = this.shot(place);
      for (const path of shot.keys()) {
        if (path !== '' && path !== LOCK && isExcluded(path, shot))
          applyEdit(this.#root(place), { edit: 'remove', path });
      }
    }
    const run: Run = { ...PLAIN, direction, conflict: direction === 'pull' ? 'remote' : 'local' };
    const first = await this.#run(at, run, false);
    // The lock of somebody whose connection died.
    return first.result === undefined && first.found.length === 0 ? this.#run(at, run, false) : first;
  }
}

/** What Git would not carry. */
function isIgnored(path: ByteString): boolean {
  return /(?:^|\/)[a-c]/.test(path);
}

/** Two thirds of what is planned. */
async function chosen(plan: Plan, seed: number): Promise<ReadonlySet<ByteString>> {
  const random = randomOf(seed);
  const paths = [...plan.transfer, ...plan.delete].map(({ path }) => path).sort();
  return new Set(paths.filter(() => random() < 2 / 3));
}
