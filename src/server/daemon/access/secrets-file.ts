/** The file with the passwords: docs/protocol/4-filters-and-options.md, G.5. Nothing of its content leaves this file but to be hashed. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { type ByteString, fromBuffer } from '../../../core/bytes.ts';
import { nativePath, platform } from '../../../files/platform/index.ts';

/** Bytes. */
const MAX_SIZE = 16 * 1024 * 1024;
const MAX_LINE = 1023;

export class SecretsFile {
  private readonly lines: readonly ByteString[];

  private constructor(lines: readonly ByteString[]) {
    this.lines = lines;
  }

  /** The file, or why it cannot be used, for the log. */
  static read(path: ByteString, strictModes: boolean): SecretsFile | { fault: string } {
    if (path === '') return { fault: 'no secrets file is set' };
    let fd: number | undefined;
    try {
      fd = openSync(nativePath(path), 'r');
      const { mode, uid, size } = fstatSync(fd);
      if (strictModes && platform.hasModes) {
        if ((mode & 0o006) !== 0) {
          return {
            fault: 'the secrets file must not be readable or writable by others (see "strict modes")',
          };
        }
        if (platform.isRoot && uid !== 0) {
          return { fault: 'the secrets file must belong to root, as the daemon does (see "strict modes")' };
        }
      }
      if (size > MAX_SIZE) return { fault: `the secrets file is larger than ${MAX_SIZE} bytes` };
      return new SecretsFile(fromBuffer(readFileSync(fd)).split('\n'));
    } catch (error) {
      return { fault: `the secrets file cannot be read: ${(error as NodeJS.ErrnoException).code}` };
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  /** The passwords that let `user` in: of the first line with the name, then of the first one of the group. */
  passwords(user: ByteString, group: ByteString | undefined): ByteString[] {
    const found = [this.first(`${user}:`)];
    if (group !== undefined) found.push(this.first(`@${group}:`));
    return found.filter((password) => password !== undefined);
  }

  private first(start: ByteString): ByteString | undefined {
    const line = this.lines.find((text) => text.startsWith(start) && text.length <= MAX_LINE);
    return line?.slice(start.length).replace(/\r.*$/s, '');
  }
}
