import { expect } from 'vitest';
import { type TransferResult, transfer } from '../../src/client/transfer.ts';
import { isRsyncError, type RsyncError } from '../../src/core/errors.ts';
import type { TransferEvent } from '../../src/core/events.ts';
import { type OptionsInput, resolveOptions } from '../../src/options/resolve.ts';
import { snapshot, temporaries, Workspace } from '../support/pair.ts';
import { ScriptedPeer } from '../support/scripted-peer.ts';
import { compareTrees, type EntrySpec, type Tree } from '../support/tree.ts';

export interface Encounter {
  result: TransferResult | undefined;
  error: RsyncError | undefined;
  events: TransferEvent[];
  peer: ScriptedPeer;
  space: Workspace;
  /** Milliseconds. */
  elapsed: number;
  /** The whole workspace before. */
  before: Tree;
}

export interface EncounterInit {
  direction?: 'pull' | 'push';
  options?: OptionsInput;
  /** Remote sources of a pull. Default: the content of a directory. */
  asks?: readonly string[];
  /** Names of the sources of a push. Default: the content of the tree. */
  sources?: readonly string[];
  /** What is at our end: the destination of a pull, the source of a push. */
  tree?: readonly EntrySpec[];
  peer?: ScriptedPeer;
  signal?: AbortSignal;
  onEvent?: (event: TransferEvent, space: Workspace) => void;
}

export const spaces: Workspace[] = [];

/** Our client against a script. The tree is in `here`; `outside/secret` lies beside it. */
export async function meet(
  init: EncounterInit,
  script: (peer: ScriptedPeer, space: Workspace) => void | Promise<void>,
): Promise<Encounter> {
  const space = new Workspace();
  spaces.push(space);
  const here = space.make('here', init.tree ?? []);
  space.make('outside', [{ path: 'secret', content: 'secret' }]);
  const peer = init.peer ?? new ScriptedPeer();
  const pulls = init.direction !== 'push';
  const events: TransferEvent[] = [];
  const met: Encounter = {
    result: undefined,
    error: undefined,
    events,
    peer,
    space,
    elapsed: 0,
    before: snapshot(space.path),
  };
  const started = performance.now();
  const acting = Promise.resolve(script(peer, space));
  try {
    met.result = await transfer({
      options: resolveOptions({ recursive: true, links: true, checksumChoice: 'md5', ...init.options }),
      direction: pulls ? 'pull' : 'push',
      remote: { user: undefined, host: 'scripted' },
      remotePaths: pulls ? (init.asks ?? ['src/']) : ['dst'],
      localPaths: pulls ? [here] : (init.sources ?? ['']).map((name) => `${here}/${name}`),
      channel: peer.channel,
      signal: init.signal,
      onEvent: (event) => {
        events.push(event);
        init.onEvent?.(event, space);
      },
    });
  } catch (error) {
    if (!isRsyncError(error)) throw error;
    met.error = error;
  }
  met.elapsed = performance.now() - started;
  await acting;
  return met;
}

/** It ended at once, with this error, and nothing on the disk is different but what `touched` names. */
export function expectRefusal(
  met: Encounter,
  code: string,
  exitCode: number,
  message: RegExp,
  touched: readonly string[] = [],
  patience?: number,
): void {
  expect(met.error, `no error, but ${JSON.stringify(met.result)}`).toBeDefined();
  expect({ code: met.error!.code, exitCode: met.error!.exitCode }).toEqual({ code, exitCode });
  expect(met.error!.message).toMatch(message);
  expectUntouched(met, touched, patience);
}

export function expectUntouched(
  met: Encounter,
  touched: readonly string[] = [],
  /** Milliseconds. */
  patience = 2000,
): void {
  expect(met.elapsed).toBeLessThan(patience);
  expect(temporaries(met.space.path)).toEqual([]);
  const after = snapshot(met.space.path);
  // A temporary file that came and went leaves the time of its folder changed.
  met.before.get('here')!.mtime = after.get('here')!.mtime!;
  expect(compareTrees(met.before, after, { skip: (path) => touched.includes(path) })).toEqual([]);
}
