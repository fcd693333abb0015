/**
 * Recorded sessions, changed at random and told to our two ends in both roles. `npm run fuzz` runs more of them;
 * RSYNCJS_FUZZ_SEED and RSYNCJS_FUZZ_CASES (`N`, `FROM-TO`) choose, RSYNCJS_FUZZ_STATE names a file that always holds
 * the number of the case under way.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fuzzer } from './case.ts';
import { asTold } from './mutation.ts';
import { type Recording, recordings } from './recording.ts';

/** Bytes that the process may grow by, whatever it is told. */
const GROWTH = 256 << 20;

const seed = Number(process.env.RSYNCJS_FUZZ_SEED ?? 1);
const [from, to] = casesOf(process.env.RSYNCJS_FUZZ_CASES ?? '400');
const state = process.env.RSYNCJS_FUZZ_STATE;

function casesOf(text: string): [number, number] {
  const [first, last] = text.split('-').map(Number);
  return last === undefined ? [0, first!] : [first!, last];
}

let known: Recording[];
let fuzzer: Fuzzer;
beforeAll(async () => {
  known = await recordings();
  fuzzer = new Fuzzer(seed, known, process.env.RSYNCJS_FUZZ_TMPDIR ?? tmpdir());
});
afterAll(() => fuzzer.close());

describe('fuzz', () => {
  it('the recordings are good sessions, and all eight victims hear them', async () => {
    expect(known.length).toBeGreaterThan(100);
    expect(new Set(known.map(({ victim }) => victim)).size).toBe(8);
    for (const recording of known.filter(({ name }) => !name.startsWith('captured'))) {
      const { exitCode, said, faults } = await fuzzer.tell(recording, asTold(recording));
      expect({ faults, said, exitCode }, `${recording.name} to the ${recording.victim}`).toEqual({
        faults: [],
        said: '',
        exitCode: recording.exitCode ?? 0,
      });
    }
  });

  it(`cases ${from} to ${to - 1} of seed ${seed}`, { timeout: 86_400_000 }, async () => {
    const before = process.resourceUsage().maxRSS * 1024;
    const codes: Record<string, number> = {};
    for (let number = from; number < to; number++) {
      if (state !== undefined) writeFileSync(state, String(number));
      const { recording, victim, code, faults } = await fuzzer.run(number);
      codes[`${victim}: ${code}`] = (codes[`${victim}: ${code}`] ?? 0) + 1;
      const where = `seed ${seed}, case ${number}: ${recording}, to the ${victim}`;
      expect(faults, where).toEqual([]);
      const grown = process.resourceUsage().maxRSS * 1024 - before;
      expect(grown, `${where}: grown by ${grown} bytes`).toBeLessThan(GROWTH);
    }
    if (state !== undefined) writeFileSync(`${state}.codes`, JSON.stringify(codes));
    // Cases that all end alike would test nothing.
    if (to - from >= 400) expect(Object.keys(codes).length).toBeGreaterThan(8);
  });
});
