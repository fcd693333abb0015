import { EXIT, type RsyncError } from '../../core/errors.ts';
import type { Channel } from '../channel.ts';
import { forcedHint, recogniseAccount, recogniseForced } from './accounts.ts';
import { leadsToDaemon, recogniseDaemon, recogniseDaemonRefusal, recogniseDaemonStart } from './daemon.ts';
import { recogniseDisk } from './disk.ts';
import { recogniseElevation } from './elevation.ts';
import { type Finding, type Recogniser, toError } from './finding.ts';
import { recogniseLost, recogniseSignal } from './lost.ts';
import { recogniseNoise, recogniseTerminal, refineNoise } from './noise.ts';
import { askHost, type ProbeAnswer } from './probe.ts';
import { recogniseProgram, refineProgram } from './program.ts';
import { recogniseRemoteRsync } from './remote-rsync.ts';
import { recogniseRestricted } from './restricted.ts';
import { recogniseRrsync } from './rrsync.ts';
import { remoteProgram, type Symptoms } from './symptoms.ts';

export { leadsToDaemon } from './daemon.ts';
export { explainLocalDisk } from './disk.ts';
export type { Phase, Symptoms } from './symptoms.ts';

/** What is certain comes first; the last ones know little more than that it has ended. */
const RECOGNISERS: readonly Recogniser[] = [
  recogniseTerminal,
  recogniseRestricted,
  recogniseRrsync,
  recogniseAccount,
  recogniseElevation,
  recogniseDaemonStart,
  recogniseDaemonRefusal,
  recogniseDisk,
  recogniseRemoteRsync,
  recogniseProgram,
  recogniseForced,
  recogniseNoise,
  recogniseSignal,
  recogniseLost,
];

/** Where no account and no shell of the far end is to be looked at. */
const DAEMON_RECOGNISERS: readonly Recogniser[] = [
  recogniseDaemonRefusal,
  recogniseDisk,
  recogniseRemoteRsync,
  recogniseDaemon,
];

/** What the symptoms alone tell. Undefined: nothing beyond the session's own complaint. */
export function recognise(symptoms: Symptoms): Finding | undefined {
  for (const recogniser of leadsToDaemon(symptoms) ? DAEMON_RECOGNISERS : RECOGNISERS) {
    const finding = recogniser(symptoms);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

/** What the host's answer makes of a finding. Pure. */
export function refine(finding: Finding, symptoms: Symptoms, answer: ProbeAnswer): Finding {
  if (answer.kind === 'nothing') return finding;
  if (answer.kind === 'forced') return { ...finding, hint: forcedHint(undefined) };
  return finding.ask === 'shell'
    ? refineNoise(finding, symptoms, answer.facts)
    : refineProgram(finding, symptoms, answer.facts);
}

/**
 * The error that says what went wrong in a session, and what to do. Exit codes are those that rsync ends with
 * (docs/protocol/4-filters-and-options.md, D.1 and E.4). May ask the host one question over the same connection, where
 * the symptoms show that a shell reads what we send: a forced command would be run a second time.
 *
 * @param error what the session ran into; the answer if nothing better is known
 */
export async function diagnose(symptoms: Symptoms, error: RsyncError, channel: Channel): Promise<RsyncError> {
  const found = recognise(symptoms);
  if (found === undefined) return inContext(error, symptoms);
  // A daemon that is not reached is that to rsync, whatever a remote shell on the way to it says.
  const finding = error.exitCode === EXIT.STARTCLIENT ? { ...found, exitCode: EXIT.STARTCLIENT } : found;
  if (finding.ask === undefined) return toError(finding, symptoms, error);
  const answer = await askHost(channel, remoteProgram(symptoms)?.program);
  return toError(refine(finding, symptoms, answer), symptoms, error);
}

/** The same error, with the place and the circumstances; a broken protocol may also have a reason that they tell. */
export function inContext(error: RsyncError, symptoms: Symptoms): RsyncError {
  const { code, exitCode, origin, message, hint, path } = error;
  const isBroken = code === 'RSYNC_PROTOCOL' || code === 'RSYNC_STREAM';
  const reason = isBroken ? recogniseTerminal(symptoms) : undefined;
  const finding: Finding = reason ?? { code, exitCode, what: message };
  return toError(
    {
      ...finding,
      code,
      exitCode,
      origin,
      ...(hint === undefined || reason !== undefined ? {} : { hint }),
      ...(path === undefined ? {} : { path }),
    },
    symptoms,
    error,
  );
}
