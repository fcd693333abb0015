/**
 * The one place of the server that touches what ssh2 keeps to itself. Its public interface does not tell which socket a
 * client is on, nor how much of a channel's window is left, and it takes in what a client sends beyond the window. The
 * version of ssh2 is pinned, and test/server/ssh/ssh2-tap.test.ts holds these expectations against it.
 */
import type { Socket } from 'node:net';
import type { Connection, ServerChannel } from 'ssh2';

interface Flow {
  window: number;
  state: string;
}

interface TappedChannel {
  incoming?: Flow;
  outgoing?: Flow;
}

type DataHandler = (protocol: unknown, id: number, data: Uint8Array) => void;

interface TappedClient {
  _sock?: Socket;
  _chanMgr?: { get(id: number): (TappedChannel & { _channel?: TappedChannel }) | undefined };
  _protocol?: { _handlers?: Record<string, DataHandler | undefined> };
}

function unlike(): Error {
  return new Error('this release of ssh2 is not the one that rsyncjs was written for');
}

export function socketOf(client: Connection): Socket {
  const socket = (client as unknown as TappedClient)._sock;
  if (socket === undefined) throw unlike();
  return socket;
}

/** Calls back when a client sends more than it was allowed to: ssh2 itself would hold it all in memory. */
export function watchWindow(client: Connection, overrun: () => void): void {
  const { _chanMgr: channels, _protocol: protocol } = client as unknown as TappedClient;
  const handlers = protocol?._handlers;
  const take = handlers?.CHANNEL_DATA;
  if (channels === undefined || handlers === undefined || take === undefined) throw unlike();
  handlers.CHANNEL_DATA = (self, id, data) => {
    const entry = channels.get(id);
    const flow = (entry?._channel ?? entry)?.incoming;
    if (flow !== undefined && data.length > flow.window) overrun();
    else take(self, id, data);
  };
}

/** Bytes that the client will still take on a channel; 0 if it is closed. */
export function windowLeft(stream: ServerChannel): number {
  const { outgoing } = stream as unknown as TappedChannel;
  if (typeof outgoing?.window !== 'number') throw unlike();
  return outgoing.state === 'open' ? outgoing.window : 0;
}
