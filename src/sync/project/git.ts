/**
 * What Git ignores and tracks in a folder, by asking Git itself. No alias, hook, pager or file-system monitor of the
 * repository is run; variables of the environment that would lead Git elsewhere are taken away. Submodules are asked
 * for what is theirs.
 */
import { spawn } from 'node:child_process';
import { existsSync, lstatSync } from 'node:fs';
import { join, parse, resolve } from 'node:path';
import { type ByteString, fromBuffer, toBuffer, toText } from '../../core/bytes.ts';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { platform } from '../../files/platform/index.ts';

export interface GitSettings {
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
}

/** `refused`: Git will not look at it, as with a repository of another user; `words` are its own. */
export type GitOpening =
  | { kind: 'tree'; tree: GitTree }
  | { kind: 'no-git' }
  | { kind: 'no-repository' }
  | { kind: 'refused'; words: string };

/** A path relative to the folder, `/`, no slash at its ends. It need not exist here. */
export interface AskedPath {
  path: ByteString;
  /** Rules such as `build/` are for folders only, and what is not here does not tell what it is. */
  isDirectory: boolean;
}

/** No chain of submodules is taken for meant that is longer than this. */
const DEEPEST = 16;

/** A folder in a Git working tree: its root, or one below it. */
export class GitTree {
  readonly #folder: string;
  readonly #settings: GitSettings;
  readonly #depth: number;
  #modules: Promise<Map<ByteString, GitTree>> | undefined;
  #cached: Promise<{ mode: string; path: ByteString }[]> | undefined;

  private constructor(folder: string, settings: GitSettings, depth: number) {
    this.#folder = folder;
    this.#settings = settings;
    this.#depth = depth;
  }

  /** @param folder of this machine, in its form */
  static async open(folder: string, settings: GitSettings, depth = 0): Promise<GitOpening> {
    const path = resolve(folder);
    const answer = await runGit(path, ['rev-parse', '--is-inside-work-tree'], settings);
    if (answer === undefined) return { kind: 'no-git' };
    const { code, stdout, stderr } = answer;
    if (code === 0 && toText(stdout).trim() === 'true') {
      return { kind: 'tree', tree: new GitTree(path, settings, depth) };
    }
    // Words of Git in the C locale; in a bare repository it answers "false".
    if (code === 0 || /not a git repository/i.test(stderr)) return { kind: 'no-repository' };
    return { kind: 'refused', words: stderr.split('\n')[0]?.replace(/^fatal: /, '') ?? '' };
  }

  /**
   * Files that Git tracks below the folder, those of submodules included; in Git's order.
   * @throws RsyncError RSYNC_FILE_IO, exit 11: Git fails
   */
  async tracked(): Promise<ByteString[]> {
    const modules = await this.#submodules();
    const found: ByteString[] = [];
    for (const { path } of await this.#index()) {
      const module = modules.get(path);
      if (module === undefined) found.push(path);
      else for (const below of await module.tracked()) found.push(`${path}/${below}`);
    }
    return found;
  }

  /**
   * Which of the paths Git ignores. What is tracked is not ignored, whatever the rules say.
   * @throws RsyncError RSYNC_FILE_IO, exit 11: Git fails
   */
  async ignored(paths: Iterable<AskedPath>): Promise<Set<ByteString>> {
    const modules = await this.#submodules();
    const own = new OwnQuestions(this.#folder);
    const theirs = new Map<ByteString, AskedPath[]>();
    for (const asked of paths) {
      const module = ownerOf(asked.path, modules);
      if (module === undefined) own.add(asked);
      else {
        const list = theirs.get(module) ?? [];
        list.push({ ...asked, path: asked.path.slice(module.length + 1) });
        theirs.set(module, list);
      }
    }
    const ignored = own.answer(await this.#checkIgnore(own.questions));
    for (const [module, list] of theirs) {
      for (const path of await modules.get(module)!.ignored(list)) ignored.add(`${module}/${path}`);
    }
    return ignored;
  }

  async #checkIgnore(questions: readonly ByteString[]): Promise<ByteString[]> {
    if (questions.length === 0) return [];
    const input = toBuffer(`${questions.join('\0')}\0`);
    // 1: none of them.
    return this.#ask(['check-ignore', '-z', '--stdin'], [0, 1], input);
  }

  /** Submodules whose files are here, by path. */
  #submodules(): Promise<Map<ByteString, GitTree>> {
    this.#modules ??= this.#findSubmodules();
    return this.#modules;
  }

  async #findSubmodules(): Promise<Map<ByteString, GitTree>> {
    const modules = new Map<ByteString, GitTree>();
    for (const { mode, path } of await this.#index()) {
      const folder = join(this.#folder, toText(path));
      // One that is not checked out has no .git, and Git would answer for the tree above it.
      if (mode !== '160000' || this.#depth >= DEEPEST || !existsSync(join(folder, '.git'))) continue;
      const opened = await GitTree.open(folder, this.#settings, this.#depth + 1);
      if (opened.kind === 'tree') modules.set(path, opened.tree);
    }
    return modules;
  }

  #index(): Promise<{ mode: string; path: ByteString }[]> {
    // A line: MODE SP OBJECT SP STAGE TAB PATH. During a merge a path has several stages.
    this.#cached ??= this.#ask(['ls-files', '-z', '--stage'], [0]).then((lines) => {
      const byPath = new Map<ByteString, string>();
      for (const line of lines)
        byPath.set(line.slice(line.indexOf('\t') + 1), line.slice(0, line.indexOf(' ')));
      return [...byPath].map(([path, mode]) => ({ mode, path }));
    });
    return this.#cached;
  }

  async #ask(words: readonly string[], codes: readonly number[], input?: Buffer): Promise<ByteString[]> {
    const answer = await runGit(this.#folder, words, this.#settings, input);
    if (answer !== undefined && codes.includes(answer.code ?? -1)) {
      return answer.stdout.split('\0').filter((part) => part !== '');
    }
    const said = answer?.stderr.trim().split('\n')[0] ?? 'git is gone';
    throw new RsyncError('RSYNC_FILE_IO', `git ${words[0]} failed in ${this.#folder}: ${said}`, {
      exitCode: EXIT.FILEIO,
      origin: 'local',
      path: this.#folder,
      hint: 'Try the same git command there by hand.',
    });
  }
}

/**
 * The questions for one working tree. Git refuses all of them together if one leads through a symlink: of such a path
 * the symlink is asked about.
 */
class OwnQuestions {
  readonly #folder: string;
  readonly #links = new Map<ByteString, boolean>();
  /** What is asked, and the paths that it stands for. */
  readonly #asked = new Map<ByteString, ByteString[]>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  add({ path, isDirectory }: AskedPath): void {
    const link = this.#linkAbove(path);
    const asked = link ?? (isDirectory ? `${path}/` : path);
    // A colon at the start would begin a pathspec with magic.
    const question = asked.startsWith(':') ? `./${asked}` : asked;
    const list = this.#asked.get(question);
    if (list === undefined) this.#asked.set(question, [path]);
    else list.push(path);
  }

  get questions(): ByteString[] {
    return [...this.#asked.keys()];
  }

  answer(ignored: readonly ByteString[]): Set<ByteString> {
    return new Set(ignored.flatMap((question) => this.#asked.get(question) ?? []));
  }

  #linkAbove(path: ByteString): ByteString | undefined {
    for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
      const above = path.slice(0, end);
      let isLink = this.#links.get(above);
      if (isLink === undefined) {
        isLink = isSymlink(this.#folder, above);
        this.#links.set(above, isLink);
      }
      if (isLink) return above;
    }
    return undefined;
  }
}

function isSymlink(folder: string, path: ByteString): boolean {
  const full = platform.isWindows
    ? join(folder, toText(path))
    : Buffer.concat([Buffer.from(`${folder}/`), toBuffer(path)]);
  try {
    return lstatSync(full, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  } catch {
    return false;
  }
}

/** The submodule that a path is in; its own folder is the tree's above. */
function ownerOf(path: ByteString, modules: ReadonlyMap<ByteString, GitTree>): ByteString | undefined {
  if (modules.size === 0) return undefined;
  for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
    if (modules.has(path.slice(0, end))) return path.slice(0, end);
  }
  return undefined;
}

interface GitAnswer {
  code: number | null;
  stdout: ByteString;
  stderr: string;
}

/** Undefined: there is no git. */
function runGit(
  folder: string,
  words: readonly string[],
  { env, signal }: GitSettings,
  input?: Buffer,
): Promise<GitAnswer | undefined> {
  const args = [
    ...['-C', folder, '--no-pager', '-c', 'core.fsmonitor=false'],
    ...['-c', `core.hooksPath=${platform.isWindows ? 'NUL' : '/dev/null'}`, ...words],
  ];
  return new Promise((settle, fail) => {
    const child = spawn('git', args, {
      // Windows looks for a program in the working directory first, and a synchronised one may hold anything.
      cwd: parse(folder).root,
      env: gitEnvironment(env),
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
      signal,
    });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // It may end before it has read everything; its status tells why.
    child.stdin.on('error', () => {}).end(input);
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES') settle(undefined);
      else if (signal?.aborted) fail(aborted(signal));
      else fail(error);
    });
    child.once('close', (code) =>
      settle({
        code,
        stdout: fromBuffer(Buffer.concat(stdout)),
        stderr: Buffer.concat(stderr).toString('utf8'),
      }),
    );
  });
}

/** Nothing that names another repository, index or program; words in English. */
function gitEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !/^GIT_/i.test(name));
  return {
    ...Object.fromEntries(kept),
    LC_ALL: 'C',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_LAZY_FETCH: '1',
  };
}

function aborted(signal: AbortSignal): RsyncError {
  return new RsyncError('RSYNC_ABORTED', 'aborted while git was asked', {
    exitCode: EXIT.SIGNAL,
    origin: 'local',
    cause: signal.reason,
  });
}
