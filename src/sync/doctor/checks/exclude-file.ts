import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toText } from '../../../core/bytes.ts';
import { EXIT } from '../../../core/errors.ts';
import { errnoCode, errnoText } from '../../../files/errors.ts';
import { type Check, count, fault, info, ok, warning } from '../check.ts';
import { hiddenRules, localListing } from '../local-listing.ts';

export const excludeFile: Check = {
  name: 'exclude-file',
  about: 'The files of exclude patterns: each is there, can be read, and every rule in it is understood.',
  outcomes: [
    { grade: 'ok', when: 'all rules are understood' },
    {
      grade: 'info',
      when: 'there is none: everything is synchronised',
      remedy: '`rsyncjs init` writes one.',
    },
    { grade: 'warning', when: 'a rule is understood, but hardly meant so', remedy: 'As told.' },
    {
      grade: 'error',
      when: 'one is missing, which would stop every transfer (exit 11), or can not be read, or a rule is wrong',
      remedy: 'Make the file, or leave it out of the configuration; mend the rule.',
    },
  ],
  needs: ['configuration'],
  run: async (context) => {
    const { excludeFiles = [] } = context.profile;
    if (excludeFiles.length === 0) {
      return info('no exclude file: everything is synchronised', { files: [] }, 'rsyncjs init writes one.');
    }
    let rules = 0;
    for (const file of excludeFiles) {
      try {
        rules += readFileSync(file, 'latin1')
          .split(/\r?\n/)
          .filter((line) => /^[^#;]/.test(line)).length;
      } catch (error) {
        const isMissing = errnoCode(error) === 'ENOENT';
        return fault(
          EXIT.FILEIO,
          `${file}: ${errnoText(error)}`,
          isMissing
            ? 'Every transfer would stop here: make the file (rsyncjs init), or take it out of the configuration.'
            : 'Make it readable for this account.',
          { file },
        );
      }
    }
    const warnings = await understood(context.profile.rules ?? [], excludeFiles, context.input.env);
    const details = { files: excludeFiles, rules, warnings };
    if (warnings.length > 0)
      return warning(warnings.join('; '), 'Look at the rule in the exclude file.', details);
    return ok(`${excludeFiles.join(', ')}: ${count(rules, 'rule')}`, details);
  },
};

/** Warnings about the rules. @throws RsyncError about the first one that is wrong */
async function understood(
  rules: Parameters<typeof hiddenRules>[0],
  files: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const empty = mkdtempSync(join(tmpdir(), 'rsyncjs-check-'));
  const warnings: string[] = [];
  try {
    await localListing(empty, env, {
      rules: hiddenRules(rules, files),
      onEvent: (event) => {
        if (event.type === 'message' && event.level === 'warning') warnings.push(toText(event.text).trim());
      },
    });
    return warnings;
  } finally {
    rmSync(empty, { recursive: true, force: true });
  }
}
