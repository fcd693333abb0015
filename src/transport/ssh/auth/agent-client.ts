import type { Socket } from 'node:net';
import { connectAgent } from './agent-socket.ts';
import { visible } from './prompts.ts';
import { WireReader, wireString, wireUint32 } from './wire.ts';

/**
 * The client's half of the agent protocol (draft-miller-ssh-agent), as far as a login needs it:
 *
 *     message            := uint32 length, byte type, content
 *     REQUEST_IDENTITIES := nothing                        IDENTITIES_ANSWER := uint32 count, { string blob, string comment }
 *     SIGN_REQUEST       := string blob, string data, uint32 flags
 *     SIGN_RESPONSE      := string { string format, string signature }
 */
const FAILURE = 5;
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;

const RSA_SHA2_256 = 2;
const RSA_SHA2_512 = 4;

/** Bounds on what an agent says; OpenSSH's own agent keeps to the same. */
const MAX_MESSAGE = 256 * 1024;
const MAX_KEYS = 2048;
const MAX_COMMENT = 200;

/** Milliseconds for a list of keys. An agent that does not answer must not hold the connection up for ever. */
const LIST_TIME = 10_000;
/** Milliseconds for a signature: the agent may ask its user first. No server waits longer for a login. */
const SIGN_TIME = 120_000;

export interface AgentKey {
  /** The public key as on the wire. */
  blob: Buffer;
  /** Without control characters, shortened. */
  comment: string;
}

export interface AgentClientOptions {
  platform?: NodeJS.Platform;
  listTime?: number;
  signTime?: number;
}

/** One agent. Each request has a connection of its own. The errors hold nothing of what was sent or received. */
export class AgentClient {
  readonly path: string;
  readonly #platform: NodeJS.Platform;
  readonly #listTime: number;
  readonly #signTime: number;

  constructor(path: string, options: AgentClientOptions = {}) {
    this.path = path;
    this.#platform = options.platform ?? process.platform;
    this.#listTime = options.listTime ?? LIST_TIME;
    this.#signTime = options.signTime ?? SIGN_TIME;
  }

  /** @throws Error with the reason. */
  async list(): Promise<AgentKey[]> {
    const answer = await this.#request(REQUEST_IDENTITIES, Buffer.alloc(0), this.#listTime);
    if (answer.type === FAILURE) throw new Error('it refuses to list its keys');
    if (answer.type !== IDENTITIES_ANSWER) throw new Error('its answer makes no sense');
    return malformed(() => {
      const reader = new WireReader(answer.content);
      const count = reader.uint32();
      if (count > MAX_KEYS) throw new Error('too many keys');
      const keys: AgentKey[] = [];
      for (let i = 0; i < count; i++) {
        const blob = Buffer.from(reader.string());
        const comment = reader.string().subarray(0, MAX_COMMENT).toString('utf8');
        keys.push({ blob, comment: visible(comment).replaceAll('\n', ' ') });
      }
      return keys;
    });
  }

  /**
   * A signature in the form of its algorithm, without the name.
   *
   * @param algorithm `ssh-ed25519`, `rsa-sha2-512` and so on: an agent that signs with another one is not believed
   * @throws Error with the reason.
   */
  async sign(blob: Buffer, data: Buffer, algorithm: string): Promise<Buffer> {
    const flags =
      algorithm === 'rsa-sha2-512' ? RSA_SHA2_512 : algorithm === 'rsa-sha2-256' ? RSA_SHA2_256 : 0;
    const content = Buffer.concat([wireString(blob), wireString(data), wireUint32(flags)]);
    const answer = await this.#request(SIGN_REQUEST, content, this.#signTime);
    if (answer.type === FAILURE) throw new Error('it refused to sign');
    if (answer.type !== SIGN_RESPONSE) throw new Error('its answer makes no sense');
    const { format, signature } = malformed(() => {
      const reader = new WireReader(new WireReader(answer.content).string());
      return { format: reader.string().toString('latin1'), signature: Buffer.from(reader.string()) };
    });
    if (format !== algorithm) {
      const other = /^[\w@.-]{1,64}$/.test(format) ? format : 'something else';
      throw new Error(`it signed with ${other} instead of ${algorithm}`);
    }
    // Of an ECDSA signature, two numbers: the first byte is the top one of a length.
    if (signature.length === 0 || (algorithm.startsWith('ecdsa-') && signature[0] !== 0)) {
      throw new Error('its answer makes no sense');
    }
    return signature;
  }

  async #request(type: number, content: Buffer, time: number): Promise<{ type: number; content: Buffer }> {
    const over = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer')), time);
    });
    const exchange = async (): Promise<Buffer> => {
      const socket = await connectAgent(this.path, this.#platform, over.signal);
      socket.write(Buffer.concat([wireUint32(1 + content.length), Buffer.from([type]), content]));
      return message(socket);
    };
    try {
      const body = await Promise.race([exchange(), expired]);
      return { type: body[0]!, content: body.subarray(1) };
    } finally {
      clearTimeout(timer);
      over.abort();
    }
  }
}

/** One message, without its length; at least its type. */
function message(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length < 4) return;
      const length = bytes.readUInt32BE(0);
      if (length === 0 || length > MAX_MESSAGE) reject(new Error('its answer makes no sense'));
      else if (bytes.length >= 4 + length) resolve(bytes.subarray(4, 4 + length));
    });
    socket.once('close', () => reject(new Error('it closed the connection without an answer')));
  });
}

function malformed<T>(parse: () => T): T {
  try {
    return parse();
  } catch {
    throw new Error('its answer makes no sense');
  }
}
