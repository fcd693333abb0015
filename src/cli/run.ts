import { existsSync } from 'node:fs';
import type { TransferRequest, TransferResult } from '../client/transfer-request.ts';
import { type ByteString, fromText } from '../core/bytes.ts';
import { EXIT, usageError } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';
import { helpText } from '../options/help.ts';
import { classifyPaths, parseLocation, type Route } from '../options/location.ts';
import { type ParsedArguments, parseArguments } from '../options/parse.ts';
import { escapeLine, usesUtf8 } from '../text/escape.ts';
import { type ExitRole, exitLine } from '../text/exit.ts';
import { describeFailure } from '../text/failure.ts';
import type { OnPrompt } from '../transport/ssh/auth/prompts.ts';
import { Output, type Sink } from './output.ts';
import { takeProjectOptions } from './sync/project-arguments.ts';
import { TextPrinter } from './text-printer.ts';
import {
  COMMAND_NAMES,
  chooseVerb,
  isVerbCommand,
  type TransferVerb,
  verbHelp,
  verbSummary,
} from './verbs.ts';
import { packageVersion, versionText } from './version.ts';
import { expandWildcards } from './wildcards.ts';

export interface RunInput {
  /** The arguments after the name of the command. */
  argv: readonly string[];
  /** The name that the program was started under; under `rsync` it has rsync's grammar alone. Default `rsyncjs`. */
  name?: string;
  env: NodeJS.ProcessEnv;
  stdout: Sink;
  stderr: Sink;
  transfer: (request: TransferRequest) => Promise<TransferResult>;
  /** Asked for when a transfer starts; undefined: there is nobody to ask. */
  onPrompt?: () => Promise<OnPrompt | undefined>;
  /** Ends the run with exit 20. */
  signal?: AbortSignal;
  /** Windows rules for local paths: drive letters, backslashes, wildcards that no shell expanded. Default false. */
  windows?: boolean;
}

/**
 * Runs one command line from its words to its exit code. Never throws: failures are told on standard error.
 * @returns the exit code: docs/protocol/1-session.md, 1.9
 */
export async function run(input: RunInput): Promise<number> {
  const output = new Output(input.stdout, input.stderr);
  const command = new Command(input, output);
  let exitCode = await command.run();
  await output.drain();
  if (exitCode === 0 && output.failure !== undefined) {
    exitCode = command.tellLostOutput(output.failure);
    await output.drain();
  }
  return exitCode;
}

class Command {
  readonly #input: RunInput;
  readonly #output: Output;
  readonly #windows: boolean;
  readonly #utf8: boolean;
  #role: ExitRole = 'client';
  #verbose = 0;
  /** What is behind the exit code has been told in full, and not in rsync's words. */
  #hasTold = false;

  constructor(input: RunInput, output: Output) {
    this.#input = input;
    this.#output = output;
    this.#windows = input.windows ?? false;
    this.#utf8 = usesUtf8(input.env, this.#windows);
  }

  async run(): Promise<number> {
    try {
      const exitCode = await this.#dispatch();
      if (exitCode !== 0 && !this.#hasTold) this.#tellExit(exitCode);
      return exitCode;
    } catch (error) {
      const interrupted = this.#input.signal?.aborted === true;
      const { exitCode, lines } = describeFailure(error, interrupted, this.#verbose > 2);
      for (const line of lines) this.#errorLine(line);
      this.#tellExit(exitCode);
      return exitCode;
    }
  }

  /** The run went well, but what it said is lost: a listing that is cut off must not look complete. */
  tellLostOutput(error: Error): number {
    this.#errorLine(fromText(`rsyncjs: standard output: ${error.message}`));
    this.#tellExit(EXIT.MESSAGEIO);
    return EXIT.MESSAGEIO;
  }

  #errorLine(line: ByteString): void {
    this.#output.err(`${escapeLine(line, this.#utf8)}\n`);
  }

  #tellExit(exitCode: number): void {
    this.#output.err(`${exitLine(exitCode, this.#role, packageVersion())}\n`);
  }

  async #dispatch(): Promise<number> {
    const { argv, name } = this.#input;
    if (name === 'rsync' || !isVerbCommand(argv)) return this.#rsync(argv, undefined);
    const { verb, sync, text } = await chooseVerb(argv);
    if (sync !== undefined) {
      const { runSyncCommand } = await import('./sync/dispatch.ts');
      const exitCode = await runSyncCommand(sync, this.#input, this.#output);
      this.#hasTold = true;
      return exitCode;
    }
    if (verb !== undefined && hasPaths(argv.slice(1), this.#input.env))
      return this.#rsync(argv.slice(1), verb);
    if (verb !== undefined) {
      const { runProjectTransfer } = await import('./sync/dispatch.ts');
      const exitCode = await runProjectTransfer(verb, argv.slice(1), this.#input, this.#output);
      this.#hasTold = true;
      return exitCode;
    }
    this.#output.out(fromText(text));
    return 0;
  }

  /** rsync's grammar, alone or behind a verb. */
  async #rsync(argv: readonly string[], verb: TransferVerb | undefined): Promise<number> {
    const { name } = this.#input;
    const parsed = parseArguments(argv, this.#input.env, { windows: this.#windows });
    const { options, paths, help, version } = parsed;
    this.#verbose = options.verbose;
    if (version > 0) {
      this.#output.out(fromText(await versionText(version > 1)));
      return 0;
    }
    if (help) {
      this.#output.out(fromText(await this.#help(verb)));
      return 0;
    }
    if (paths.length === 0) {
      this.#output.err(fromText(await this.#help(verb)));
      return EXIT.SYNTAX;
    }
    if (name !== 'rsync' && verb === undefined) checkCommand(paths);
    if (verb !== undefined) checkDirection(verb, paths, this.#windows);
    const { listOnly, filesFrom } = options;
    const route = classifyPaths(paths, { windows: this.#windows, listOnly, filesFrom });
    return this.#transfer(parsed, route);
  }

  async #help(verb: TransferVerb | undefined): Promise<string> {
    const { name = 'rsyncjs' } = this.#input;
    if (verb !== undefined) return verbHelp(verb);
    return name === 'rsync' ? helpText(name) : `${helpText()}\n${verbSummary()}`;
  }

  async #transfer({ options }: ParsedArguments, route: Route): Promise<number> {
    const { env, signal, onPrompt, transfer } = this.#input;
    const { direction } = route;
    this.#role = direction === 'push' ? 'sender' : 'Receiver';
    const expands = direction === 'push' && this.#windows;
    const localPaths = expands ? await expandWildcards(route.localPaths) : route.localPaths;
    const printer = new TextPrinter({
      options,
      direction,
      local: route.local,
      output: this.#output,
      sources: localPaths,
      utf8: this.#utf8,
    });
    try {
      const result = await transfer({
        ...route,
        localPaths,
        options,
        onEvent: printer.onEvent,
        signal,
        onPrompt: await onPrompt?.(),
        trace: (line) => this.#errorLine(fromText(`rsyncjs: ${line}`)),
        traceIfAsked: options.verbose < 3,
        env,
      });
      printer.finish(result);
      return result.exitCode;
    } catch (error) {
      printer.interrupt();
      throw error;
    }
  }
}

/** One word that is neither a command nor a file is a command with a mistake in it: to list nothing is of no use. */
function checkCommand(paths: readonly string[]): void {
  const [word = ''] = paths;
  if (paths.length !== 1 || !/^[a-z][a-z-]+$/.test(word) || existsSync(word)) return;
  const near = nearestName(word, [...COMMAND_NAMES]);
  throw usageError(
    `rsyncjs: ${word}: no such command, and no such file`,
    near === undefined ? '"rsyncjs --help" lists the commands.' : `Did you mean "rsyncjs ${near}"?`,
  );
}

/**
 * A verb with paths, or one that only asks for help, is rsync's grammar; without paths it is about the project that it is
 * called in, and has options of its own.
 */
function hasPaths(argv: readonly string[], env: NodeJS.ProcessEnv): boolean {
  try {
    const { settings } = takeProjectOptions(argv);
    const { paths, help, version } = parseArguments(settings.options ?? [], env);
    return paths.length > 0 || help || version > 0;
  } catch {
    // A mistake is told where it is read again: as one of rsync's grammar if anything looks like a path.
    return argv.some((word) => !word.startsWith('-'));
  }
}

/** A verb says where files go: paths that say otherwise are a mistake, and are not acted upon. */
function checkDirection(verb: TransferVerb, paths: readonly string[], windows: boolean): void {
  const locations = paths.map((path) => parseLocation(path, { windows }));
  const first = locations[0]!;
  const last = locations.at(-1)!;
  const whole = locations.findIndex((location) => location.kind === 'daemon' && location.path === '');
  if (whole >= 0) {
    throw usageError(
      `${verb}: ${paths[whole]} names no module`,
      'A path of a daemon is written rsync://HOST/MODULE/PATH; "rsyncjs rsync://HOST/" lists the modules.',
    );
  }
  if (verb === 'pull') {
    if (first.kind === 'local') {
      throw usageError(
        `pull: ${paths[0]} is not on another machine`,
        'A source is written [USER@]HOST:PATH or rsync://HOST/MODULE/PATH.',
      );
    }
    if (paths.length === 1)
      throw usageError('pull: no destination', 'The last path says where the files go.');
    if (last.kind !== 'local') {
      throw usageError(`pull: ${paths.at(-1)} is not on this machine`, 'The destination is a local path.');
    }
    return;
  }
  if (paths.length === 1) {
    throw usageError('push: a source or the destination is missing', 'At least two paths are needed.');
  }
  if (first.kind !== 'local') {
    throw usageError(`push: ${paths[0]} is not on this machine`, 'The sources are local paths.');
  }
  if (last.kind === 'local') {
    throw usageError(
      `push: ${paths.at(-1)} is not on another machine`,
      'The destination is [USER@]HOST:PATH or rsync://HOST/MODULE/PATH.',
    );
  }
}
