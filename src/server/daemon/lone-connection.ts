/** A daemon that is one connection: behind a remote shell, or started by inetd. docs/protocol/1-session.md, 1.10. */
import type { Readable, Writable } from 'node:stream';
import { EXIT } from '../../core/errors.ts';
import { removeAllTemps } from '../../files/cleanup.ts';
import { finished } from '../../transport/stdio.ts';
import type { Variables } from './config/variables.ts';
import { serveConnection } from './connection.ts';
import { checkedConfig } from './daemon.ts';
import { DaemonLog } from './log/daemon-log.ts';
import { loneSupervision } from './process/supervisor.ts';
import type { DaemonSettings } from './settings.ts';

export interface LoneInit {
  input: Readable;
  output: Writable;
  /** Of the client, as far as it is known. */
  address: string;
  settings: DaemonSettings;
  env: Variables;
}

/** Seconds for what has been said last. */
const LAST_WORDS = 2;

/**
 * Serves the client in this process, which becomes the user of the module.
 * @returns the exit code
 * @throws RsyncError exit 1: the configuration cannot be read, or be honoured
 */
export async function serveAlone({ input, output, address, settings, env }: LoneInit): Promise<number> {
  checkedConfig(settings, env);
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => controller.abort());
  process.on('exit', () => removeAllTemps());
  const supervision = loneSupervision();
  const log = new DaemonLog({ file: settings.logFile, hasTerminal: settings.hasTerminal });
  const exitCode = await serveConnection({
    input,
    output,
    address,
    settings,
    supervisor: supervision,
    log,
    env,
    signal: controller.signal,
  });
  await finished(output, LAST_WORDS);
  input.destroy();
  await supervision.end(exitCode << 8, exitCode);
  log.close();
  return controller.signal.aborted ? EXIT.SIGNAL : exitCode;
}
