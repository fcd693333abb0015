import { readFileSync } from 'node:fs';
import { type ByteString, fromBuffer, fromText, isAscii } from '../core/bytes.ts';
import { WholeDisk } from '../files/places.ts';
import { serve } from '../server/serve.ts';
import { escapeLine } from '../text/escape.ts';
import { exitLine } from '../text/exit.ts';
import { stdioChannel } from '../transport/stdio.ts';
import { describeFailure } from './failure.ts';
import { packageVersion } from './version.ts';

/** `rsyncjs --server ...`: what a client starts on the remote side. Returns the exit code. */
export async function runServer(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const tell = (line: ByteString): void => {
    process.stderr.write(Buffer.from(`${escapeLine(line, true)}\n`, 'latin1'));
  };
  // A client that is gone is seen by the session.
  process.stderr.on('error', () => {});
  const channel = stdioChannel(process.stdin, process.stdout);
  const { exitCode, error, command } = await serve({
    words: commandLineBytes(argv),
    channel,
    admit: ({ directory }) => new WholeDisk(directory),
    onError: tell,
    signal,
  });
  channel.destroy();
  if (error !== undefined) {
    const { lines } = describeFailure(error, signal.aborted, (command?.options.verbose ?? 0) > 2);
    for (const line of lines) tell(line);
  }
  const role = command?.role === 'sender' ? 'sender' : command === undefined ? 'server' : 'Receiver';
  // The client of a sender sees the errors itself, and says so.
  if (exitCode !== 0 && (error !== undefined || role !== 'sender')) {
    tell(exitLine(exitCode, role, packageVersion()));
  }
  return exitCode;
}

/**
 * The arguments as bytes. Node reads them as UTF-8 and loses what is none; Linux tells them once more.
 * @param argv  the last arguments of this process
 */
export function commandLineBytes(argv: readonly string[]): ByteString[] {
  if (argv.every((word) => isAscii(word) || !word.includes('\ufffd'))) return argv.map(fromText);
  try {
    const all = fromBuffer(readFileSync('/proc/self/cmdline')).split('\0').slice(0, -1);
    if (all.length >= argv.length) return all.slice(all.length - argv.length);
  } catch {
    // No such file on this system.
  }
  return argv.map(fromText);
}
