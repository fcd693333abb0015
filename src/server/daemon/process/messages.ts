/** What the listening process and the process of a connection tell each other: JSON, over the channel of `fork`. */
import type { ByteString } from '../../../core/bytes.ts';
import type { Variables } from '../config/variables.ts';
import type { HookResult } from '../hooks/hook.ts';
import type { DaemonSettings } from '../settings.ts';
import type { ClaimAnswer, TransferHooks } from './supervisor.ts';

/** To a worker. The first comes with the socket. */
export type ToWorker =
  | { type: 'connection'; settings: DaemonSettings; address: string }
  | { type: 'claimed'; answer: ClaimAnswer }
  | { type: 'ran'; result: HookResult }
  /** End as after a signal; Windows has none that could be caught. */
  | { type: 'stop' };

export type FromWorker =
  | { type: 'claim'; lockFile: ByteString; most: number }
  | { type: 'register'; hooks: TransferHooks }
  | { type: 'admitted' }
  | { type: 'run'; more: Variables };
