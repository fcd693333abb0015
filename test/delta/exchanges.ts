import { readdirSync } from 'node:fs';
import type { ChecksumName } from '../../src/core/algorithms.ts';
import type { SumHead } from '../../src/core/sum-head.ts';
import type { StrongContext } from '../../src/delta/strong.ts';
import { context, type Signed, unhex, vectors } from './support.ts';

interface Step {
  what: string;
  hex?: string;
}

interface Exchange {
  protocol: number;
  compat_flags: string;
  checksum: string;
  checksum_seed: number;
  client_options: string[];
  before: Record<'source' | 'destination' | 'base', Record<string, { hex?: string }> | undefined>;
  annotation: Partial<Record<'requests_receiver_to_sender' | 'replies_sender_to_receiver', Step[]>>;
}

/** One transfer of a captured session: what was asked for, and what C's sender answered. */
export interface CapturedTransfer extends Signed {
  label: string;
  file: string;
  ctx: StrongContext;
  protocol: number;
  /** A file sum had already failed. */
  redo: boolean;
  inplace: boolean;
  source: Uint8Array;
  /** The old content at the destination, if that is the basis. */
  basis: Uint8Array | undefined;
  /** Blocks in C's tokens, if they are told one by one. */
  blocks: number[] | undefined;
  /** The file sum that C's sender sent. */
  fileSum: string | undefined;
}

const HEAD = /^sumhead count=(\d+) blength=(\d+) s2length=(\d+) remainder=(\d+)/;

/** All transfers of all captured sessions that had block sums. */
export function capturedTransfers(): CapturedTransfer[] {
  const folder = new URL('../../fixtures/vectors/transfer/', import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.startsWith('exchange-'))
    .flatMap((name) => {
      const label = name.replace(/^exchange-|\.json$/g, '');
      return transfersOf(label, vectors<Exchange>(`transfer/${name.replace('.json', '')}`));
    });
}

function transfersOf(label: string, exchange: Exchange): CapturedTransfer[] {
  const flags = Number(exchange.compat_flags);
  const ctx = context(exchange.checksum as ChecksumName, exchange.checksum_seed, {
    classicMd4: exchange.protocol === 29,
    md5SeedFirst: (flags & 0x20) !== 0,
  });
  const answers = repliesOf(exchange.annotation.replies_sender_to_receiver ?? []);
  const found: CapturedTransfer[] = [];
  const tries = new Map<string, number>();
  let file = '';
  let iflags = 0;
  for (const { what, hex } of exchange.annotation.requests_receiver_to_sender ?? []) {
    const request = /^req ndx=-?\d+ (\S+) iflags=(0x[0-9a-f]+)/.exec(what);
    if (request) {
      file = request[1]!;
      iflags = Number(request[2]);
      continue;
    }
    const head = HEAD.exec(what);
    if (head) {
      const [count, blength, s2length, remainder] = head.slice(1).map(Number) as [
        number,
        number,
        number,
        number,
      ];
      const sumHead: SumHead = { count, blength, s2length, remainder };
      const number = tries.get(file) ?? 0;
      tries.set(file, number + 1);
      const answer = answers.get(file)?.[number];
      const content = exchange.before.source?.[file]?.hex;
      const old = (iflags & 0x0800) === 0 ? exchange.before.destination?.[file]?.hex : undefined;
      if (content === undefined) continue;
      found.push({
        label: `${label} ${file} try ${number}`,
        file,
        ctx,
        protocol: exchange.protocol,
        redo: number > 0,
        inplace: exchange.client_options.includes('--inplace') && (iflags & 0x0800) === 0,
        source: unhex(content),
        basis: old === undefined ? undefined : unhex(old),
        head: sumHead,
        sums: new Uint8Array(0),
        blocks: answer?.blocks,
        fileSum: answer?.fileSum,
      });
    }
    if (what.startsWith('sum[')) {
      const last = found.at(-1)!;
      last.sums = Buffer.concat([last.sums, unhex(hex!)]);
    }
  }
  return found.filter(({ head, sums }) => head.count > 0 && sums.length === head.count * (4 + head.s2length));
}

function repliesOf(
  steps: Step[],
): Map<string, { blocks: number[] | undefined; fileSum: string | undefined }[]> {
  const replies = new Map<string, { blocks: number[] | undefined; fileSum: string | undefined }[]>();
  let current: { blocks: number[] | undefined; fileSum: string | undefined } | undefined;
  let file = '';
  for (const { what } of steps) {
    const reply = /^rep ndx=-?\d+ (\S+)/.exec(what);
    if (reply) file = reply[1]!;
    if (HEAD.test(what)) {
      current = { blocks: [], fileSum: undefined };
      replies.set(file, [...(replies.get(file) ?? []), current]);
    }
    if (current === undefined) continue;
    const match = /^token match (\d+)/.exec(what);
    if (match) current.blocks?.push(Number(match[1]));
    if (what.startsWith('token TOKEN') || what.startsWith('token deflated')) current.blocks = undefined;
    const sum = /^file sum ([0-9a-f]+)/.exec(what);
    if (sum) current.fileSum = sum[1]!;
  }
  return replies;
}
