import { type ErrorCode, type ErrorOrigin, EXIT, RsyncError } from '../../core/errors.ts';
import { hasNoise, type Symptoms } from './symptoms.ts';
import { clean, lastLines } from './words.ts';

/** Which question to the host would tell more: about the login shell's files, about the program. */
export type Question = 'shell' | 'program';

/** What went wrong, before it is put into the words of an error. */
export interface Finding {
  code: ErrorCode;
  exitCode: number;
  /** Default: remote. */
  origin?: ErrorOrigin;
  /** What happened, without the place and the circumstances. */
  what: string;
  hint?: string;
  path?: string;
  /** The line that it was told by, or several: not to be shown twice. */
  line?: string | readonly string[];
  /** Only for failures that show that a shell has read our command: what else may run is not known. */
  ask?: Question;
}

/** A recogniser: pure, undefined for what it does not know. */
export type Recogniser = (symptoms: Symptoms) => Finding | undefined;

const COMMAND_LENGTH = 200;
const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
  24: 'SIGXCPU',
  25: 'SIGXFSZ',
};

/** The signal that ended the far end: told as such, or by the status that a shell makes of it. */
export function signalOf({ exit }: Symptoms): string | undefined {
  if (exit?.signal) return exit.signal;
  return exit?.code == null ? undefined : SIGNALS[exit.code - 128];
}

/**
 * What rsync ends with if the far end never said a word of the protocol: 2 for four bytes that are no version, else
 * the status of the remote command (docs/protocol/4-filters-and-options.md, E.4).
 */
export function startExitCode(symptoms: Symptoms): number {
  const { exit, firstBytes } = symptoms;
  if (hasNoise(symptoms) && firstBytes.length >= 4) return EXIT.PROTOCOL;
  if (exit === undefined || exit.signal || exit.code === 0) return EXIT.STREAMIO;
  return exit.code ?? 255;
}

/** The error: place, what happened, circumstances, last words; and the hint. */
export function toError(finding: Finding, symptoms: Symptoms, cause?: unknown): RsyncError {
  const { code, exitCode, origin = 'remote', what, hint, path } = finding;
  const told = [finding.line ?? []].flat();
  const said = lastLines([symptoms.stderr, ...symptoms.messages].join('\n')).filter(
    (line) => !told.includes(line),
  );
  const words = said.length === 0 ? '' : `; it said: ${said.join(' | ')}`;
  return new RsyncError(code, `${symptoms.label}: ${what} (${circumstances(symptoms)})${words}`, {
    exitCode,
    origin,
    ...(path === undefined ? {} : { path }),
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Phase, remote command and its end, bytes each way, and why the connection is gone. */
export function circumstances(symptoms: Symptoms): string {
  const { phase, details, receivedBytes, sentBytes } = symptoms;
  const bytes = `${receivedBytes} bytes in, ${sentBytes} out`;
  // Nothing of ours runs at a daemon.
  if (details?.kind === 'tcp')
    return `${phase === 'starting rsync' ? 'at the start' : `in the ${phase}`}; ${bytes}`;
  const command =
    details?.command === undefined ? 'the remote command' : `"${clean(details.command, COMMAND_LENGTH)}"`;
  const parts = [
    phase === 'starting rsync' ? phase : `in the ${phase}`,
    `${command} ${ending(symptoms)}`,
    bytes,
  ];
  if (details?.lost !== undefined && symptoms.exit?.code == null && !symptoms.exit?.signal) {
    parts.push(`connection: ${clean(details.lost)}`);
  }
  return parts.join('; ');
}

function ending({ exit }: Symptoms): string {
  if (exit === undefined) return 'had not ended';
  if (exit.signal) return `was killed by ${clean(exit.signal, 20)}`;
  return exit.code === null ? 'gave no exit status' : `ended with status ${exit.code}`;
}
