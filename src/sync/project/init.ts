/** What `rsyncjs init` writes into a project: examples, excludes, and ways to call it. */
import { randomBytes } from 'node:crypto';
import { lstatSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { errnoCode, errnoText } from '../../files/errors.ts';
import { renameOver } from '../state/whole-file.ts';
import { excludeText } from './init-exclude.ts';
import { addScripts } from './package-scripts.ts';

export interface InitSettings {
  /** The project's folder, in this machine's form. */
  root: string;
  /** Also scripts in package.json. Default false. */
  npm?: boolean;
  /** Also `sync.mk`, and a line in the Makefile that includes it. Default false. */
  make?: boolean;
  /** What is there is replaced where it stands in the way. Default false: it is kept. */
  force?: boolean;
}

/**
 * What was done to a file. `kept`: it is there, and is another one; `current`: it is there as it is to be; `missing`: it
 * is not there, and not ours to make.
 */
export type InitDeed = 'created' | 'changed' | 'replaced' | 'kept' | 'current' | 'missing';

export interface InitStep {
  /** Relative to the root. */
  file: string;
  deed: InitDeed;
  /** What about it, for a person. */
  what: string;
}

/** The verbs of a project: names of scripts and targets, and what they call. */
const VERBS: readonly (readonly [name: string, words: string])[] = [
  ['sync-setup', 'setup'],
  ['sync-status', 'status'],
  ['sync-pull', 'pull'],
  ['sync-push', 'push'],
  ['sync-pull-dry', 'pull --dry-run'],
  ['sync-push-dry', 'push --dry-run'],
];

const ENV_ENTRY = `# Synchronisation (rsyncjs): one server that several machines keep in step through.
# Copy these lines into .env; "rsyncjs setup" then checks everything, "rsyncjs pull" and "rsyncjs push" do it.
# The folder on the server: user@host:/path, an alias of ~/.ssh/config (host:path), or rsync://host/module/path.
#SYNC_REMOTE=user@host:/path/to/project
# Options of rsync for each run, such as a limit in KiB a second.
#SYNC_OPTIONS=--bwlimit=1000
`;
/** SYNC_REMOTE or NAME_SYNC_REMOTE, also in a comment. */
const ENV_NAME = /^[ \t]*#?[ \t]*(?:export[ \t]+)?(?:\w+_)?SYNC_REMOTE[ \t]*=/m;

const INCLUDE = 'include sync.mk';

/**
 * Writes what is missing; twice is as good as once.
 * @throws RsyncError RSYNC_FILE_IO, exit 11: a file can not be read or written; RSYNC_USAGE, exit 1: package.json is no
 *   JSON, or the root is no folder. What was written before stays.
 */
export function initProject(settings: InitSettings): InitStep[] {
  const { root, npm = false, make = false, force = false } = settings;
  if (!isFolder(root)) {
    throw new RsyncError('RSYNC_USAGE', `${root} is no folder`, {
      exitCode: EXIT.SYNTAX,
      origin: 'local',
      path: root,
      hint: 'Start it in the folder of the project.',
    });
  }
  const project = new Project(root, force);
  return [
    project.entry('.env.example', ENV_ENTRY, ENV_NAME, 'an example of SYNC_REMOTE and SYNC_OPTIONS'),
    project.whole('.rsync-exclude', excludeText(), 'what is not synchronised'),
    ...(npm ? [project.scripts()] : []),
    ...(make ? project.targets() : []),
  ];
}

class Project {
  readonly #root: string;
  readonly #force: boolean;

  constructor(root: string, force: boolean) {
    this.#root = root;
    this.#force = force;
  }

  /** A file that is ours as a whole. */
  whole(file: string, text: string, what: string): InitStep {
    const present = this.#read(file);
    if (present === undefined) return this.#write(file, text, 'created', what);
    if (sameText(present, text)) return { file, deed: 'current', what };
    if (!this.#force) return { file, deed: 'kept', what: 'it is there already; --force replaces it' };
    return this.#write(file, text, 'replaced', what);
  }

  /** Lines at the end of a file that is somebody else's, unless it has them already. */
  entry(file: string, text: string, sign: RegExp, what: string): InitStep {
    const present = this.#read(file);
    if (present === undefined) return this.#write(file, text, 'created', what);
    if (sign.test(present)) return { file, deed: 'current', what };
    const gap = present === '' ? '' : present.endsWith('\n') ? '\n' : '\n\n';
    const added = gap + text;
    const full = present + (/\r\n/.test(present) ? added.replaceAll('\n', '\r\n') : added);
    return this.#write(file, full, 'changed', what);
  }

  scripts(): InitStep {
    const file = 'package.json';
    const present = this.#read(file);
    if (present === undefined) {
      return { file, deed: 'missing', what: 'npm init makes one' };
    }
    const wanted = Object.fromEntries(VERBS.map(([name, words]) => [name, `rsyncjs ${words}`]));
    const { text, added, kept } = addScripts(present, wanted, {
      force: this.#force,
      file: join(this.#root, file),
    });
    const left = kept.length === 0 ? '' : `; kept as they are: ${kept.join(', ')}`;
    if (added.length > 0) return this.#write(file, text, 'changed', `scripts ${added.join(', ')}${left}`);
    return kept.length === 0
      ? { file, deed: 'current', what: 'scripts' }
      : { file, deed: 'kept', what: `scripts of these names are there already: ${kept.join(', ')}` };
  }

  targets(): InitStep[] {
    const what = `targets ${VERBS.map(([name]) => name).join(', ')}`;
    // The first one that make itself takes.
    const named = ['GNUmakefile', 'makefile', 'Makefile'].find((name) => this.#read(name) !== undefined);
    const makefile = named ?? 'Makefile';
    const present = this.#read(makefile) ?? '';
    const own = VERBS.map(([name]) => name).filter((name) =>
      new RegExp(`^${name}[ \\t]*:`, 'm').test(present),
    );
    const includes = /^-?include[ \t].*\bsync\.mk\b/m.test(present);
    if (!includes && own.length > 0 && !this.#force) {
      return [{ file: makefile, deed: 'kept', what: `it has targets of these names: ${own.join(', ')}` }];
    }
    return [
      this.whole('sync.mk', makeText(), what),
      this.entry(makefile, `${INCLUDE}\n`, /^-?include[ \t].*\bsync\.mk\b/m, INCLUDE),
    ];
  }

  #read(file: string): string | undefined {
    try {
      return readFileSync(join(this.#root, file), 'utf8');
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return undefined;
      throw this.#failed(file, 'read', error);
    }
  }

  /** Whole or not at all; a symlink stays one, and a file's mode is kept. */
  #write(file: string, text: string, deed: InitDeed, what: string): InitStep {
    const path = join(this.#root, file);
    const temporary = join(this.#root, `.${file.replace(/^\./, '')}.${randomBytes(3).toString('hex')}`);
    try {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat?.isSymbolicLink()) writeFileSync(path, text);
      else {
        writeFileSync(temporary, text, { flag: 'wx', mode: stat === undefined ? 0o666 : stat.mode & 0o777 });
        renameOver(temporary, path);
      }
    } catch (error) {
      rmSync(temporary, { force: true });
      throw this.#failed(file, 'written', error);
    }
    return { file, deed, what };
  }

  #failed(file: string, done: string, cause: unknown): RsyncError {
    const path = join(this.#root, file);
    return new RsyncError('RSYNC_FILE_IO', `${path} can not be ${done}: ${errnoText(cause)}`, {
      exitCode: EXIT.FILEIO,
      origin: 'local',
      path,
      hint: 'Look at its rights, and those of its folder.',
      cause,
    });
  }
}

function makeText(): string {
  const rules = VERBS.map(([name, words]) => `${name}:\n\t$(RSYNCJS) ${words}\n`);
  return [
    '# Synchronisation by make: "include sync.mk" in the Makefile. "make sync-pull RSYNCJS=..." calls another one.',
    'RSYNCJS ?= npx rsyncjs',
    '',
    `.PHONY: ${VERBS.map(([name]) => name).join(' ')}`,
    '',
    rules.join('\n'),
  ].join('\n');
}

/** Git on Windows may have turned the line ends. */
function sameText(one: string, other: string): boolean {
  return one.replaceAll('\r\n', '\n') === other;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
