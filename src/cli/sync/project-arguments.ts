/**
 * The words of `rsyncjs pull` and `rsyncjs push` inside a project: options of the workflow, and options of rsync, but no
 * paths. With paths they are rsync's grammar alone.
 */
import { usageError } from '../../core/errors.ts';
import { SHORT_NAMES } from '../../options/table.ts';
import type { ProjectArguments } from '../../sync/config/project-config.ts';

export interface ProjectWords {
  settings: ProjectArguments;
  dryRun: boolean;
  force: boolean;
  interactive: boolean;
  json: boolean;
}

/** Options of the workflow: with a value, or without. */
export const PROJECT_OPTIONS: readonly {
  name: string;
  value?: string;
  describe: string;
}[] = [
  { name: 'dry-run', describe: 'show what would be done' },
  { name: 'interactive', describe: 'ask before a file is overwritten or deleted' },
  { name: 'force', describe: 'go on over conflicts, over what others pushed, and over guards' },
  {
    name: 'conflict',
    value: 'WHO',
    describe: 'which side wins where both changed: stop, newer, local, remote, keep-both',
  },
  { name: 'max-delete', value: 'NUM|PERCENT%', describe: 'ask before more deletions than that' },
  { name: 'confirm', value: 'WHEN', describe: 'when to ask: guards, or always' },
  { name: 'only-ignored', describe: 'only files that Git ignores' },
  { name: 'backup', describe: 'keep what is overwritten or deleted, in .rsyncjs-backup' },
  { name: 'profile', value: 'NAME', describe: 'a profile of rsyncjs.yaml' },
  { name: 'remote', value: 'REMOTE', describe: 'another remote than the configured one' },
  { name: 'json', describe: 'one line of JSON at the end' },
];

const FLAGS = new Set(PROJECT_OPTIONS.filter(({ value }) => value === undefined).map(({ name }) => name));
const VALUES = new Set(PROJECT_OPTIONS.filter(({ value }) => value !== undefined).map(({ name }) => name));

/**
 * Takes the options of the workflow out of a command line.
 * @returns what is left is rsync's: `settings.options`
 * @throws RsyncError RSYNC_USAGE, exit 1: a value is missing
 */
export function takeProjectOptions(argv: readonly string[]): ProjectWords {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--') {
      rest.push(...argv.slice(i));
      break;
    }
    const [, name = '', value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (FLAGS.has(name) && value === undefined) flags.add(name);
    else if (VALUES.has(name)) values.set(name, value ?? next(argv, ++i, word));
    else {
      const letters = withoutDryRun(word);
      if (letters !== word) flags.add('dry-run');
      if (letters !== '-') rest.push(letters);
    }
  }
  const text = (name: string) => values.get(name);
  const settings: ProjectArguments = {
    ...(rest.length === 0 ? {} : { options: rest }),
    ...optional('conflict', text('conflict')),
    ...optional('maxDelete', text('max-delete')),
    ...optional('confirm', text('confirm')),
    ...optional('remote', text('remote')),
    ...(values.has('profile') ? { profiles: [values.get('profile')!] } : {}),
    ...(flags.has('only-ignored') ? { onlyIgnored: true } : {}),
    ...(flags.has('backup') ? { backup: true } : {}),
  };
  return {
    settings,
    dryRun: flags.has('dry-run'),
    force: flags.has('force'),
    interactive: flags.has('interactive'),
    json: flags.has('json'),
  };
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: string });
}

function next(argv: readonly string[], at: number, word: string): string {
  const value = argv[at];
  if (value === undefined) throw usageError(`${word}: its value is missing`);
  return value;
}

/** `-vn` without its `n`, up to a letter that takes a value: what follows that one is the value. */
function withoutDryRun(word: string): string {
  if (!/^-[^-]/.test(word)) return word;
  let kept = '-';
  for (const [index, letter] of [...word.slice(1)].entries()) {
    const entry = SHORT_NAMES.get(letter)?.entry;
    if (entry === undefined || entry.argument !== undefined)
      return kept + [...word.slice(1)].slice(index).join('');
    if (letter !== 'n') kept += letter;
  }
  return kept;
}
