import { readdirSync, readFileSync } from 'node:fs';
import type { CompressorName } from '../../src/core/algorithms.ts';
import { blockLength, coveredLength, type SumHead } from '../../src/core/sum-head.ts';

/** The token streams of fixtures/vectors/transfer/exchange-*.json, captured from real rsync. */
const FOLDER = new URL('../../fixtures/vectors/transfer/', import.meta.url);

interface Tree {
  [name: string]: { hex?: string };
}

interface Step {
  at?: number;
  what: string;
  len?: number;
}

interface Exchange {
  protocol: number;
  compression: CompressorName;
  client_role: 'sender' | 'receiver';
  client_options: string[];
  before: { source: Tree; destination: Tree; base?: Tree };
  client_to_server: { demultiplexed_hex: string };
  server_to_client: { demultiplexed_hex: string };
  annotation: { replies_sender_to_receiver: Step[] };
}

export interface CapturedStream {
  name: string;
  head: SumHead;
  tokens: Uint8Array;
  /** The basis cut in blocks. */
  blocks: Uint8Array[];
  /** What the file becomes. */
  content: Uint8Array;
  /** Bytes that come before the data: appending. */
  prefix: Uint8Array;
  /** The first try of a file whose sum then did not match. */
  failed: boolean;
}

export interface CapturedSession {
  vector: string;
  protocol: number;
  compressor: CompressorName;
  streams: CapturedStream[];
}

export function capturedSessions(): CapturedSession[] {
  return readdirSync(FOLDER)
    .filter((file) => file.startsWith('exchange-'))
    .map((file) => session(file))
    .filter((captured) => captured.streams.length > 0);
}

function session(file: string): CapturedSession {
  const exchange = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Exchange;
  const direction = exchange.client_role === 'sender' ? 'client_to_server' : 'server_to_client';
  const bytes = Buffer.from(exchange[direction].demultiplexed_hex, 'hex');
  const streams: CapturedStream[] = [];
  const steps = exchange.annotation.replies_sender_to_receiver.filter((step) => step.at !== undefined);
  steps.forEach((step, i) => {
    if (!/^sumhead/.test(step.what)) return;
    const reply = /^rep ndx=\d+ (.*?) iflags=/.exec(
      steps.slice(0, i).findLast((s) => /^rep/.test(s.what))!.what,
    )!;
    const sum = steps.slice(i).find((s) => /^file sum/.test(s.what))!;
    const [count, blength, s2length, remainder] = [...step.what.matchAll(/=(\d+)/g)].map((m) => Number(m[1]));
    const head: SumHead = { count: count!, blength: blength!, s2length: s2length!, remainder: remainder! };
    const name = reply[1]!;
    const appending = exchange.client_options.some((o) => o.startsWith('--append')) && head.count > 0;
    const target = content(exchange.before.source, name)!;
    const first = streams.find((stream) => stream.name === name);
    // Appending is done in place: the second try starts from what the first one left.
    const basis =
      appending && first !== undefined
        ? Buffer.concat([first.prefix, target.subarray(first.prefix.length)])
        : basisOf(exchange, name, head);
    const again = steps
      .slice(i)
      .some((s) => s.what.startsWith(`rep ndx=`) && s.what.includes(` ${name} iflags=0x8`));
    streams.push({
      name,
      head,
      tokens: bytes.subarray(step.at! + 16, sum.at!),
      blocks: cut(basis, head),
      content: target,
      prefix: appending && first === undefined ? basis : new Uint8Array(0),
      failed: again,
    });
  });
  return {
    vector: file.slice(9, -5),
    protocol: exchange.protocol,
    compressor: exchange.compression,
    streams,
  };
}

/** The old file of that name, or whichever has the size that the sum head covers (fuzzy, alternate directory). */
function basisOf(exchange: Exchange, name: string, head: SumHead): Uint8Array {
  const { destination, base } = exchange.before;
  const size = coveredLength(head);
  const candidates = [content(destination, name)];
  for (const tree of [destination, base ?? {}]) {
    for (const other of Object.keys(tree)) candidates.push(content(tree, other));
  }
  return candidates.find((bytes) => bytes?.length === size) ?? new Uint8Array(0);
}

function content(tree: Tree, name: string): Uint8Array | undefined {
  const hex = tree[name]?.hex;
  return hex === undefined ? undefined : Buffer.from(hex, 'hex');
}

function cut(basis: Uint8Array, head: SumHead): Uint8Array[] {
  return Array.from({ length: head.count }, (_, i) =>
    basis.subarray(i * head.blength, i * head.blength + blockLength(head, i)),
  );
}
