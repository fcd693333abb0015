import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { KnownHostPlace } from './known-hosts.ts';

export interface MendOptions {
  /** The lines that are in the way. */
  places: readonly KnownHostPlace[];
  /** As on file: `host` or `[host]:port`. */
  name: string;
  windows: boolean;
  /** This machine has ssh-keygen. */
  keygen: boolean;
}

/** How to make the known hosts forget a host, as the end of a sentence: commands to type, or lines to delete. */
export function forgetHost({ places, name, windows, keygen }: MendOptions): string {
  const quote = windows ? quoteWindows : quotePosix;
  const files = [...new Set(places.map(({ file }) => file))];
  if (keygen) return files.map((file) => `ssh-keygen -f ${quote(file)} -R ${quote(name)}`).join(' and ');
  return files
    .map((file) => {
      const lines = places.filter((place) => place.file === file).map(({ line }) => line);
      return `delete line${lines.length === 1 ? '' : 's'} ${lines.join(', ')} of ${file}`;
    })
    .join(' and ');
}

/** Is there an ssh-keygen to run? This client needs none, so often there is not. */
export function hasKeygen(env: NodeJS.ProcessEnv, windows: boolean): boolean {
  const path = env.PATH ?? env.Path ?? '';
  const program = windows ? 'ssh-keygen.exe' : 'ssh-keygen';
  return path.split(delimiter).some((folder) => {
    if (folder === '') return false;
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function quotePosix(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** For cmd.exe and PowerShell alike; a file name holds no double quote there. */
function quoteWindows(word: string): string {
  return /^[\w@+=:./\\-]+$/.test(word) ? word : `"${word}"`;
}
