import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { type ExcludedBy, excludedBy } from '../../../client/rules.ts';
import { type ByteString, fromText, toText } from '../../../core/bytes.ts';
import { platform } from '../../../files/platform/index.ts';
import { parseArguments } from '../../../options/parse.ts';
import { GitTree } from '../../project/git.ts';
import { type Check, count, info, ok, warning } from '../check.ts';
import type { SetupContext } from '../context.ts';
import { hidingPatterns, isAnchored } from '../hidden-tracked.ts';
import { hiddenRules } from '../local-listing.ts';

/** Names that are shown of many. */
const EXAMPLES = 5;

export const git: Check = {
  name: 'git',
  about:
    "If the folder is a Git working tree: that Git's own `.git` (a folder, or in worktrees and submodules a file) stays out of the synchronisation, and that no rule hides files that Git tracks.",
  outcomes: [
    { grade: 'ok', when: '`.git` stays here, and every tracked file is synchronised' },
    { grade: 'info', when: 'no Git, or no working tree' },
    {
      grade: 'warning',
      when: '`.git` would be synchronised',
      remedy: 'Exclude `.git`, without a slash at its end: that is for folders only.',
    },
    {
      grade: 'warning',
      when: 'a pattern hides tracked files, as an unanchored `build/` does; pattern, count and examples are told',
      remedy: 'Anchor it (`/build/`), or remove it.',
    },
    { grade: 'error', when: 'Git fails there', remedy: 'Mend the repository; Git says what is wrong.' },
  ],
  needs: ['local-root', 'exclude-file'],
  run: async (context) => {
    const { root } = context.profile;
    const opened = await GitTree.open(root, { env: context.input.env, signal: context.input.signal });
    if (opened.kind !== 'tree') {
      const why = {
        'no-git': 'no git program on this machine',
        'no-repository': 'not a Git working tree',
        refused: `Git does not answer: ${opened.kind === 'refused' ? opened.words : ''}`,
      }[opened.kind];
      return info(why, { repository: false });
    }
    const tracked = await opened.tree.tracked();
    const hides = rulesOf(context);
    const hiding = hidingPatterns(
      tracked.filter((path) => isThere(root, path)),
      hides,
    );
    const hidden = hiding.flatMap(({ paths }) => paths);
    const dotGit = dotGitOf(root);
    const details = {
      repository: true,
      dotGit,
      tracked: tracked.length,
      hidden: hidden.length,
      examples: hidden.slice(0, EXAMPLES).map(toText),
      patterns: hiding.map(({ pattern, paths }) => ({ pattern: toText(pattern), hides: paths.length })),
    };
    if (dotGit !== undefined && hides('.git', dotGit === 'folder') === undefined) {
      return warning(
        `.git is a ${dotGit} and would be synchronised`,
        dotGit === 'file'
          ? 'Exclude .git, without a slash at its end: "/.git/" and ".git/" are for folders only.'
          : 'Exclude .git: two machines that write to one repository spoil it.',
        details,
      );
    }
    const [worst] = hiding;
    if (worst !== undefined) {
      const pattern = toText(worst.pattern);
      const others = hiding.length === 1 ? '' : ` and ${count(hiding.length - 1, 'other pattern')}`;
      const verb = hiding.length === 1 ? 'hides' : 'hide';
      return warning(
        `the pattern ${pattern}${others} ${verb} ${count(hidden.length, 'file')} that Git tracks: ${shown(hidden)}`,
        isAnchored(worst.pattern)
          ? `Remove ${pattern} if they are to be synchronised.`
          : `It matches at any depth: write /${pattern} if only the one at the top is meant.`,
        details,
      );
    }
    const own = dotGit === undefined ? '' : `; .git (a ${dotGit}) stays here`;
    const all =
      tracked.length === 0
        ? 'Git tracks nothing yet'
        : `all of ${count(tracked.length, 'tracked file')} would be synchronised`;
    return ok(`${all}${own}`, details);
  },
};

/** All rules of a transfer: those of the configuration, of files, and among the options. */
function rulesOf({ profile }: SetupContext): ExcludedBy {
  const { root, rules = [], excludeFiles = [], options = [] } = profile;
  const { filters } = parseArguments(options).options;
  return excludedBy([...hiddenRules(rules, excludeFiles), ...filters], fromText(root));
}

function isThere(root: string, path: ByteString): boolean {
  return lstatSync(pathIn(root, path), { throwIfNoEntry: false }) !== undefined;
}

function pathIn(root: string, path: ByteString): Buffer | string {
  if (platform.isWindows) return join(root, toText(path));
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]);
}

function dotGitOf(root: string): 'file' | 'folder' | undefined {
  const stat = lstatSync(join(root, '.git'), { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  return stat.isDirectory() ? 'folder' : 'file';
}

function shown(paths: readonly ByteString[]): string {
  const names = paths.slice(0, EXAMPLES).map(toText).join(', ');
  return paths.length > EXAMPLES ? `${names} and ${paths.length - EXAMPLES} more` : names;
}
