/**
 * The process of one connection: started ahead of need by the one that listens, which sends it the socket. It becomes the
 * user of its module, serves one client, and ends.
 */
import type { Socket } from 'node:net';
import { EXIT } from '../../../core/errors.ts';
import { removeAllTemps } from '../../../files/cleanup.ts';
import type { Variables } from '../config/variables.ts';
import { serveConnection } from '../connection.ts';
import type { HookResult } from '../hooks/hook.ts';
import { DaemonLog } from '../log/daemon-log.ts';
import type { DaemonSettings } from '../settings.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import type { ClaimAnswer, Supervisor, TransferHooks } from './supervisor.ts';

/** The supervisor in the other process. */
class RemoteSupervisor implements Supervisor {
  private answered: ((answer: ClaimAnswer) => void) | undefined;
  private ran: ((result: HookResult) => void) | undefined;

  constructor() {
    process.on('message', (message: ToWorker) => {
      if (message.type === 'claimed') this.answered?.(message.answer);
      else if (message.type === 'ran') this.ran?.(message.result);
    });
  }

  claim(lockFile: string, most: number): Promise<ClaimAnswer> {
    return new Promise((resolve) => {
      this.answered = resolve;
      tell({ type: 'claim', lockFile, most });
    });
  }

  register(hooks: TransferHooks): void {
    tell({ type: 'register', hooks });
  }

  admitted(): void {
    tell({ type: 'admitted' });
  }

  runBefore(more: Variables): Promise<HookResult> {
    return new Promise((resolve) => {
      this.ran = resolve;
      tell({ type: 'run', more });
    });
  }
}

function tell(message: FromWorker): void {
  process.send?.(message);
}

const controller = new AbortController();

function stop(): void {
  // A worker that waits for a connection has nothing to clear up.
  if (!isBusy) process.exit(EXIT.OK);
  controller.abort();
}

let isBusy = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // The keyboard and the daemon's SIGHUP reach the whole group: only the listening process decides.
  process.on(signal, signal === 'SIGTERM' ? stop : () => {});
}
process.on('exit', () => removeAllTemps());
process.once('disconnect', stop);

process.on('message', (message: ToWorker, handle) => {
  if (message.type === 'stop') stop();
  else if (message.type === 'connection')
    void serve(message.settings, message.address, handle as Socket | undefined);
});

async function serve(settings: DaemonSettings, address: string, socket: Socket | undefined): Promise<void> {
  isBusy = true;
  // It was closed on its way here.
  if (socket === undefined) process.exit(EXIT.SOCKETIO);
  socket.on('error', () => {});
  const log = new DaemonLog({ file: settings.logFile, hasTerminal: settings.hasTerminal });
  const exitCode = await serveConnection({
    input: socket,
    output: socket,
    address,
    settings,
    supervisor: new RemoteSupervisor(),
    log,
    env: process.env,
    signal: controller.signal,
  });
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LAST_WORDS);
    socket.end(() => {
      clearTimeout(timer);
      resolve();
    });
  });
  process.exit(exitCode);
}

/** Milliseconds for what has been said to leave this machine. */
const LAST_WORDS = 2000;
