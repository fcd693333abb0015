import { isRsyncError } from '../../src/core/errors.ts';
import type { TransferEvent } from '../../src/core/events.ts';
import { WholeDisk } from '../../src/files/places.ts';
import { type OptionsInput, resolveOptions } from '../../src/options/resolve.ts';
import { capabilityText } from '../../src/protocol/server-args.ts';
import { runServerSession } from '../../src/session/server-session.ts';
import { snapshot, Workspace } from '../support/pair.ts';
import { int, ScriptedPeer } from '../support/scripted-peer.ts';
import type { EntrySpec } from '../support/tree.ts';
import { type Encounter, spaces } from './hostile.ts';

export interface ServingInit {
  role: 'sender' | 'receiver';
  options?: OptionsInput;
  /** What the server sends from or receives into. */
  tree?: readonly EntrySpec[];
  onEvent?: (event: TransferEvent, space: Workspace) => void;
}

export interface ServingEncounter extends Encounter {
  /** What the server ends with. */
  exitCode: number;
}

/** Our server against a client that is a script, which has said its version. The tree is in `here`, as with `meet`. */
export async function serve(
  init: ServingInit,
  script: (peer: ScriptedPeer, space: Workspace) => void | Promise<void>,
): Promise<ServingEncounter> {
  const space = new Workspace();
  spaces.push(space);
  const here = space.make('here', init.tree ?? []);
  space.make('outside', [{ path: 'secret', content: 'secret' }]);
  const peer = new ScriptedPeer();
  // Version, compatibility flags in two bytes, seed.
  peer.handshakeLength = 10;
  const options = resolveOptions({ recursive: true, links: true, checksumChoice: 'md5', ...init.options });
  const met: ServingEncounter = {
    result: undefined,
    error: undefined,
    events: [],
    peer,
    space,
    elapsed: 0,
    before: snapshot(space.path),
    exitCode: -1,
  };
  const started = performance.now();
  peer.raw(int(options.protocol));
  const acting = Promise.resolve(script(peer, space));
  const { exitCode, error } = await runServerSession({
    channel: peer.channel,
    role: init.role,
    options,
    capabilities: capabilityText(options, init.role),
    paths: [init.role === 'sender' ? `${here}/` : here],
    places: new WholeDisk(),
    onEvent: (event) => {
      met.events.push(event);
      init.onEvent?.(event, space);
    },
  });
  met.exitCode = exitCode;
  if (error !== undefined && !isRsyncError(error)) throw error;
  met.error = error;
  met.elapsed = performance.now() - started;
  peer.channel.destroy();
  await acting;
  return met;
}

/** A workspace that goes with those of `meet` and `serve`. */
export function newSpace(): Workspace {
  const space = new Workspace();
  spaces.push(space);
  return space;
}

/** Waits until our side says nothing more. */
export async function quiet(peer: ScriptedPeer): Promise<void> {
  let before = -1;
  for (let silent = 0; silent < 30; silent++) {
    await new Promise(setImmediate);
    if (peer.bytes.length !== before) silent = 0;
    before = peer.bytes.length;
  }
}
