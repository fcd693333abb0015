import { Output, type Sink } from '../../src/cli/output.ts';
import { TextPrinter } from '../../src/cli/text-printer.ts';
import type { EntryDetails, TransferStats } from '../../src/core/events.ts';
import { parseArguments } from '../../src/options/parse.ts';
import { emptyStats } from '../../src/roles/context.ts';

/** Takes what is written, and how often. */
export class Capture implements Sink {
  chunks: Buffer[] = [];

  write(chunk: Uint8Array, callback?: (error?: Error | null) => void): boolean {
    if (chunk.length > 0) this.chunks.push(Buffer.from(chunk));
    callback?.();
    return true;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }
}

export const NO_KINDS = { total: 0, regular: 0, directories: 0, symlinks: 0, devices: 0, specials: 0 };

export function stats(given: Partial<TransferStats> = {}): TransferStats {
  return { ...emptyStats(), ...given };
}

export function entry(name: string, given: Partial<EntryDetails> = {}): EntryDetails {
  return {
    name,
    mode: 0o100644,
    size: 3,
    mtime: 1_000_000_000,
    mtimeNsec: 0,
    uid: undefined,
    gid: undefined,
    target: undefined,
    checksum: undefined,
    ...given,
  };
}

export const optionsOf = (...argv: string[]) => parseArguments([...argv, 'src/', 'host:dst/']).options;

export interface Printed {
  printer: TextPrinter;
  out: Capture;
  err: Capture;
  output: Output;
  clock: { now: number };
  /** What standard output has got, after a flush. */
  text(): string;
}

export function printing(
  argv: string[],
  direction: 'pull' | 'push' | 'list' = 'push',
  sources: string[] = [],
): Printed {
  const out = new Capture();
  const err = new Capture();
  const output = new Output(out, err);
  const clock = { now: 0 };
  const printer = new TextPrinter({
    options: optionsOf(...argv),
    direction,
    output,
    sources,
    now: () => clock.now,
    pid: 4711,
  });
  const text = (): string => {
    output.flush();
    return out.text;
  };
  return { printer, out, err, output, clock, text };
}
