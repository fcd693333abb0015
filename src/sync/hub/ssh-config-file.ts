import { readFileSync, realpathSync } from 'node:fs';
import { type ByteString, fromText } from '../../core/bytes.ts';
import { fileError } from '../../files/errors.ts';
import { writeWhole } from '../state/whole-file.ts';

/**
 * Puts the lines for one host at the beginning of a configuration of ssh, where they come before all that would be
 * stronger; in place of those that were put there before under the name. All else stays as it is.
 * @param path   absolute; made if it is not there; a symlink is followed
 * @param block  `Host NAME` and its settings, as `spokeKey` tells them
 * @returns false: it was there already
 * @throws RsyncError RSYNC_FILE_IO, exit 11
 */
export function writeHostBlock(path: string, name: string, block: string): boolean {
  const { text, target } = readConfig(path);
  const begin = `# rsyncjs-${name}: made by "rsyncjs hub keys --write"\n`;
  const end = `# rsyncjs-${name}: end\n`;
  const first = text.startsWith(begin) ? 0 : text.indexOf(`\n${begin}`) + 1;
  const last = text.indexOf(end, first);
  const isThere = text.startsWith(begin, first) && last > first;
  // The settings that follow were of all hosts, and are so again.
  const wanted = `${begin}${fromText(block)}Host *\n${end}`;
  const changed = isThere
    ? text.slice(0, first) + wanted + text.slice(last + end.length)
    : `${wanted}${text}`;
  if (changed === text) return false;
  writeWhole(target, Buffer.from(changed, 'latin1'));
  return true;
}

/** As bytes: whatever its encoding is, it comes through unchanged. */
function readConfig(path: string): { text: ByteString; target: string } {
  try {
    const target = realpathSync(path);
    return { text: readFileSync(target, 'latin1'), target };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { text: '', target: path };
    throw fileError('read', path, error);
  }
}
