import { unhex } from './support.ts';

/** fixtures/vectors/transfer/block-sums.json. */
export interface BlockSumsInput {
  name: string;
  input: { hex?: string; generator?: string; length?: number };
  length: number;
  rolling_sum_u32: string;
  strong: { algorithm: string; seed: number; digest: string; bytes_seen_on_wire: number }[];
  whole_file: { algorithm: string; seed: number | null; digest: string }[];
}

export interface BlockSumsFile {
  inputs: BlockSumsInput[];
}

export function inputBytes({ input, length }: BlockSumsInput): Uint8Array {
  if (input.hex !== undefined) return unhex(input.hex);
  const repeat = /^repeat byte ([0-9a-f]{2})$/.exec(input.generator!);
  if (repeat) return new Uint8Array(length).fill(Number.parseInt(repeat[1]!, 16));
  const modulus = Number(/^byte i = i mod (\d+)$/.exec(input.generator!)![1]);
  return Uint8Array.from({ length }, (_, i) => i % modulus);
}
