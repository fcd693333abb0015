import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { type ByteString, toText } from '../../../core/bytes.ts';
import { platform } from '../../../files/platform/index.ts';
import { GitTree } from '../../project/git.ts';
import { type Check, count, info, ok, warning } from '../check.ts';
import type { SetupContext } from '../context.ts';
import { hiddenRules, localListing } from '../local-listing.ts';

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
      when: 'tracked files are hidden by the rules, as by an unanchored `build/`; count and examples are told',
      remedy: 'Anchor the rule (`/build/`), or include the folder before it.',
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
    const visible = await visibleNames(context);
    const hidden = tracked.filter((path) => !visible.has(path) && isThere(root, path));
    const dotGit = dotGitOf(root);
    const details = {
      repository: true,
      dotGit,
      tracked: tracked.length,
      hidden: hidden.length,
      examples: hidden.slice(0, EXAMPLES).map(toText),
    };
    if (dotGit !== undefined && visible.has('.git')) {
      return warning(
        `.git is a ${dotGit} and would be synchronised`,
        dotGit === 'file'
          ? 'Exclude .git, without a slash at its end: "/.git/" and ".git/" are for folders only.'
          : 'Exclude .git: two machines that write to one repository spoil it.',
        details,
      );
    }
    if (hidden.length > 0) {
      return warning(
        `${count(hidden.length, 'file')} that Git tracks would not be synchronised: ${shown(hidden)}`,
        'Anchor the rule that hides them ("/build/" in place of "build/"), or include their folder before it.',
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

async function visibleNames(context: SetupContext): Promise<Set<ByteString>> {
  const { root, rules = [], excludeFiles = [], options = [] } = context.profile;
  const names = new Set<ByteString>();
  await localListing(root, context.input.env, {
    words: options,
    rules: hiddenRules(rules, excludeFiles),
    onEvent: (event) => {
      if (event.type === 'listed') names.add(event.entry.name);
    },
  });
  return names;
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
