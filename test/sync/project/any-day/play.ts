/** Plays days, and makes those on which something went wrong as short as they can be. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Peer } from '../../../support/peers.ts';
import { removeTree } from '../../../support/tree.ts';
import { BadDay, Day } from './day.ts';
import { type Step, StepMaker } from './steps.ts';

/** A day that went wrong. */
export interface Trouble {
  seed: number;
  steps: Step[];
  /** What is wrong after the last of them. */
  reason: string;
}

/** @param peer  the rsync of the server; undefined: the server is a folder of this machine */
export async function playDay(
  seed: number,
  count: number,
  peer: Peer | undefined,
): Promise<Trouble | undefined> {
  const steps: Step[] = [];
  const reason = await played(peer, async (day) => {
    const maker = new StepMaker(seed, { shot: (place) => day.shot(place), hasShell: peer !== undefined });
    for (let i = 0; i < count; i++) {
      const step: Step = i === count - 1 ? { do: 'settle' } : maker.step();
      steps.push(step);
      await day.do(step);
    }
  });
  return reason === undefined ? undefined : { seed, steps, reason };
}

/** What is wrong after these steps; undefined: nothing. */
export function replay(steps: readonly Step[], peer: Peer | undefined): Promise<string | undefined> {
  return played(peer, async (day) => {
    for (const step of steps) await day.do(step);
  });
}

async function played(
  peer: Peer | undefined,
  play: (day: Day) => Promise<void>,
): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'rsyncjs-day-'));
  try {
    await play(new Day(folder, peer));
    return undefined;
  } catch (error) {
    if (error instanceof BadDay) return error.message;
    throw error;
  } finally {
    removeTree(folder);
  }
}

/** Leaves out what the trouble does not need, and makes what is left plainer. */
export async function shrink(trouble: Trouble, peer: Peer | undefined, attempts = 150): Promise<Trouble> {
  let best = trouble;
  let left = attempts;
  // What was found first is to be found again, not something else.
  const mark = (reason: string) =>
    reason
      .replace(/^settl.*\d:\n/, '')
      .replace(/".*/s, '')
      .replace(/\d+/g, 'N')
      .slice(0, 30);
  const attempt = async (steps: Step[]): Promise<boolean> => {
    if (left-- <= 0) return false;
    const reason = await replay(steps, peer).catch(() => undefined);
    if (reason === undefined || mark(reason) !== mark(trouble.reason)) return false;
    best = { ...trouble, steps, reason };
    return true;
  };
  for (let size = Math.ceil(best.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = best.steps.length - 1 - size; at > -size && left > 0; at -= size) {
      const start = Math.max(0, at);
      await attempt([...best.steps.slice(0, start), ...best.steps.slice(at + size)]);
    }
  }
  for (const [index, step] of best.steps.entries()) {
    if (step.do !== 'run') continue;
    for (const plain of [
      { dryFirst: false },
      { choose: undefined },
      { meanwhile: undefined },
      { abortAt: undefined },
      { cut: undefined },
      { backup: false },
      { onlyIgnored: false },
      { force: false },
      { conflict: 'stop' as const },
    ]) {
      const now = best.steps[index] as Extract<Step, { do: 'run' }>;
      const [key, value] = Object.entries(plain)[0]!;
      if (now[key as keyof typeof now] === value) continue;
      await attempt(best.steps.map((one, i) => (i === index ? { ...now, ...plain } : one)));
    }
  }
  return best;
}

export function tell({ seed, steps, reason }: Trouble): string {
  const lines = steps.map((step) =>
    JSON.stringify(step, (_, value) =>
      typeof value === 'string' && value.length > 40 ? `${value.slice(0, 10)}*${value.length}` : value,
    ),
  );
  return `seed ${seed}:\n${lines.join('\n')}\n=> ${reason}`;
}
