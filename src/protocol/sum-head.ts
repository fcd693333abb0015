import { protocolError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { SumHead } from '../core/sum-head.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * Sum head, docs/protocol/3-transfer.md, 5.1 and 5.5.
 *
 *     sum-head := int count, int blength, int s2length, int remainder
 */
export function writeSumHead(w: Writer, head: SumHead): void {
  w.int(head.count);
  w.int(head.blength);
  w.int(head.s2length);
  w.int(head.remainder);
}

/**
 * Reads and checks a sum head. `digestLength`: of the transfer checksum; an s2length up to max(16, digestLength) is
 * let through, because 3.2.0 to 3.4.1 announce 16 for 8-byte digests in a redo.
 * Throws NEED_MORE, or a protocol error (exit 2).
 */
export function readSumHead(r: Reader, protocol: number, digestLength: number): SumHead {
  r.need(16);
  const head = { count: r.int(), blength: r.int(), s2length: r.int(), remainder: r.int() };
  const maxBlock = protocol < 30 ? LIMITS.BLOCK_LENGTH_29 : LIMITS.BLOCK_LENGTH;
  if (head.count < 0) throw protocolError(`invalid checksum count ${head.count}`);
  if (head.blength < 0 || head.blength > maxBlock || (head.blength === 0 && head.count > 0)) {
    throw protocolError(`invalid block length ${head.blength}`);
  }
  if (head.s2length < 0 || head.s2length > Math.max(16, digestLength)) {
    throw protocolError(`invalid checksum length ${head.s2length}`);
  }
  if (head.remainder < 0 || head.remainder > head.blength) {
    throw protocolError(`invalid remainder length ${head.remainder}`);
  }
  return head;
}
