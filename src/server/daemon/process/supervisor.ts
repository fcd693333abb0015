/** What a connection may ask of the process that started it, which stays what it was while the connection becomes its user. */
import type { ByteString } from '../../../core/bytes.ts';
import type { Variables } from '../config/variables.ts';
import { type HookResult, runHook } from '../hooks/hook.ts';
import { FileSlots } from './file-slots.ts';
import type { Slot, SlotKeeper } from './slots.ts';

/** What runs around a transfer. Commands come from the configuration alone, before the client's arguments are read. */
export interface TransferHooks {
  /** Variables put in; undefined: none. */
  before: string | undefined;
  after: string | undefined;
  /** The whole environment of both. */
  variables: Variables;
}

export type ClaimAnswer = 'granted' | 'full' | { fault: string };

export interface Supervisor {
  /** A place under `max connections`; it is given back when the connection ends. Once a connection. */
  claim(lockFile: ByteString, most: number): Promise<ClaimAnswer>;
  /** Once a connection. `after` runs when the connection has ended, however it ends. */
  register(hooks: TransferHooks): void;
  /** The client is known: it counts no longer among strangers. */
  admitted(): void;
  /** Runs what was registered. Once a connection. @param more  variables of the request */
  runBefore(more: Variables): Promise<HookResult>;
}

/** The state of one connection at its supervisor. */
export class Supervision implements Supervisor {
  private readonly slots: SlotKeeper;
  private readonly onAdmitted: () => void;
  private slot: Slot | undefined;
  private hooks: TransferHooks | undefined;
  private hasRunBefore = false;

  constructor(slots: SlotKeeper, onAdmitted: () => void = () => {}) {
    this.slots = slots;
    this.onAdmitted = onAdmitted;
  }

  async claim(lockFile: ByteString, most: number): Promise<ClaimAnswer> {
    if (this.slot !== undefined) throw new Error('a second place for one connection');
    const claim = this.slots.claim(lockFile, most);
    if (claim === 'full' || 'fault' in claim) return claim;
    this.slot = claim;
    return 'granted';
  }

  register(hooks: TransferHooks): void {
    // A worker that its client has taken over must not name commands of its own.
    if (this.hooks !== undefined) throw new Error('hooks are registered once');
    this.hooks = hooks;
  }

  admitted(): void {
    this.onAdmitted();
  }

  async runBefore(more: Variables): Promise<HookResult> {
    const { hooks } = this;
    if (hooks?.before === undefined || this.hasRunBefore) return { rawStatus: 0, output: '' };
    this.hasRunBefore = true;
    return await runHook({
      command: hooks.before,
      variables: { ...onlyRequest(more), ...hooks.variables },
      keepsOutput: true,
    });
  }

  /**
   * The connection has ended.
   * @param rawStatus  as wait(2) tells it
   * @param exitStatus  its exit code; -1 if it did not end by itself
   */
  async end(rawStatus: number, exitStatus: number): Promise<void> {
    const { hooks, slot } = this;
    this.hooks = undefined;
    this.slot = undefined;
    try {
      if (hooks?.after === undefined) return;
      const status = { RSYNC_EXIT_STATUS: String(exitStatus), RSYNC_RAW_STATUS: String(rawStatus) };
      await runHook({ command: hooks.after, variables: { ...hooks.variables, ...status } });
    } finally {
      if (slot !== undefined) this.slots.release(slot);
    }
  }
}

/** The variables that a request may set: nothing that a shell or a loader goes by. */
function onlyRequest(more: Variables): Variables {
  const named = Object.entries(more).filter(([name]) => /^RSYNC_(?:REQUEST|ARG\d+)$/.test(name));
  return Object.fromEntries(named);
}

/** For a daemon that is one connection. */
export function loneSupervision(): Supervision {
  return new Supervision(new FileSlots());
}
