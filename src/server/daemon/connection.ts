/**
 * One connection to a daemon, from the greeting to the end of the session: docs/protocol/1-session.md, 1.10, and
 * 4-filters-and-options.md, G.
 */
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { type ByteString, fromBuffer, fromText, toText } from '../../core/bytes.ts';
import { EXIT, isRsyncError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { errnoText } from '../../files/errors.ts';
import { ConfinedPlaces } from '../../files/places.ts';
import { nativePath, platform } from '../../files/platform/index.ts';
import type { FilterRule } from '../../filter/rule.ts';
import { NEWEST_PROTOCOL } from '../../options/limits.ts';
import { AUTH_DIGESTS } from '../../protocol/daemon-auth.ts';
import {
  agreedProtocol,
  formatGreeting,
  type Greeting,
  parseGreeting,
} from '../../protocol/daemon-greeting.ts';
import { readLine } from '../../protocol/daemon-line.ts';
import { DAEMON_EXIT, DAEMON_OK, formatError, formatModule } from '../../protocol/daemon-reply.ts';
import { parseRequest } from '../../protocol/daemon-request.ts';
import { readProxyHeader } from '../../protocol/proxy-header.ts';
import { plainAddress } from './access/addresses.ts';
import { type ClientHost, isListed, mayConnect } from './access/hosts.ts';
import { type Login, login } from './access/login.ts';
import { hostName, NOT_LOOKED_UP, resolveIpv4 } from './access/lookup.ts';
import { moduleRules } from './access/module-filter.ts';
import { configError, type DaemonConfig, positionText, readConfig } from './config/config.ts';
import { unsupportedOfModule } from './config/support.ts';
import { expandVariables, type Variables } from './config/variables.ts';
import { Dialogue, readBytes } from './dialogue.ts';
import { hookCommand, hooksAreOff, runHook } from './hooks/hook.ts';
import type { DaemonLog } from './log/daemon-log.ts';
import { ModuleView, patience } from './module/module-view.ts';
import { assume, IdentityError, moduleIdentity } from './process/identity.ts';
import type { Supervisor } from './process/supervisor.ts';
import type { DaemonSettings } from './settings.ts';
import { type Admitted, transfer } from './transfer.ts';

export interface ConnectionInit {
  input: Readable;
  output: Writable;
  /** Of whoever is at the other end of the socket. */
  address: string;
  settings: DaemonSettings;
  supervisor: Supervisor;
  log: DaemonLog;
  /** Environment of the daemon. */
  env: Variables;
  /** Ends the connection with exit 20. */
  signal: AbortSignal;
}

/** The client has been told that it gets no further, and why; the log has it as well. */
class TurnedAway extends Error {
  readonly exitCode: number;

  constructor(exitCode: number = EXIT.STARTCLIENT) {
    super('turned away');
    this.exitCode = exitCode;
  }
}

/** Serves one client. Never rejects. @returns the exit code of the server */
export async function serveConnection(init: ConnectionInit): Promise<number> {
  const connection = new Connection(init);
  try {
    return await connection.run();
  } catch (error) {
    return connection.failed(error);
  }
}

class Connection {
  private readonly init: ConnectionInit;
  private readonly dialogue: Dialogue;
  private readonly log: (line: ByteString) => void;
  private host: ClientHost;
  private variables: Variables;

  constructor(init: ConnectionInit) {
    this.init = init;
    this.dialogue = new Dialogue(init.input, init.output);
    this.log = (line) => init.log.line(line);
    this.host = { address: plainAddress(init.address), name: NOT_LOOKED_UP };
    this.variables = init.env;
    init.signal.addEventListener('abort', () => this.dialogue.fail(new TurnedAway(EXIT.SIGNAL)), {
      once: true,
    });
  }

  async run(): Promise<number> {
    const config = this.readConfig();
    this.dialogue.allow(patience(config.defaults.timeout), 'its greeting');
    if (config.globals.proxyProtocol) await this.readProxyHeader(config);
    if (config.defaults.reverseLookup) this.host.name = await hostName(this.host.address);
    this.learn({ RSYNC_HOST_ADDR: this.host.address, RSYNC_HOST_NAME: this.host.name });
    this.log(`connect from ${this.who}`);
    const { greeting, protocol } = await this.greet(config);
    const asked = await this.readModuleName();
    if (asked === undefined) {
      this.list(config);
      return EXIT.OK;
    }
    const module = await this.findModule(config, asked.name);
    const admitted = await this.admit(module, asked.earlyInput, greeting, protocol);
    return await transfer({ ...this.init, dialogue: this.dialogue, admitted });
  }

  failed(error: unknown): number {
    this.dialogue.release();
    if (error instanceof TurnedAway) return error.exitCode;
    const text = error instanceof Error ? error.message : String(error);
    this.log(fromText(`connection from ${this.who} ended: ${text}`));
    return isRsyncError(error) ? error.exitCode : EXIT.CRASHED;
  }

  private get who(): string {
    return `${this.host.name} (${this.host.address})`;
  }

  private learn(more: Variables): void {
    this.variables = { ...this.variables, ...more };
  }

  /** Tells the client, and the log in more words if there are any. */
  private turnAway(told: ByteString, logged?: ByteString): TurnedAway {
    if (logged !== undefined) this.log(logged);
    this.dialogue.say(formatError(told));
    return new TurnedAway();
  }

  private readConfig(): DaemonConfig {
    const { settings, env, log } = this.init;
    const config = readConfig({ file: settings.config, overrides: settings.overrides, env });
    log.open(config.defaults, env);
    if (settings.verbose > 0) {
      for (const problem of config.problems) this.log(fromText(positionText(problem) + problem.text));
    }
    return config;
  }

  /** @throws RsyncError if the peer is no proxy, or says what no proxy says */
  private async readProxyHeader({ globals }: DaemonConfig): Promise<void> {
    const hosts = expandVariables(globals.proxyProtocolHosts, this.variables);
    if (!(await isListed(hosts, this.host, resolveIpv4))) {
      throw configError(`${this.host.address} is none of the "proxy protocol hosts"`, undefined);
    }
    const { source } = await this.dialogue.read(readProxyHeader);
    if (source !== undefined) this.host.address = plainAddress(source.address);
  }

  private async greet(config: DaemonConfig): Promise<{ greeting: Greeting; protocol: number }> {
    this.dialogue.say(formatGreeting(NEWEST_PROTOCOL, AUTH_DIGESTS) + this.motd(config));
    const line = await this.dialogue.read((r) => readLine(r, LIMITS.DAEMON_CLIENT_LINE));
    try {
      const greeting = parseGreeting(line, 'client');
      return { greeting, protocol: agreedProtocol(NEWEST_PROTOCOL, greeting) };
    } catch (error) {
      if (!isRsyncError(error)) throw error;
      throw this.turnAway(fromText(error.message), fromText(`${this.who}: ${error.message}`));
    }
  }

  private motd({ globals }: DaemonConfig): ByteString {
    const path = expandVariables(globals.motdFile, this.variables);
    if (path === '') return '';
    try {
      const text = fromBuffer(readFileSync(nativePath(path))).replace(/[\0\r]/g, '');
      return `${text.slice(0, LIMITS.DAEMON_TEXT - 1)}\n`;
    } catch (error) {
      this.log(`cannot read the motd file ${path}: ${fromText(errnoText(error))}`);
      return '';
    }
  }

  /** Undefined: the client wants to know which modules there are. */
  private async readModuleName(): Promise<{ name: ByteString; earlyInput: Buffer | undefined } | undefined> {
    let earlyInput: Buffer | undefined;
    for (;;) {
      const line = await this.dialogue.read((r) => readLine(r, LIMITS.DAEMON_CLIENT_LINE));
      const request = parseRequest(line);
      switch (request.kind) {
        case 'list':
          return undefined;
        case 'module':
          return { name: request.name, earlyInput };
        case 'early-input':
          if (earlyInput !== undefined) throw this.turnAway("Unknown command '#early_input'");
          earlyInput = await this.dialogue.read((r) => readBytes(r, request.length));
          break;
        case 'unknown':
          throw this.turnAway(
            request.command.startsWith('#early_input=')
              ? 'invalid early_input length'
              : `Unknown command '${request.command}'`,
          );
      }
    }
  }

  private list(config: DaemonConfig): void {
    this.log(`module-list request from ${this.who}`);
    for (const { name, values } of config.modules) {
      if (!values.list) continue;
      const comment = expandVariables(values.comment, this.variables).replace(/[\0\r\n]/g, ' ');
      this.dialogue.say(formatModule({ name, comment }));
    }
    this.dialogue.say(DAEMON_EXIT);
    this.dialogue.release();
  }

  /** The module, if there is one and the host may use it. */
  private async findModule(config: DaemonConfig, name: ByteString): Promise<ModuleView> {
    const found = config.modules.find((module) => module.name === name);
    if (found === undefined) {
      throw this.turnAway(`Unknown module '${name}'`, `unknown module '${name}' tried from ${this.who}`);
    }
    const { values } = found;
    if (values.reverseLookup && this.host.name === NOT_LOOKED_UP) {
      this.host.name = await hostName(this.host.address);
      this.learn({ RSYNC_HOST_NAME: this.host.name });
    }
    const module = new ModuleView(found, this.variables);
    module.learn({ RSYNC_MODULE_NAME: module.shownName });
    const resolve = values.forwardLookup ? resolveIpv4 : undefined;
    const rules = { allow: module.text('hostsAllow'), deny: module.text('hostsDeny'), resolve };
    if (!(await mayConnect(rules, this.host))) {
      const told = values.list ? `access denied to ${name} from ${this.who}` : `Unknown module '${name}'`;
      throw this.turnAway(told, `rsync denied on module ${name} from ${this.who}`);
    }
    // The file may have changed since the daemon looked it over.
    const [fault] = unsupportedOfModule(found, this.variables);
    if (fault !== undefined) {
      throw this.turnAway(
        `module ${name} is not set up for this server`,
        fromText(`${positionText(fault.at)}${fault.text}`),
      );
    }
    this.log(`rsync allowed access on module ${name} from ${this.who}`);
    return module;
  }

  /** All that stands between a host and a transfer. What comes last makes this process the user of the module. */
  private async admit(
    module: ModuleView,
    earlyInput: Buffer | undefined,
    greeting: Greeting,
    protocol: number,
  ): Promise<Admitted> {
    const { values } = module;
    this.dialogue.allow(module.patience, 'its login and its request');
    await this.takePlace(module);
    const known = await this.authenticate(module, greeting, protocol);
    this.init.supervisor.admitted();
    module.learn({ RSYNC_USER_NAME: toText(known?.user ?? ''), RSYNC_PID: String(process.pid) });
    const identity = moduleIdentity(module.text('uid'), module.text('gid'), platform.isRoot);
    if (module.path === '') {
      throw this.turnAway('no path setting.', `No path specified for module ${module.name}`);
    }
    module.learn({ RSYNC_MODULE_PATH: toText(module.path) });
    this.init.log.open(values, module.variables);
    const rules = this.rulesOf(module);
    await this.runHooks(module, earlyInput);
    const wasRoot = platform.isRoot;
    const places = this.openPlaces(module);
    try {
      assume(identity);
    } catch (error) {
      places.close();
      if (!(error instanceof IdentityError)) throw error;
      throw this.turnAway(fromText(error.told), fromText(error.message));
    }
    this.dialogue.say(DAEMON_OK);
    return {
      module,
      protocol,
      rules,
      places,
      user: known?.user ?? '',
      host: this.host,
      readOnly: known?.access === undefined ? values.readOnly : known.access === 'ro',
      numericIds: module.numericIds(wasRoot),
      mungesSymlinks: module.mungesSymlinks(wasRoot),
      sanitizesSymlinks: !module.isRootOfItsOwn(wasRoot),
    };
  }

  private async takePlace(module: ModuleView): Promise<void> {
    const most = module.values.maxConnections;
    if (most === 0) return;
    const lockFile = module.text('lockFile');
    const answer = await this.init.supervisor.claim(lockFile, most);
    if (answer === 'granted') return;
    if (answer === 'full') {
      throw this.turnAway(
        `max connections (${most}) reached -- try again later`,
        `max connections (${most}) reached`,
      );
    }
    throw this.turnAway(
      'failed to open lock file',
      fromText(`failed to open lock file ${toText(lockFile)}: ${answer.fault}`),
    );
  }

  private async authenticate(
    module: ModuleView,
    greeting: Greeting,
    protocol: number,
  ): Promise<Login | undefined> {
    let result: Awaited<ReturnType<typeof login>>;
    try {
      result = await login(this.dialogue, module, greeting, protocol);
    } catch (error) {
      if (!isRsyncError(error) || error.exitCode !== EXIT.UNSUPPORTED) throw error;
      throw this.turnAway(
        `your client does not support one of our daemon-auth checksums: ${AUTH_DIGESTS.join(' ')}`,
        fromText(`auth failed on module ${module.shownName} from ${this.who}: ${error.message}`),
      );
    }
    if (result === undefined || !('reason' in result)) return result;
    const user = result.user === undefined ? '' : ` for ${result.user}`;
    throw this.turnAway(
      `auth failed on module ${module.name}`,
      `auth failed on module ${module.name} from ${this.who}${user}: ${fromText(result.reason)}`,
    );
  }

  private rulesOf(module: ModuleView): FilterRule[] {
    try {
      return moduleRules({
        filter: module.text('filter'),
        includeFrom: module.text('includeFrom'),
        include: module.text('include'),
        excludeFrom: module.text('excludeFrom'),
        exclude: module.text('exclude'),
      });
    } catch (error) {
      if (!isRsyncError(error)) throw error;
      throw this.turnAway('the filters of this module cannot be read', fromText(error.message));
    }
  }

  /** Runs the first hook, and leaves the others with whoever stays what this process is. */
  private async runHooks(module: ModuleView, earlyInput: Buffer | undefined): Promise<void> {
    const { variables } = module;
    const texts = [module.values.earlyExec, module.values.preXferExec, module.values.postXferExec];
    const off = hooksAreOff(this.init.env);
    let commands: (string | undefined)[];
    try {
      commands = texts.map((text, at) =>
        text === '' || (off && at > 0) ? undefined : hookCommand(text, variables),
      );
    } catch (error) {
      if (!isRsyncError(error)) throw error;
      throw this.turnAway(fromText(error.message), fromText(error.message));
    }
    const [early, before, after] = commands;
    if (before !== undefined || after !== undefined) {
      this.init.supervisor.register({ before, after, variables });
    }
    if (early === undefined) return;
    const request = { ...variables, RSYNC_REQUEST: '(NONE)' };
    const { rawStatus } = await runHook({
      command: early,
      variables: request,
      input: earlyInput ?? Buffer.alloc(0),
    });
    if (rawStatus !== 0) {
      throw this.turnAway('early exec failed', fromText(`early exec returned failure (${rawStatus})`));
    }
  }

  /** While this process may still look everywhere, as C changes its root. */
  private openPlaces(module: ModuleView): ConfinedPlaces {
    try {
      return ConfinedPlaces.open(nativePath(module.path));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw this.turnAway(
        'chdir failed',
        fromText(`module ${module.shownName}: ${toText(module.path)}: ${text}`),
      );
    }
  }
}
