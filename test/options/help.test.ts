import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { helpText } from '../../src/options/help.ts';
import { referencePage } from '../../src/options/reference.ts';
import { isSupported, OPTIONS } from '../../src/options/table.ts';
import { SUPPORTED_NAMES } from './supported-names.ts';

describe('the help text', () => {
  const text = helpText('rsync');

  it('fits on a screen', () => {
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(text).toMatch(/[^\n]\n$/);
    expect(text).toContain('Usage: rsync [OPTION]... SRC... [USER@]HOST:DEST\n');
  });

  it('has a line for each option that works, and for no other', () => {
    const lines = text.split('\n').filter((line) => /^ {2}(-[\w@]| {3} --)/.test(line));
    expect(lines).toHaveLength(OPTIONS.filter(isSupported).length);
    for (const entry of OPTIONS) {
      const line = lines.find((candidate) => candidate.trim().endsWith(`  ${entry.help}`));
      expect(line !== undefined, entry.long ?? entry.short).toBe(isSupported(entry));
    }
  });
});

describe('docs/options.md', () => {
  it('is what scripts/generate-docs.mjs writes', () => {
    const page = readFileSync(new URL('../../docs/options.md', import.meta.url), 'utf8');
    expect(page.replaceAll('\r\n', '\n')).toBe(referencePage());
  });

  it('names every name that works', () => {
    const supported = referencePage().split('## Not supported')[0]!;
    for (const name of SUPPORTED_NAMES) {
      expect(supported.includes(`\`${name}\``) || supported.includes(`\`${name}=`), name).toBe(true);
    }
  });

  it('has three columns in every row', () => {
    const rows = referencePage()
      .split('\n')
      .filter((line) => line.startsWith('| ') && line.includes('--'));
    expect(rows.length).toBeGreaterThan(50);
    for (const line of rows.filter((row) => !row.includes('RSYNC_'))) expect(line.split('|')).toHaveLength(5);
  });
});
