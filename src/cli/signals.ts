import { EXIT } from '../core/errors.ts';
import { cleanUp } from '../files/cleanup.ts';

/**
 * SIGUSR1 is what rsync ends its servers with, and what Node.js opens the port of its debugger for if nobody listens.
 * SIGHUP is also the closing of a console on Windows, SIGBREAK its Ctrl-Break.
 */
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGBREAK'];

/**
 * The first signal aborts, and the run ends by itself (docs/protocol/4-filters-and-options.md, D.3). A second one ends
 * the process at once. However the process ends, no temporary file and no lock stays.
 */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(EXIT.SIGNAL);
    controller.abort(signal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('exit', () => cleanUp());
  return controller.signal;
}
