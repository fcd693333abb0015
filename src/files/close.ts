import { closeSync } from 'node:fs';

/** Closes a descriptor that a `Root` opened. Never throws: what was written has been checked before. */
export function closeFile(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // Nothing can be done about it.
  }
}
