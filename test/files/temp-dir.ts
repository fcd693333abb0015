import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];

/** A new empty directory, removed after the tests of the file. */
export function tempDir(): string {
  const path = mkdtempSync(join(tmpdir(), 'rsyncjs-files-'));
  made.push(path);
  return path;
}

afterAll(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

export const isRoot: boolean = process.geteuid?.() === 0;
export const isWindows: boolean = process.platform === 'win32';
export const isLinux: boolean = process.platform === 'linux';

/** The bytes of every chunk in one, as a copy. */
export async function drain(source: {
  read(): Uint8Array | null | Promise<Uint8Array | null>;
}): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (;;) {
    const data = await source.read();
    if (data === null) return Buffer.concat(parts);
    parts.push(Buffer.from(data));
  }
}
