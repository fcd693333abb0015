/**
 * The one place that touches what ssh2 keeps to itself. Its public interface says nothing about the answer to an
 * attempt with an agent's key, lets nobody choose how RSA keys sign, and fixes the window of a channel. The version of
 * ssh2 is pinned, and test/transport/ssh/ssh2-tap.test.ts holds these expectations against it.
 */
import type { Client, ClientChannel } from 'ssh2';

type Handler = (protocol: unknown, ...rest: never[]) => void;

interface Protocol {
  _handlers: Record<string, Handler | undefined>;
  _debug: ((line: string) => void) | undefined;
  _remoteIdentRaw: Uint8Array | undefined;
  channelWindowAdjust(channel: number, amount: number): void;
}

interface Flow {
  id: number;
  window: number;
  state: string;
}

interface TappedChannel {
  incoming: Flow;
  outgoing: Flow;
  _readableState: { highWaterMark: number };
  _read(size: number): void;
}

function protocolOf(client: Client): Protocol {
  const { _protocol: protocol } = client as unknown as { _protocol?: Protocol };
  if (typeof protocol?._handlers !== 'object' || typeof protocol.channelWindowAdjust !== 'function') {
    throw new Error('this release of ssh2 is not the one that rsyncjs was written for');
  }
  return protocol;
}

export interface AuthenticationTap {
  /** After every refused attempt, before ssh2 asks for the next one. */
  rejected(methodsLeft: readonly string[], partial: boolean): void;
  /** The signature algorithms that the server names (RFC 8308); returns those that ssh2 is to know of. */
  serverAlgorithms(names: readonly string[]): string[];
  /** Words in keyboard-interactive that come without a question: ssh2 answers them by itself. */
  informed(name: string, instructions: string): void;
}

interface Extension {
  name: string;
  algs?: string[];
}

/** To be called at once after `client.connect`. */
export function tapAuthentication(client: Client, tap: AuthenticationTap): void {
  const handlers = protocolOf(client)._handlers;
  const failure = handlers.USERAUTH_FAILURE as
    | ((protocol: unknown, methods: string[], partial: boolean) => void)
    | undefined;
  const extensions = handlers.EXT_INFO as ((protocol: unknown, list: Extension[]) => void) | undefined;
  const questions = handlers.USERAUTH_INFO_REQUEST as
    | ((protocol: unknown, name: string, instructions: string, prompts: unknown) => void)
    | undefined;
  if (failure === undefined || extensions === undefined || questions === undefined) {
    throw new Error('ssh2 has other message handlers');
  }
  handlers.USERAUTH_FAILURE = ((protocol: unknown, methods: string[], partial: boolean) => {
    tap.rejected(methods, partial);
    failure(protocol, methods, partial);
  }) as Handler;
  handlers.USERAUTH_INFO_REQUEST = ((
    protocol: unknown,
    name: string,
    instructions: string,
    prompts: unknown,
  ) => {
    if (!Array.isArray(prompts) || prompts.length === 0) tap.informed(name, instructions);
    questions(protocol, name, instructions, prompts);
  }) as Handler;
  handlers.EXT_INFO = ((protocol: unknown, list: Extension[]) => {
    const told = list.map((extension) =>
      extension.name === 'server-sig-algs' && extension.algs !== undefined
        ? { ...extension, algs: tap.serverAlgorithms(extension.algs) }
        : extension,
    );
    extensions(protocol, told);
  }) as Handler;
}

/** "SSH-2.0-OpenSSH_9.2p1", once the server has said it. */
export function serverIdentification(client: Client): string | undefined {
  const raw = protocolOf(client)._remoteIdentRaw;
  return raw === undefined ? undefined : Buffer.from(raw).toString('latin1');
}

/** ssh2 writes a line of its log for every packet: from here on it does not. */
export function stopLog(client: Client): void {
  protocolOf(client)._debug = undefined;
}

/**
 * Lets the server be `size` bytes ahead of the reader, on the way and in memory together, where ssh2 allows 2 MiB. ssh2
 * itself still fills the window up to 2 MiB when less than 1 MiB of it is left.
 */
export function widenWindow(stream: ClientChannel, size: number): void {
  const channel = stream as unknown as TappedChannel;
  const protocol = protocolOf((stream as unknown as { _client: Client })._client);
  const read = channel._read;
  const { incoming, outgoing } = channel;
  const fill = (): void => {
    const amount = size - incoming.window - stream.readableLength;
    if (amount < size / 4 || incoming.state !== 'open' || outgoing.state === 'closed') return;
    incoming.window += amount;
    protocol.channelWindowAdjust(outgoing.id, amount);
  };
  // The stream calls it whenever something was read, as long as it holds less than its high-water mark; with ssh2's own
  // mark the server would stand still until all but 2 MiB of a full buffer were read.
  channel._readableState.highWaterMark = size;
  channel._read = function (this: TappedChannel, bytes: number) {
    read.call(this, bytes);
    fill();
  };
  fill();
}
