import { readFileSync } from 'node:fs';
import { type ByteString, toBuffer, toText } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { errnoText } from './errors.ts';

/** Reads the files of `--exclude-from`, `--include-from` and merge rules; `-` is standard input, once. */
export function ruleFileReader(): (name: ByteString) => Uint8Array {
  let usedStdin = false;
  return (name: ByteString): Uint8Array => {
    if (name === '-') {
      if (usedStdin) return new Uint8Array(0);
      usedStdin = true;
    }
    try {
      return readFileSync(name === '-' ? 0 : toBuffer(name));
    } catch (error) {
      throw new RsyncError(
        'RSYNC_FILE_IO',
        `failed to open filter file ${toText(name)}: ${errnoText(error)}`,
        {
          exitCode: EXIT.FILEIO,
          origin: 'local',
          path: toText(name),
          cause: error,
        },
      );
    }
  };
}
