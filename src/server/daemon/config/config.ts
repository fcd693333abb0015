/** rsyncd.conf as a whole: globals, modules, and what is wrong with it. docs/protocol/4-filters-and-options.md, G.1. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { type ByteString, fromBuffer, fromText, toText } from '../../../core/bytes.ts';
import { EXIT, RsyncError } from '../../../core/errors.ts';
import { errnoText } from '../../../files/errors.ts';
import { nativePath } from '../../../files/platform/index.ts';
import { type ConfigLine, configLines } from './lines.ts';
import {
  type FoundParameter,
  findParameter,
  type GlobalValues,
  globalDefaults,
  type ModuleKey,
  type ModuleValues,
  moduleDefaults,
  PATH_KEYS,
  type ParameterKey,
  plainName,
} from './parameters.ts';
import { BadValue, readValue } from './values.ts';
import { expandVariables, type Variables } from './variables.ts';

/** Where a line stands. `line` 0: it comes from the command line. */
export interface Position {
  file: string;
  line: number;
}

/** Something that was passed over, as C does; it is logged. */
export interface Problem extends Position {
  text: string;
}

export interface Module {
  /** What clients ask for. */
  name: ByteString;
  /** Strings as written, `%NAME%` in them. */
  values: ModuleValues;
  /** Where each value that is not a default of ours was set. */
  origins: ReadonlyMap<ParameterKey, Position>;
}

export interface DaemonConfig {
  globals: GlobalValues;
  globalOrigins: ReadonlyMap<ParameterKey, Position>;
  /** What modules start from at the end of the file: the daemon's own log and look-ups go by it. */
  defaults: ModuleValues;
  /** In the order of the file. */
  modules: readonly Module[];
  problems: readonly Problem[];
}

export interface ConfigSource {
  file: string;
  /** `--dparam`, as given: `NAME=VALUE`. */
  overrides?: readonly string[];
  env: Variables;
}

/** Files that may include one another. */
const MAX_DEPTH = 32;
/** Bytes of all files together: a mistyped path must not fill the memory. */
const MAX_BYTES = 16 * 1024 * 1024;

/** @throws RsyncError RSYNC_USAGE, exit 1: a file cannot be read, or has a line that makes the rest meaningless. */
export function readConfig(source: ConfigSource): DaemonConfig {
  const reader = new ConfigReader(source);
  reader.readFile(source.file, 0);
  return reader.finish();
}

type Origins = Map<ParameterKey, Position>;

interface Section {
  name: ByteString;
  values: ModuleValues;
  origins: Origins;
}

class ConfigReader {
  private readonly overrides: readonly string[];
  private readonly env: Variables;
  private globals = globalDefaults();
  private globalOrigins: Origins = new Map();
  private defaults = moduleDefaults();
  private defaultOrigins: Origins = new Map();
  private readonly sections = new Map<string, Section>();
  private readonly problems: Problem[] = [];
  /** Undefined: the global section. */
  private section: Section | undefined;
  private hasOverrides = false;
  private bytes = 0;

  constructor({ overrides = [], env }: ConfigSource) {
    this.overrides = overrides;
    this.env = env;
  }

  readFile(file: string, depth: number, from?: Position): void {
    let content: ByteString;
    try {
      content = fromBuffer(readFileSync(nativePath(fromText(file))));
    } catch (error) {
      throw configError(`cannot read the configuration ${file}: ${errnoText(error)}`, from);
    }
    this.bytes += content.length;
    if (this.bytes > MAX_BYTES)
      throw configError(`the configuration is larger than ${MAX_BYTES} bytes`, from);
    for (const line of configLines(content)) this.take(line, { file, line: line.line }, depth);
  }

  finish(): DaemonConfig {
    this.override();
    // A global value of the command line stands above a [global] section further down.
    for (const word of this.overrides) this.overrideGlobal(word);
    const modules = [...this.sections.values()].map(({ name, values, origins }): Module => {
      const named = expandVariables(values.name, this.env);
      return { name: named === '' ? name : named, values, origins };
    });
    return {
      globals: this.globals,
      globalOrigins: this.globalOrigins,
      defaults: this.defaults,
      modules,
      problems: this.problems,
    };
  }

  private take(line: ConfigLine, at: Position, depth: number): void {
    switch (line.kind) {
      case 'section':
        this.enter(line.name, at);
        break;
      case 'setting':
        this.set(line.name, line.value, at);
        break;
      case 'directive':
        this.follow(line.verb, toText(expandVariables(line.path, this.env)), at, depth);
        break;
      case 'malformed':
        if (line.isFatal) throw configError(`this line means nothing: ${toText(line.text)}`, at);
        this.problem(at, `passed over, it has no "=": ${toText(line.text)}`);
    }
  }

  private enter(name: ByteString, at: Position): void {
    this.override();
    const key = plainName(name);
    if (key === 'global') {
      this.section = undefined;
      return;
    }
    this.section = this.sections.get(key);
    if (this.section !== undefined) return;
    // Its name is its own even where the global section set one for all.
    const values = { ...this.defaults, name: '' };
    const origins = new Map(this.defaultOrigins).set('name', at);
    this.section = { name, values, origins };
    this.sections.set(key, this.section);
  }

  private set(name: ByteString, text: ByteString, at: Position): void {
    const found = findParameter(name);
    if (found === undefined) {
      this.problem(at, `unknown parameter "${toText(name)}" passed over`);
      return;
    }
    const isGlobal = found.parameter.scope === 'global';
    if (isGlobal && this.section !== undefined) {
      this.problem(at, `"${found.parameter.name}" passed over: it belongs before the first module`);
      return;
    }
    const value = this.read(found, text);
    if (value instanceof BadValue) {
      this.problem(at, `"${found.parameter.name}" stays as it was: ${toText(value.reason)}`);
      return;
    }
    const { key } = found;
    if (isGlobal) {
      Object.assign(this.globals, { [key]: value });
      this.globalOrigins.set(key, at);
    } else {
      Object.assign(this.section?.values ?? this.defaults, { [key as ModuleKey]: value });
      (this.section?.origins ?? this.defaultOrigins).set(key, at);
    }
  }

  private read({ key, parameter }: FoundParameter, text: ByteString): unknown {
    const { kind } = parameter;
    return readValue(kind, kind === 'string' ? text : expandVariables(text, this.env), PATH_KEYS.has(key));
  }

  private follow(verb: 'include' | 'merge', path: string, at: Position, depth: number): void {
    if (depth >= MAX_DEPTH) throw configError(`more than ${MAX_DEPTH} files include one another`, at);
    const files = filesOf(path, verb === 'include' ? '.conf' : '.inc', at);
    for (const file of files) {
      if (verb === 'merge') {
        this.readFile(file, depth + 1, at);
        continue;
      }
      const { section, globals, globalOrigins, defaults, defaultOrigins } = this;
      this.section = undefined;
      this.globals = { ...globals };
      this.globalOrigins = new Map(globalOrigins);
      this.defaults = { ...defaults };
      this.defaultOrigins = new Map(defaultOrigins);
      this.readFile(file, depth + 1, at);
      Object.assign(this, { section, globals, globalOrigins, defaults, defaultOrigins });
    }
  }

  /** The command line speaks at the end of the first global section. */
  private override(): void {
    if (this.hasOverrides) return;
    this.hasOverrides = true;
    const { section } = this;
    this.section = undefined;
    for (const word of this.overrides) {
      const { name, value } = splitOverride(word);
      this.set(name, value, { file: `--dparam=${word}`, line: 0 });
    }
    this.section = section;
  }

  private overrideGlobal(word: string): void {
    const { name, value } = splitOverride(word);
    const found = findParameter(name);
    if (found?.parameter.scope !== 'global') return;
    const read = this.read(found, value);
    if (!(read instanceof BadValue)) Object.assign(this.globals, { [found.key]: read });
  }

  private problem(at: Position, text: string): void {
    this.problems.push({ ...at, text });
  }
}

/** @throws RsyncError exit 1: no `=` in it. */
export function splitOverride(word: string): { name: ByteString; value: ByteString } {
  const equals = word.indexOf('=');
  if (equals < 1) throw configError(`--dparam=${word}: it must be NAME=VALUE`, undefined);
  return { name: fromText(word.slice(0, equals).trim()), value: fromText(word.slice(equals + 1).trim()) };
}

/** The file, or those of a directory that end as they must, in the order of their bytes. */
function filesOf(path: string, extension: string, at: Position): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => name.endsWith(extension) && name !== extension);
    const sorted = names.map(fromText).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return sorted.map((name) => `${path.replace(/\/$/, '')}/${toText(name)}`);
  } catch (error) {
    throw configError(`cannot read the configuration ${path}: ${errnoText(error)}`, at);
  }
}

/** `FILE:LINE: ` in front of what is said about it. */
export function positionText({ file, line }: Position): string {
  return line === 0 ? `${file}: ` : `${file}:${line}: `;
}

export function configError(text: string, at: Position | undefined, hint?: string): RsyncError {
  return new RsyncError('RSYNC_USAGE', (at === undefined ? '' : positionText(at)) + text, {
    exitCode: EXIT.SYNTAX,
    origin: 'local',
    ...(at === undefined ? {} : { path: at.file }),
    ...(hint === undefined ? {} : { hint }),
  });
}
