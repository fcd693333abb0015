import { execFileSync } from 'node:child_process';
import { measure } from './measure.mjs';
import { readStats, transferArguments } from './programs.mjs';
import { differenceOf } from './trees.mjs';

/** One run, from the target as it should be before to the check of what it left. */
export async function runOnce({ contestant, transfer, direction, dir, timeout, ...servers }) {
  transfer.restore();
  // What earlier runs and the restoring have left in the page cache goes to disk now, not during the run.
  execFileSync('sync');
  const words = transferArguments({ contestant, direction, dir, ...servers, ...transfer });
  const { stdout, ...figures } = await measure([...contestant.command, ...words], { dir, timeout });
  const stats = readStats(stdout);
  const wrong = transfer.refuse(stats) ?? differenceOf(transfer.source, transfer.target);
  if (wrong !== undefined) throw new Error(`wrong result: ${wrong}`);
  return { ...figures, ...stats };
}

/** All rounds of one case in one direction. Who goes first changes from round to round, so that drift hits both. */
export async function compare({ programs, rounds, warmups, progress, ...run }) {
  const runs = Object.fromEntries(programs.map(({ name }) => [name, []]));
  for (let round = -warmups; round < rounds; round++) {
    for (const contestant of round % 2 === 0 ? programs : programs.toReversed()) {
      let figures;
      try {
        figures = await runOnce({ ...run, contestant });
      } catch (error) {
        throw new Error(`${contestant.name}: ${error.message}`);
      }
      if (round >= 0) runs[contestant.name].push(figures);
      progress(contestant.name, round, figures);
    }
  }
  return summarize(runs);
}

const FIGURES = ['wall', 'user', 'system', 'cpu', 'peak', 'sent', 'received', 'literal'];

function summarize(runs) {
  const medians = {};
  for (const [name, list] of Object.entries(runs)) {
    medians[name] = Object.fromEntries(FIGURES.map((key) => [key, median(list.map((run) => run[key]))]));
    // How far the walls of the rounds lie apart: (slowest - fastest) / median.
    const walls = list.map(({ wall }) => wall);
    medians[name].spread = (Math.max(...walls) - Math.min(...walls)) / medians[name].wall;
  }
  const ratio = (key) => medians.ours[key] / medians.rsync[key];
  return { medians, ratios: { wall: ratio('wall'), cpu: ratio('cpu'), peak: ratio('peak') }, runs };
}

export function median(values) {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  if (known.length === 0) return undefined;
  const middle = known.length >> 1;
  return known.length % 2 === 1 ? known[middle] : (known[middle - 1] + known[middle]) / 2;
}
