import { readFileSync } from 'node:fs';
import ssh2, { type AgentAuthMethod, type BaseAgent, type ParsedKey, type PublicKeyAuthMethod } from 'ssh2';
import { fingerprint, keyTypeName } from '../host/known-hosts.ts';
import { readKeyFile } from './private-key.ts';
import type { Prompts } from './prompts.ts';

/** One key that can be offered to a server. */
export interface Identity {
  /** For people: type, SHA256 fingerprint, where it is from. */
  description: string;
  /** True if the library reports nothing about the server's answer to this attempt (see Authenticator). */
  viaAgent: boolean;
  /** Undefined if the key turns out to be of no use, such as without a passphrase. */
  method(username: string): Promise<PublicKeyAuthMethod | AgentAuthMethod | undefined>;
}

export interface IdentitySources {
  /** Key files, in order, already expanded. */
  files: readonly string[];
  /** The user named the files: their absence is worth a word. */
  explicit: boolean;
  /** Path of the agent's socket. */
  agent: string | undefined;
  /** The user named the agent: its absence is worth a word. */
  agentExplicit: boolean;
  /** Of the agent's keys, use those alone that `files` name. */
  identitiesOnly: boolean;
  prompts: Prompts | undefined;
  trace: (line: string) => void;
}

export interface Identities {
  identities: Identity[];
  /** What could not be used and why; for the error if nothing else works. */
  skipped: string[];
}

const PASSPHRASE_TRIES = 3;
/** An agent that does not answer must not hold the connection up for ever. */
const AGENT_TIMEOUT = 10_000;

type Options = { hash?: string } | undefined;
type SignCallback = (error?: Error | null, signature?: Buffer) => void;

/**
 * A single key behind ssh2's agent interface, the only one in which it waits for a signature: an agent's key, or an
 * encrypted file whose passphrase is asked for only once the server has said that it would take the key.
 */
class OneKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #key: ParsedKey;
  readonly #sign: (data: Buffer, options: Options, done: SignCallback) => void;

  constructor(key: ParsedKey, sign: (data: Buffer, options: Options, done: SignCallback) => void) {
    super();
    this.#key = key;
    this.#sign = sign;
  }

  getIdentities(done: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    done(undefined, [this.#key]);
  }

  sign(_key: ParsedKey, data: Buffer, options: unknown, done?: SignCallback): void {
    if (typeof options === 'function') this.#sign(data, undefined, options as SignCallback);
    else this.#sign(data, options as Options, done!);
  }
}

function describe(key: ParsedKey, origin: string): string {
  return `${keyTypeName(key.type)} ${fingerprint(key.getPublicSSH())} (${origin})`;
}

interface FileIdentity {
  publicKey: ParsedKey | undefined;
  identity: Identity | undefined;
}

/** The keys to offer, in the order of ssh: keys of the agent (those that the files name first), then key files. */
export async function collectIdentities(sources: IdentitySources): Promise<Identities> {
  const { trace } = sources;
  const skipped: string[] = [];
  const skip = (what: string): void => {
    skipped.push(what);
    trace(`ssh: not used: ${what}`);
  };

  const files: FileIdentity[] = [];
  for (const file of sources.files) {
    const found = fileIdentity(file, sources, skip);
    if (found !== undefined) files.push(found);
  }

  const agentKeys =
    sources.agent === undefined
      ? []
      : await listAgent(sources.agent, sources.agentExplicit ? skip : (what) => trace(`ssh: ${what}`));
  const named = (key: ParsedKey): boolean => files.some((file) => file.publicKey?.equals(key) === true);
  const first = agentKeys.filter((entry) => named(entry.key));
  const others = sources.identitiesOnly ? [] : agentKeys.filter((entry) => !named(entry.key));
  const identities = [...first, ...others].map(({ key, agent }): Identity => {
    const description = describe(key, key.comment === '' ? 'agent' : `agent: ${key.comment}`);
    const one = new OneKeyAgent(key, (data, options, done) =>
      agent.sign(key, data, (options ?? {}) as never, done),
    );
    return {
      description,
      viaAgent: true,
      method: async (username) => ({ type: 'agent', username, agent: one }),
    };
  });
  for (const { publicKey, identity } of files) {
    const inAgent = publicKey !== undefined && agentKeys.some((entry) => entry.key.equals(publicKey));
    if (identity !== undefined && !inAgent) identities.push(identity);
  }
  return { identities, skipped };
}

function fileIdentity(
  file: string,
  { explicit, prompts }: IdentitySources,
  skip: (what: string) => void,
): FileIdentity | undefined {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Of the default files most do not exist.
    if (explicit || code !== 'ENOENT') skip(`${file}: ${code === 'ENOENT' ? 'no such file' : code}`);
    return undefined;
  }
  const read = readKeyFile(content);
  switch (read.kind) {
    case 'bad':
      skip(`${file}: ${read.reason}`);
      return undefined;
    case 'public':
      // Names a key of the agent.
      return { publicKey: read.key, identity: undefined };
    case 'private': {
      const { key } = read;
      return {
        publicKey: key,
        identity: {
          description: describe(key, file),
          viaAgent: false,
          method: async (username) => ({ type: 'publickey', username, key }),
        },
      };
    }
    case 'encrypted': {
      const publicKey = read.publicKey ?? neighbour(file);
      if (prompts === undefined) {
        skip(`${file}: encrypted, and nobody to ask for the passphrase`);
        return { publicKey, identity: undefined };
      }
      if (publicKey === undefined) {
        // The format hides the public half and no FILE.pub shows it: the server can not be asked beforehand.
        return {
          publicKey: undefined,
          identity: {
            description: `encrypted key (${file})`,
            viaAgent: false,
            method: async (username) => {
              try {
                return { type: 'publickey', username, key: await unlock(file, content, prompts) };
              } catch (error) {
                skip((error as Error).message);
                return undefined;
              }
            },
          },
        };
      }
      const agent = new OneKeyAgent(publicKey, (data, options, done) => {
        unlock(file, content, prompts).then(
          (key) => {
            const signature = key.sign(data, options?.hash);
            if (signature instanceof Error) done(signature);
            else done(null, signature);
          },
          (error: Error) => done(error),
        );
      });
      return {
        publicKey,
        identity: {
          description: describe(publicKey, file),
          viaAgent: true,
          method: async (username) => ({ type: 'agent', username, agent }),
        },
      };
    }
  }
}

/** FILE.pub, which ssh-keygen writes beside FILE. */
function neighbour(file: string): ParsedKey | undefined {
  try {
    const read = readKeyFile(readFileSync(`${file}.pub`));
    return read.kind === 'public' ? read.key : undefined;
  } catch {
    return undefined;
  }
}

async function unlock(file: string, content: Buffer, prompts: Prompts): Promise<ParsedKey> {
  for (let tries = 0; tries < PASSPHRASE_TRIES; tries++) {
    const passphrase = await prompts.secret(`Enter passphrase for key '${file}': `);
    if (passphrase === undefined || passphrase === '') break;
    const read = readKeyFile(content, passphrase);
    if (read.kind === 'private') return read.key;
  }
  throw new Error(`${file}: no passphrase that opens the key`);
}

interface AgentKey {
  key: ParsedKey;
  agent: BaseAgent;
}

async function listAgent(path: string, skip: (what: string) => void): Promise<AgentKey[]> {
  let agent: BaseAgent;
  try {
    agent = ssh2.createAgent(path);
  } catch (error) {
    skip(`agent ${path}: ${(error as Error).message}`);
    return [];
  }
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      skip(`agent ${path}: no answer`);
      resolve([]);
    }, AGENT_TIMEOUT);
    agent.getIdentities((error, keys) => {
      clearTimeout(timer);
      if (error) skip(`agent ${path}: ${error.message}`);
      const parsed = (keys ?? []) as ParsedKey[];
      resolve(parsed.map((key) => ({ key, agent })));
    });
  });
}
