import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shellHost } from '../../client/remote-shell.ts';
import { transfer } from '../../client/transfer.ts';
import type {
  ItemGuard,
  RootAttributes,
  TransferRequest,
  TransferResult,
} from '../../client/transfer-request.ts';
import type { EventSink } from '../../core/events.ts';
import { platform } from '../../files/platform/index.ts';
import { classifyPaths, parseLocation } from '../../options/location.ts';
import { parseArguments } from '../../options/parse.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import { type RemoteShell, remoteShell, type ShellHost } from '../../transport/remote-shell.ts';
import type { OnPrompt } from '../../transport/ssh/auth/prompts.ts';

/** The other side of a synchronisation, and how it is reached. */
export interface RemoteSettings {
  /** A folder: `[USER@]HOST:PATH`, `HOST::MODULE/PATH`, `rsync://…`, or one of this machine. */
  location: string;
  /** How to connect, in rsync's grammar (`--port=8730`, `--timeout=60`, `-6`), which the caller has checked: for every run. */
  words: readonly string[];
  ssh?: TransferRequest['ssh'];
  onPrompt?: TransferRequest['onPrompt'];
  password?: TransferRequest['password'];
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  trace?: TransferRequest['trace'];
  /** Told what the built-in ssh comes to know on its way to the host. */
  onFact?: ShellHost['onFact'];
}

/** One transfer with the other side. */
export interface RemoteRun {
  /** What to transfer and how, in rsync's grammar; after the words of the settings. Default: none. */
  words?: readonly string[];
  /** Filter rules that come before all others. */
  rules?: readonly FilterArgument[];
  onEvent?: EventSink;
  root?: RootAttributes | 'kept' | undefined;
  guard?: ItemGuard | undefined;
  /** Below the folder: `name`, `folder/name`, or the contents of one, `folder/`. Default: the contents of the folder. */
  path?: string;
}

/** The other side, with one ssh login for everything that is asked of it. */
export class Remote {
  readonly location: string;
  /** A person has chosen the protocol. */
  readonly isProtocolChosen: boolean;
  readonly #settings: RemoteSettings;
  #shell: Promise<RemoteShell> | undefined;
  /** What a person has said to a daemon's question: asked once, for all connections. */
  readonly #answers = new Map<string, Promise<string | undefined>>();

  constructor(settings: RemoteSettings) {
    this.#settings = settings;
    this.location = settings.location;
    this.isProtocolChosen = settings.words.some((word) => /^--protocol(?:=|$)/.test(word));
  }

  /** Lists; entries arrive as `listed` events. Throws and ends as `transfer`. */
  list(run: RemoteRun): Promise<TransferResult> {
    return this.#transfer([this.#at(run.path)], { ...run, words: [...(run.words ?? []), '--list-only'] });
  }

  /** @param local  a path of this machine, in its form */
  pull(local: string, run: RemoteRun): Promise<TransferResult> {
    return this.#transfer([this.#at(run.path), local], run);
  }

  /** @param local  paths of this machine, in its form */
  push(local: string | readonly string[], run: RemoteRun): Promise<TransferResult> {
    const sources = typeof local === 'string' ? [local] : local;
    return this.#transfer([...sources, this.#at(run.path)], run);
  }

  /** Makes the folder, not those above it; one that is there stays as it is. Throws and ends as `transfer`. */
  async makeFolder(): Promise<TransferResult> {
    const temp = mkdtempSync(join(tmpdir(), 'rsyncjs-folder-'));
    try {
      // Its mode is that of a new folder here; that of the one above it is for its owner alone.
      mkdirSync(join(temp, 'new'));
      return await this.push(`${join(temp, 'new')}/`, { words: ['--dirs'] });
    } finally {
      rmSync(temp, { recursive: true, force: true });
    }
  }

  /**
   * The login shell of the other side, with the login that transfers use. Undefined: there is none (a daemon, a folder).
   * @throws RsyncError RSYNC_USAGE, RSYNC_UNSUPPORTED: words that make no sense
   */
  async shell(): Promise<RemoteShell | undefined> {
    const request = this.#request([this.#at()], { words: ['--list-only'] });
    return usesShell(request) ? this.#shellFor(request) : undefined;
  }

  /** Ends the login. */
  async close(): Promise<void> {
    const shell = this.#shell;
    this.#shell = undefined;
    // One that could not be made has told so to whoever waited for it.
    (await shell?.catch(() => undefined))?.close();
  }

  #at(path = ''): string {
    return below(this.location, path, platform.isWindows);
  }

  /** A login through ssh is one for all; a daemon asks anew at each connection. */
  readonly #answer: OnPrompt = (prompt) => {
    const { onPrompt } = this.#settings;
    if (prompt.kind !== 'password') return onPrompt!(prompt);
    const key = `${prompt.user}@${prompt.host}`;
    const answer = this.#answers.get(key) ?? Promise.resolve(onPrompt!(prompt));
    this.#answers.set(key, answer);
    return answer;
  };

  #shellFor(request: TransferRequest): Promise<RemoteShell> {
    this.#shell ??= remoteShell({ ...shellHost(request), onFact: this.#settings.onFact });
    return this.#shell;
  }

  async #transfer(paths: readonly string[], run: RemoteRun): Promise<TransferResult> {
    const request = this.#request(paths, run);
    if (!usesShell(request)) return transfer(request);
    return transfer({ ...request, shell: await this.#shellFor(request) });
  }

  #request(paths: readonly string[], run: RemoteRun): TransferRequest {
    const { words, ssh, onPrompt, password, env, signal, trace } = this.#settings;
    const windows = platform.isWindows;
    const { options } = parseArguments([...words, ...(run.words ?? [])], env, { windows });
    options.filters = [...(run.rules ?? []), ...options.filters];
    const route = classifyPaths(paths, { windows, listOnly: options.listOnly, filesFrom: options.filesFrom });
    return {
      ...route,
      options,
      root: run.root,
      guard: run.guard,
      onEvent: run.onEvent,
      ssh,
      onPrompt: onPrompt !== undefined && route.daemon !== undefined ? this.#answer : onPrompt,
      password,
      env,
      signal,
      trace,
      traceIfAsked: true,
      // Nobody sits before a run of a timer, who would see that nothing happens.
      hearsPeer: true,
    };
  }
}

function usesShell({ local, daemon }: TransferRequest): boolean {
  return local !== true && daemon === undefined;
}

/**
 * A path below a folder, as a transfer is told of it. The folder alone is its contents: written with a slash at its end,
 * but `.` stays as it is, since restricted keys take `./` for another name (rrsync from 3.4.2 to 3.5.0).
 */
export function below(folder: string, path: string, windows: boolean): string {
  const place = parseLocation(folder, { windows });
  const isHome = place.kind === 'shell' && (place.path === '.' || place.path === '');
  if (isHome && path === '') return folder;
  if (isHome) return `${folder.replace(/:\.?$/, ':')}${path}`;
  return /[/]$/.test(folder) ? folder + path : `${folder}/${path}`;
}
