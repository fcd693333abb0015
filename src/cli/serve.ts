/** `rsyncjs serve`: rsync in one directory and nothing else, for clients of an sshd or of the ssh server that is built in. */
import { readFileSync } from 'node:fs';
import { type ByteString, fromBuffer, fromText } from '../core/bytes.ts';
import { EXIT, isRsyncError, RsyncError } from '../core/errors.ts';
import { ConfinedPlaces } from '../files/places.ts';
import { lastWords } from '../server/last-words.ts';
import { checkLimits } from '../server/restricted/limits.ts';
import { serveRestricted } from '../server/restricted/serve-restricted.ts';
import { recordLine, recordOf, type SessionRecord } from '../server/restricted/session-record.ts';
import type { ServeOutcome } from '../server/serve.ts';
import { escapeLine } from '../text/escape.ts';
import { describeFailure } from '../text/failure.ts';
import { stdioChannel } from '../transport/stdio.ts';
import type { ServeArguments } from './serve-arguments.ts';
import { SessionLog } from './session-log.ts';
import { readServe } from './verbs.ts';

/** @returns the exit code */
export async function runServe(argv: readonly string[], signal: AbortSignal): Promise<number> {
  // A client that is gone is seen by the session; an ssh server goes on when nobody reads what it says.
  process.stderr.on('error', () => {});
  process.stdout.on('error', () => {});
  try {
    const given = await readServe(argv);
    if ('help' in given) {
      process.stdout.write(given.help);
      return EXIT.OK;
    }
    checkLimits(given);
    if (given.mode === 'stdio') return await serveStdio(given, signal);
    const { serveSsh } = await import('./serve-ssh.ts');
    return await serveSsh(given, signal);
  } catch (error) {
    const { exitCode, lines } = describeFailure(error, false, false);
    for (const line of lines) tell(line);
    return exitCode;
  }
}

function tell(line: ByteString): void {
  process.stderr.write(Buffer.from(`${escapeLine(line, true)}\n`, 'latin1'));
}

/** One client, whose sshd has started us in place of what it asked for. */
async function serveStdio(given: ServeArguments, signal: AbortSignal): Promise<number> {
  const command = environmentBytes('SSH_ORIGINAL_COMMAND');
  const log = given.logFile === undefined ? undefined : SessionLog.open(given.logFile);
  const outcome = command === undefined ? notInvoked() : await serveCommand(given, command, signal);
  for (const line of lastWords(outcome, signal.aborted)) tell(line);
  const [from = '-'] = (process.env.SSH_CONNECTION ?? '').split(' ');
  const record: SessionRecord = recordOf(from || '-', outcome);
  log?.write(recordLine(record, new Date()));
  log?.close();
  return outcome.exitCode;
}

async function serveCommand(
  { root, readOnly, writeOnly, noDelete, munge }: ServeArguments,
  command: ByteString,
  signal: AbortSignal,
): Promise<ServeOutcome> {
  const places = ConfinedPlaces.open(root);
  const channel = stdioChannel(process.stdin, process.stdout);
  try {
    return await serveRestricted({
      command,
      channel,
      places,
      limits: { readOnly, writeOnly, noDelete, munge },
      onError: tell,
      signal,
    });
  } finally {
    channel.destroy();
    places.close();
  }
}

function notInvoked(): ServeOutcome {
  const error = new RsyncError('RSYNC_USAGE', 'this account serves rsync alone: there is no shell', {
    exitCode: EXIT.SYNTAX,
    origin: 'remote',
    hint: 'It is for command="rsyncjs serve --stdio ..." in authorized_keys; SSH_ORIGINAL_COMMAND is not set.',
  });
  return { exitCode: EXIT.SYNTAX, error, command: undefined, isTold: false };
}

/** Node reads variables as UTF-8 and loses what is none; Linux tells them once more. */
function environmentBytes(name: string): ByteString | undefined {
  const text = process.env[name];
  if (text === undefined || !text.includes('\ufffd')) return text === undefined ? undefined : fromText(text);
  try {
    const all = fromBuffer(readFileSync('/proc/self/environ')).split('\0');
    return all.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? fromText(text);
  } catch (error) {
    if (isRsyncError(error)) throw error;
    return fromText(text);
  }
}
