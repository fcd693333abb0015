/** The text of `--help`, from the table. */
import { isSupported, OPTIONS, type OptionEntry, type OptionGroup, type SupportedOption } from './table.ts';

/** Headings, in the order shown; a group without supported options is left out. */
export const GROUP_TITLES: Readonly<Record<OptionGroup, string>> = {
  selection: 'What is copied',
  filter: 'Filters',
  attributes: 'Attributes',
  links: 'Links',
  backup: 'Backups',
  delete: 'Deletion',
  data: 'How data is moved',
  compression: 'Compression',
  connection: 'Connection',
  output: 'Output',
  control: 'Control',
  'server-internal': 'For the remote side',
  'daemon-mode': 'Daemon',
};

/** The supported options under their headings. */
export function supportedGroups(): [title: string, entries: SupportedOption[]][] {
  const supported = OPTIONS.filter(isSupported);
  return Object.entries(GROUP_TITLES)
    .map(([group, title]): [string, SupportedOption[]] => [
      title,
      supported.filter((entry) => entry.group === group),
    ])
    .filter(([, entries]) => entries.length > 0);
}

/** `-B, --block-size=SIZE`; without a letter the long name stands below the other ones. */
function signature({ short, long, argument }: OptionEntry): string {
  const letter = short === undefined ? '   ' : `-${short}${long === undefined ? '' : ','}`;
  const name = long === undefined ? '' : ` --${long}${argument === undefined ? '' : `=${argument}`}`;
  return `${letter}${name}`;
}

/** Every name, for a reader: `-z`, `--compress`; aliases and letters included. */
export function names({ short, long, aliases = [] }: OptionEntry): string[] {
  const words = [long ?? [], aliases].flat().map((name) => `--${name}`);
  return short === undefined ? words : [`-${short}`, ...words];
}

/**
 * @param command the name that the program was started under.
 * @returns lines that end in a line feed, at most 100 columns wide.
 */
export function helpText(command = 'rsyncjs'): string {
  const groups = supportedGroups();
  const width = Math.max(...groups.flatMap(([, entries]) => entries.map((entry) => signature(entry).length)));
  const lines = [
    `${command} copies files to and from another machine, and of changed files only what changed.`,
    'It speaks the rsync protocol, versions 29 to 32.',
    '',
    `Usage: ${command} [OPTION]... SRC... [USER@]HOST:DEST`,
    `   or  ${command} [OPTION]... [USER@]HOST:SRC... DEST`,
    `   or  ${command} [OPTION]... [USER@]HOST:SRC...       lists the files`,
    `   or  ${command} [OPTION]... rsync://HOST/             lists the modules of a daemon`,
    '',
    'A path of a daemon is written rsync://[USER@]HOST[:PORT]/MODULE/PATH or [USER@]HOST::MODULE/PATH.',
    'SRC/ (with a slash) is the content of the directory, SRC the directory itself.',
    'Options take effect from left to right; --no-OPTION undoes most of them.',
  ];
  for (const [title, entries] of groups) {
    lines.push('', `${title}:`);
    for (const entry of entries) lines.push(`  ${signature(entry).padEnd(width)}  ${entry.help}`);
  }
  return `${lines.join('\n')}\n`;
}
