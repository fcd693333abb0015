/**
 * Pages whose `console` blocks are executed: `MACHINE$ COMMAND`, and below it lines that its output must have, in that
 * order; lines in between are left out on the page.
 */
import { readFileSync } from 'node:fs';

export interface Step {
  /** Line of the page. */
  line: number;
  machine: string;
  command: string;
  /** Lines of the page that the output must have. */
  expected: string[];
}

export function stepsOf(page: string): Step[] {
  const steps: Step[] = [];
  let inBlock = false;
  for (const [index, line] of readFileSync(page, 'utf8').split('\n').entries()) {
    if (/^```/.test(line)) inBlock = line === '```console';
    else if (inBlock) {
      const command = /^([a-z]+)\$ (.+)$/.exec(line);
      if (command !== null)
        steps.push({ line: index + 1, machine: command[1]!, command: command[2]!, expected: [] });
      else if (steps.length > 0) steps.at(-1)!.expected.push(line);
    }
  }
  return steps;
}

/** The first line of a step that the output lacks. Blanks at the ends count for nothing. */
export function missingLine({ expected }: Step, output: string): string | undefined {
  const lines = output.split('\n').map((line) => line.trim());
  let at = 0;
  for (const wanted of expected) {
    const found = lines.findIndex((line, index) => index >= at && line.includes(wanted.trim()));
    if (found < 0) return wanted;
    at = found + 1;
  }
  return undefined;
}
