import { readFileSync } from 'node:fs';

/** The version of this package. Read when asked for: most runs never ask. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
