/** The reference page of the options, docs/options.md, from the table; written by scripts/generate-docs.mjs. */
import { names, supportedGroups } from './help.ts';
import { DEFAULT_OPTIONS } from './resolve.ts';
import { isSupported, OPTIONS, type OptionEntry, type SupportedOption } from './table.ts';
import type { TransferOptions } from './transfer-options.ts';

const INTRODUCTION = `# Options

<!-- Written by scripts/generate-docs.mjs from src/options/table.ts: change it there. -->

The options mean what they mean in rsync; the few that rsync does not have are marked. They take effect from left to right, so that \`-a --no-o\` drops owners and
\`--no-o -a\` does not. A value follows as \`--name=value\` or \`--name value\`, after a letter as \`-B1024\`, \`-B=1024\` or
\`-B 1024\`. Letters may be written together (\`-avz\`). Options may follow paths; \`--\` ends them. Names are not shortened.

*Field* is the name in the \`TransferOptions\` of the library, with its default.

A **SIZE** is a number with an optional unit: \`K\`, \`M\`, \`G\`, \`T\`, \`P\` (or \`KiB\` ...) count in steps of 1024, \`KB\`, \`MB\` ...
in steps of 1000, \`b\` in bytes; \`+1\` or \`-1\` may follow. A **RATE** is a SIZE a second that counts in KiB if it has no unit.
A **NUM** may be decimal, hexadecimal (\`0x10\`) or octal (\`010\`).
`;

const DETAILS = `## Together

- \`-a\` stands for \`-rlptgoD\`, \`-D\` for \`--devices --specials\`, \`-P\` for \`--partial --progress\`.
- \`--inplace\` undoes \`--partial\`. \`--delete-excluded\` deletes without \`--delete\` as well.
- Deletion needs \`-r\`. It takes place during the transfer (before it at protocol 29), or when one of \`--delete-before\`,
  \`--delete-during\`, \`--delete-delay\` and \`--delete-after\` says; two of them are an error.
- Directories that options name are those of the receiving side; relative ones start at the destination,
  \`--partial-dir\` at the directory of each file.
- \`--backup\` without \`--backup-dir\` leaves the times of directories alone, and backups are not deleted as surplus
  (unless \`--delete-excluded\` is there). A directory with something in it does not make way for a backup: then the
  file is not replaced.
- Only one of \`--compare-dest\`, \`--copy-dest\` and \`--link-dest\` can be in use. One that does not exist is told of, and
  the run goes on without it.
- \`--delay-updates\` keeps finished files in \`.~tmp~\` unless \`--partial-dir\` is there. Neither goes with \`--inplace\`.
- \`--append\` and \`--append-verify\` mean \`--inplace\`, and do not go with \`--whole-file\`.
- A file from a \`--temp-dir\` on another file system is copied beside its destination first, and renamed then.
- \`--compress-level\`, or a \`--compress-choice\` other than \`none\`, turns compression on; \`--no-compress\` takes both back.
- \`--checksum-choice=none\` sends files whole and does not go with \`--checksum\`; \`none,md5\` does.
- \`--secluded-args\` and \`--old-args\` exclude each other.
- A single path is listed, not copied.

## Environment

| variable | effect |
|---|---|
| \`RSYNC_RSH\` | the remote shell, if there is no \`--rsh\` |
| \`POSIXLY_CORRECT\`, \`POSIX_ME_HARDER\` | the first path ends the options |
| \`RSYNC_OLD_ARGS\` | a number, how often \`--old-args\`, if neither it nor its negation nor \`-s\` is given; \`RSYNC_PROTECT_ARGS\` is then not looked at |
| \`RSYNC_PROTECT_ARGS\` | a number other than 0: \`--secluded-args\`, if neither it nor its negation nor \`--old-args\` is given |
| \`RSYNC_PARTIAL_DIR\` | the \`--partial-dir\` of \`--partial\` |
| \`RSYNC_ICONV\` | refused: what it asks for is not supported |
| other \`RSYNC_\` variables | not looked at here |
`;

/** The whole page, ending in a line feed. */
export function referencePage(): string {
  const tables = supportedGroups().map(([title, entries]) =>
    [`## ${title}`, '', '| option | effect | field |', '|---|---|---|', ...entries.map(row), ''].join('\n'),
  );
  const refused = OPTIONS.filter((entry) => !isSupported(entry) && entry.group !== 'daemon-mode');
  return [
    INTRODUCTION,
    ...tables,
    DETAILS,
    [
      '## Not supported',
      '',
      'These options of rsync are known by name, and refused before anything is connected (exit code 4):',
      '',
      `${refused.map((entry) => code(names(entry).sort(byForm)[0]!)).join(', ')}.`,
      '',
    ].join('\n'),
  ].join('\n');
}

function row(entry: SupportedOption): string {
  const [first = '', ...others] = entry.long === undefined ? names(entry) : names(entry).sort(byForm);
  const value =
    entry.argument === undefined ? '' : first.startsWith('--') ? `=${entry.argument}` : ` ${entry.argument}`;
  const forms = [`${first}${value}`, ...others].map(code).join(', ');
  const undo = undoing(entry);
  const effect = [
    entry.help,
    ...(entry.repeat === undefined ? [] : [entry.repeat]),
    ...(entry.own === true ? ['not an option of rsync'] : []),
    ...(undo === '' ? [] : [`undone by ${undo}`]),
  ].join('; ');
  return `| ${forms} | ${effect} | ${entry.keys.map(field).join(', ')} |`.replaceAll('  |', ' |');
}

/** Long names first: one of them shows the value. */
function byForm(a: string, b: string): number {
  return Number(b.startsWith('--')) - Number(a.startsWith('--'));
}

function undoing({ negations = [] }: OptionEntry): string {
  return negations.map((name) => code(`--${name}`)).join(', ');
}

function field(key: keyof TransferOptions): string {
  const value = DEFAULT_OPTIONS[key];
  const shown = Array.isArray(value) ? '[]' : value === undefined ? undefined : JSON.stringify(value);
  return shown === undefined ? code(key) : `${code(key)} (${shown})`;
}

function code(text: string): string {
  return `\`${text}\``;
}
