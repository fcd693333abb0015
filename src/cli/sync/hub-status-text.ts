import type { Counts, HubStatus, Reach, SpokeStatus } from '../../sync/hub/status.ts';
import { ageOf } from '../../sync/state/ages.ts';
import type { Marks } from './marks.ts';
import { sizeText } from './quantities.ts';

/** The screen of `rsyncjs hub status`, and its twin for programs. */

const RULE = 60;

export interface HubLook {
  marks: Marks;
  /** Of this machine: what the hub is called where nothing else is said. */
  host: string;
  now: Date;
}

export function hubStatusLines({ name, sessionsDir, counts, spokes }: HubStatus, look: HubLook): string[] {
  const lines = [
    'Sync Status',
    '='.repeat(RULE),
    `Hub: ${name ?? look.host}`,
    `  Files:     ${countsText(counts)}`,
    `  Directory: ${sessionsDir}`,
  ];
  for (const spoke of spokes) lines.push('', ...spokeLines(spoke, look));
  const total = spokes.reduce((sum, spoke) => sum + spoke.counts.files, 0);
  lines.push('', `Total files of spokes: ${total}`);
  return lines;
}

function spokeLines(spoke: SpokeStatus, { marks, now }: HubLook): string[] {
  const { name, method, enabled, counts, path, source, sync, stale, reach } = spoke;
  const isNever = sync.lastSuccess === undefined && method === 'rsync';
  // As a word it stands before a name, and needs no colon.
  const sign = (isNever ? marks.error : stale ? marks.warning : marks.ok).replace(/:$/, '');
  const mark = enabled ? sign : '-';
  const lines = [
    `${mark} ${name} (${method})${enabled ? '' : ' disabled'}`,
    `  Files:     ${countsText(counts)}`,
    `  Path:      ${path}`,
  ];
  if (source !== undefined) lines.push(`  Source:    ${source}`);
  if (method === 'rsync') lines.push(`  Last sync: ${lastSync(spoke, now)}`, ...failure(spoke, now));
  if (reach !== undefined) lines.push(`  Reached:   ${reachText(reach)}`);
  if (reach?.reached === false && reach.hint !== undefined) lines.push(`             ${reach.hint}`);
  return lines;
}

function countsText({ files, bytes, problem }: Counts): string {
  const known = `${files} (${sizeText(bytes)})`;
  return problem === undefined ? known : `${known}, and not all: ${problem}`;
}

function lastSync({ sync: { lastSuccess }, stale }: SpokeStatus, now: Date): string {
  if (lastSuccess === undefined) return 'never synced';
  return `${ageOf(lastSuccess.at, now)?.text ?? lastSuccess.at}${stale ? ' (stale)' : ''}`;
}

/** Of an attempt since the last success. */
function failure({ sync: { lastSuccess, lastAttempt } }: SpokeStatus, now: Date): string[] {
  const failed =
    lastAttempt !== undefined &&
    !lastAttempt.dry &&
    lastAttempt.exitCode !== 0 &&
    (lastSuccess === undefined || lastSuccess.at < lastAttempt.at);
  if (!failed) return [];
  const { at, error, exitCode } = lastAttempt;
  return [`  Attempt:   ${ageOf(at, now)?.text ?? at}: ${error ?? `exit ${exitCode}`}`];
}

function reachText(reach: Reach): string {
  if (!reach.reached) return `no: ${reach.message}`;
  const { protocol, version } = reach;
  return `yes, ${version === undefined ? '' : `rsync ${version}, `}protocol ${protocol}`;
}

/** The same for programs (docs/hub.md): every key is always there, and null where there is nothing to tell. */
export function hubStatusJson({ spokes, ...rest }: HubStatus): object {
  return {
    schema: 1,
    ...rest,
    name: rest.name ?? null,
    counts: countsJson(rest.counts),
    spokes: spokes.map(({ source, sync, peer, reach, counts, ...spoke }) => ({
      ...spoke,
      counts: countsJson(counts),
      source: source ?? null,
      lastAttempt: sync.lastAttempt ?? null,
      lastSuccess: sync.lastSuccess ?? null,
      peer: peer ?? null,
      reach: reach === undefined ? null : reachJson(reach),
    })),
  };
}

function countsJson({ files, bytes, problem }: Counts): object {
  return { files, bytes, problem: problem ?? null };
}

function reachJson(reach: Reach): object {
  return reach.reached
    ? { ...reach, version: reach.version ?? null }
    : { ...reach, hint: reach.hint ?? null };
}
