import type { BaseAgent, ParsedKey } from 'ssh2';
import { fingerprint, keyTypeName, keyTypeOf } from '../host/public-key.ts';
import { AgentClient } from './agent-client.ts';
import { KeyProblem, type KeyReading, readSourceFile, readSourceText, type SourceKey } from './key-source.ts';
import { isUsableKeyType, type UnusableKey } from './key-types.ts';
import { readPublicKey } from './private-key.ts';
import type { OnPrompt } from './prompts.ts';
import { oneKeyAgent, signWith } from './signer.ts';

/** One key that can be offered to a server. */
export interface Identity {
  /** For people: type, SHA256 fingerprint, where it is from. */
  readonly description: string;
  /** The user asked for this very key: by a file, by text, or by a default file whose key the agent holds too. */
  readonly named: boolean;
  /** Undefined if the format hides it until the key is opened. */
  readonly publicKey: ParsedKey | undefined;
  /** For one attempt. Undefined if the key is of no use after all; `Identities.skipped` then says why. */
  open(): Promise<{ publicKey: ParsedKey; agent: BaseAgent } | undefined>;
}

export interface IdentitySources {
  /** Key files, in order, already expanded. */
  files: readonly string[];
  /** The user named the files: their absence is worth a word. */
  explicit: boolean;
  /** Keys as text; they come before the files. */
  keys?: readonly { content: string | Uint8Array; name: string }[] | undefined;
  /** Tried on encrypted keys before anybody is asked. */
  passphrase?: string | undefined;
  /** Path of the agent's socket or named pipe. */
  agent: string | undefined;
  /** The user named the agent: its absence is worth a word. */
  agentExplicit: boolean;
  /** Of the agent's keys, use those alone that `files` and `keys` name. */
  identitiesOnly: boolean;
  ask: OnPrompt | undefined;
  trace: (line: string) => void;
}

export interface Identities {
  /** In the order in which to offer them; no key twice. */
  identities: Identity[];
  /** What could not be used and why; for the error if nothing else works. */
  skipped: string[];
  /** Sound keys of types that the built-in ssh does not have. */
  unusable: UnusableKey[];
}

interface HeldKey {
  key: ParsedKey;
  comment: string;
  client: AgentClient;
}

/**
 * The keys to offer. A server ends the connection after about six refused attempts, sometimes after three, so the order
 * matters more than the number:
 *
 * 1. keys that the user named, in the user's order, wherever the private half is; default files whose key the agent
 *    holds too, for somebody has put that key there;
 * 2. the other default files and the agent's other keys, in turn: a key in a default file is reached however many keys
 *    the agent has, and the agent's first keys however many default files there are;
 * 3. default files that must be opened before they can be offered: asking for a passphrase comes after everything else.
 */
export async function collectIdentities(sources: IdentitySources): Promise<Identities> {
  const { trace, ask, passphrase, explicit } = sources;
  const skipped: string[] = [];
  const unusable: UnusableKey[] = [];
  const skip = (what: string): void => {
    if (!skipped.includes(what)) skipped.push(what);
    trace(`ssh: not used: ${what}`);
  };
  const reading: KeyReading = {
    passphrase,
    ask,
    trace,
    skip,
    unusable: (key) => {
      unusable.push(key);
      trace(`ssh: not used: ${key.origin}: keys of type ${key.type} are not supported`);
    },
  };
  const named: SourceKey[] = [];
  const defaults: SourceKey[] = [];
  for (const { content, name } of sources.keys ?? []) add(named, readSourceText(content, name, reading));
  for (const file of sources.files)
    add(explicit ? named : defaults, readSourceFile(file, !explicit, reading));

  const held = await listAgent(
    sources.agent,
    sources.agentExplicit ? skip : (what) => trace(`ssh: ${what}`),
    reading,
  );
  const identities = new IdentityList(skip, ask !== undefined || passphrase !== undefined);
  const inAgent = (source: SourceKey): HeldKey | undefined => held.find((entry) => isOf(entry, source));
  for (const source of named) {
    const entry = inAgent(source);
    if (entry !== undefined && source.kind !== 'private') identities.addHeld(entry, true);
    else if (source.kind === 'public')
      skip(`${source.origin}: a public key, and no agent has its private half`);
    else identities.addSource(source, true);
  }
  for (const source of defaults) {
    const entry = inAgent(source);
    if (entry !== undefined) identities.addHeld(entry, true);
  }
  const files = defaults.filter((source) => source.kind !== 'public' && inAgent(source) === undefined);
  const shown = files.filter((source) => source.publicKey !== undefined);
  const others = sources.identitiesOnly ? [] : held.filter((entry) => !identities.has(entry.key));
  for (let i = 0; i < Math.max(shown.length, others.length); i++) {
    if (shown[i] !== undefined) identities.addSource(shown[i]!, false);
    if (others[i] !== undefined) identities.addHeld(others[i]!, false);
  }
  for (const source of files) if (source.publicKey === undefined) identities.addSource(source, false);
  return { identities: identities.list, skipped, unusable };
}

function add(list: SourceKey[], key: SourceKey | undefined): void {
  if (key !== undefined) list.push(key);
}

/**
 * Is this the agent's copy of that key? ssh-add gives a key without a comment of its own, as in the PEM formats that
 * hide the public half, the name of its file.
 */
function isOf({ key, comment }: HeldKey, { publicKey, origin }: SourceKey): boolean {
  return publicKey === undefined ? comment === origin : sameKey(key, publicKey);
}

function sameKey(a: ParsedKey, b: ParsedKey): boolean {
  return a.getPublicSSH().equals(b.getPublicSSH());
}

class IdentityList {
  readonly list: Identity[] = [];
  readonly #skip: (what: string) => void;
  /** There is a passphrase, or somebody to ask for it. */
  readonly #canUnlock: boolean;

  constructor(skip: (what: string) => void, canUnlock: boolean) {
    this.#skip = skip;
    this.#canUnlock = canUnlock;
  }

  has(key: ParsedKey): boolean {
    return this.list.some(({ publicKey }) => publicKey !== undefined && sameKey(publicKey, key));
  }

  addHeld({ key, comment, client }: HeldKey, named: boolean): void {
    if (this.has(key)) return;
    const blob = key.getPublicSSH();
    const description = describeKey(key, comment === '' ? 'agent' : `agent: ${comment}`);
    const agent = oneKeyAgent(key, async (data, algorithm) => {
      try {
        return await client.sign(blob, data, algorithm);
      } catch (error) {
        this.#skip(`${description}: the agent did not sign: ${(error as Error).message}`);
        throw new Error('error signing with a key of the agent');
      }
    });
    this.list.push({ description, named, publicKey: key, open: async () => ({ publicKey: key, agent }) });
  }

  addSource(source: SourceKey, named: boolean): void {
    const { origin, publicKey } = source;
    if (publicKey !== undefined && this.has(publicKey)) return;
    if (source.kind === 'encrypted' && !this.#canUnlock) {
      this.#skip(`${origin}: encrypted, and nobody to ask for the passphrase`);
      return;
    }
    const description =
      publicKey === undefined ? `encrypted key (${origin})` : describeKey(publicKey, origin);
    const opened = async (): Promise<ParsedKey> => {
      try {
        return await source.open();
      } catch (error) {
        if (error instanceof KeyProblem) this.#skip(error.message);
        throw error;
      }
    };
    const open: Identity['open'] =
      publicKey === undefined
        ? async () => {
            try {
              const key = await opened();
              return { publicKey: key, agent: oneKeyAgent(key, signWith(key)) };
            } catch (error) {
              if (error instanceof KeyProblem) return undefined;
              throw error;
            }
          }
        : async () => ({
            publicKey,
            agent: oneKeyAgent(publicKey, async (data, algorithm) =>
              signWith(await opened())(data, algorithm),
            ),
          });
    this.list.push({ description, named, publicKey, open });
  }
}

/** "ED25519 SHA256:... (origin)" */
export function describeKey(key: ParsedKey, origin: string): string {
  return `${keyTypeName(key.type)} ${fingerprint(key.getPublicSSH())} (${origin})`;
}

async function listAgent(
  path: string | undefined,
  skip: (what: string) => void,
  reading: KeyReading,
): Promise<HeldKey[]> {
  if (path === undefined) return [];
  const client = new AgentClient(path);
  const held: HeldKey[] = [];
  try {
    for (const { blob, comment } of await client.list()) {
      const type = keyTypeOf(blob);
      const read = readPublicKey(blob);
      if (read.kind === 'public') held.push({ key: read.key, comment, client });
      else if (read.kind === 'unusable' || (type !== '' && !isUsableKeyType(type))) {
        reading.unusable({
          type: read.kind === 'unusable' ? read.type : 'unknown',
          origin: comment,
          inAgent: true,
        });
      } else skip(`a key of the agent (${comment}): damaged`);
    }
  } catch (error) {
    skip(`agent ${path}: ${(error as Error).message}`);
  }
  return held;
}
