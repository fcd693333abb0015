import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Profile } from './profile.ts';

/** A digest of all rules of a profile, those in files among them: it tells that they changed, not how. */
export function filterHash({ rules, words }: Pick<Profile, 'rules' | 'words'>): string {
  const hash = createHash('sha256');
  for (const rule of rules) {
    hash.update(`${JSON.stringify(rule)}\n`);
    if ('file' in rule) hash.update(contentOf(rule.file));
  }
  // Rules may stand among the options as well.
  return hash.update(JSON.stringify(words)).digest('hex');
}

/** A file that can not be read ends the run where its rules are needed. */
function contentOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch {
    return new Uint8Array(0);
  }
}
