/** Bytes in one bulk read or write: large enough that a call's cost (20 us through the thread pool) does not count. */
export const CHUNK = 256 * 1024;

/** Kept for reuse; a new 256 KiB buffer costs more (zeroing, page faults) than reading a small file into it. */
const KEEP = 16;
const free: Buffer[] = [];

/** A buffer of CHUNK bytes with any content. */
export function takeBuffer(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(CHUNK);
}

/** Gives a buffer back: nobody may read or write it any more. */
export function giveBuffer(buffer: Buffer): void {
  if (free.length < KEEP) free.push(buffer);
}
