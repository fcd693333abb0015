/** What `rsyncjs init` writes into a project: examples, excludes, and ways to call it. */
import { randomBytes } from 'node:crypto';
import { lstatSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
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
 * Writes what is missing; twice is as good as once. Everything is read before anything is written.
 * @throws RsyncError RSYNC_FILE_IO, exit 11: a file can not be read, and nothing was written, or one can not be written,
 *   and those before it stay; RSYNC_USAGE, exit 1: package.json is no JSON, or the root is no folder; nothing was written
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
  const steps = [
    project.entry(
      '.env.example',
      ENV_ENTRY,
      (text) => ENV_NAME.test(text),
      'an example of SYNC_REMOTE and SYNC_OPTIONS',
    ),
    project.whole('.rsync-exclude', excludeText(), 'what is not synchronised'),
    ...(npm ? [project.scripts()] : []),
    ...(make ? project.targets() : []),
  ];
  project.write();
  return steps;
}

class Project {
  readonly #root: string;
  readonly #force: boolean;
  readonly #texts = new Map<string, string>();

  constructor(root: string, force: boolean) {
    this.#root = root;
    this.#force = force;
  }

  /** A file that is ours as a whole. */
  whole(file: string, text: string, what: string): InitStep {
    const present = this.#read(file);
    if (present === undefined) return this.#later(file, text, 'created', what);
    if (sameText(present, text)) return { file, deed: 'current', what };
    if (!this.#force) return { file, deed: 'kept', what: 'it is there already; --force replaces it' };
    return this.#later(file, text, 'replaced', what);
  }

  /** Lines at the end of a file that is somebody else's, unless it has them already. */
  entry(file: string, text: string, isThere: (present: string) => boolean, what: string): InitStep {
    const present = this.#read(file);
    if (present === undefined) return this.#later(file, text, 'created', what);
    if (isThere(present)) return { file, deed: 'current', what };
    const gap = present === '' ? '' : present.endsWith('\n') ? '\n' : '\n\n';
    const added = gap + text;
    const full = present + (/\r\n/.test(present) ? added.replaceAll('\n', '\r\n') : added);
    return this.#later(file, full, 'changed', what);
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
    if (added.length > 0) return this.#later(file, text, 'changed', `scripts ${added.join(', ')}${left}`);
    return kept.length === 0
      ? { file, deed: 'current', what: 'scripts' }
      : { file, deed: 'kept', what: `scripts of these names are there already: ${kept.join(', ')}` };
  }

  targets(): InitStep[] {
    const names = VERBS.map(([name]) => name);
    // The first one that make itself takes.
    const named = ['GNUmakefile', 'makefile', 'Makefile'].find((name) => this.#read(name) !== undefined);
    const makefile = named ?? 'Makefile';
    const present = this.#read(makefile) ?? '';
    const included = includedFiles(present);
    if (!included.some(isOwnInclude) && !this.#force) {
      // Two rules of one name: make would take the later one, and warn in each run.
      for (const file of [makefile, ...included]) {
        const own = targetsOf(this.#readIfAny(file)).filter((name) => names.includes(name));
        if (own.length > 0) {
          return [{ file, deed: 'kept', what: `it has targets of these names: ${own.join(', ')}` }];
        }
      }
    }
    return [
      this.whole('sync.mk', makeText(), `targets ${names.join(', ')}`),
      this.entry(makefile, `${INCLUDE}\n`, (text) => includedFiles(text).some(isOwnInclude), INCLUDE),
    ];
  }

  /** Writes what the steps have decided. */
  write(): void {
    for (const [file, text] of this.#texts) this.#write(file, text);
  }

  #later(file: string, text: string, deed: InitDeed, what: string): InitStep {
    this.#texts.set(file, text);
    return { file, deed, what };
  }

  /** A file that a Makefile names: it may be anywhere, or made by make itself. */
  #readIfAny(file: string): string {
    try {
      return readFileSync(resolve(this.#root, file), 'utf8');
    } catch {
      return '';
    }
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
  #write(file: string, text: string): void {
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
  }

  #failed(file: string, done: string, cause: unknown): RsyncError {
    const path = join(this.#root, file);
    return new RsyncError('RSYNC_FILE_IO', `${path} can not be ${done}: ${errnoText(cause)}`, {
      exitCode: EXIT.FILEIO,
      origin: 'local',
      path,
      hint: remedyOf(cause),
      cause,
    });
  }
}

function remedyOf(cause: unknown): string {
  const code = errnoCode(cause);
  if (code === 'EISDIR') return 'A folder is in the way of the file: move it.';
  // What is to be written is missing only where a symlink leads nowhere.
  if (code === 'ENOENT') return 'It is a symlink that leads nowhere: remove it, or make what it names.';
  return 'Look at its rights, and those of its folder.';
}

/** What a Makefile includes by a plain name; what make would have to work out is left out. */
function includedFiles(makefile: string): string[] {
  return [...makefile.matchAll(/^[ \t]*[-s]?include[ \t]+([^#\r\n]*)/gm)].flatMap(([, words = '']) =>
    words.split(/[ \t]+/).filter((word) => word !== '' && !/[$*?[]/.test(word)),
  );
}

function isOwnInclude(file: string): boolean {
  return file === 'sync.mk' || file === './sync.mk';
}

/** The names in front of the colons of rules; not those of assignments. */
function targetsOf(makefile: string): string[] {
  return [...makefile.matchAll(/^([^\s#:=][^#:=\r\n]*):(?!=)/gm)].flatMap(([, names = '']) =>
    names.trim().split(/[ \t]+/),
  );
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
