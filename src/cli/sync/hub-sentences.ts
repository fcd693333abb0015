/** What a hub says of its spokes, in the words that its users know. */
import type { OutcomeKind, SpokeOutcome } from '../../sync/hub/outcome.ts';
import { durationText, sizeText } from './quantities.ts';

export const MARKS: Readonly<Record<OutcomeKind, readonly [utf8: string, ascii: string]>> = {
  ok: ['✓', 'ok'],
  dry: ['✓', 'ok'],
  partial: ['⚠', 'partial'],
  busy: ['⚠', 'busy'],
  failed: ['✗', 'failed'],
  skipped: ['-', 'skipped'],
};

/** `✓ Synced 12 files (3.4 MB) (812ms)`; in ASCII the outcome's name stands for the mark. */
export function outcomeSentence(outcome: SpokeOutcome, utf8: boolean): string {
  const mark = MARKS[outcome.outcome][utf8 ? 0 : 1];
  return `${mark}${utf8 ? '' : ':'} ${words(outcome)}`;
}

function words({
  outcome,
  exitCode,
  files,
  bytes,
  durationMs,
  failed,
  vanished,
  error,
}: SpokeOutcome): string {
  const what = `${files} ${files === 1 ? 'file' : 'files'} (${sizeText(bytes)})`;
  switch (outcome) {
    case 'ok':
      return `Synced ${what} (${durationText(durationMs)})`;
    case 'dry':
      return `Would sync ${what} (${durationText(durationMs)})`;
    case 'partial': {
      const count = ({ paths, more }: SpokeOutcome['failed']): number => paths.length + more;
      const rest = [
        ...(count(failed) > 0 ? [`${count(failed)} failed`] : []),
        ...(count(vanished) > 0 ? [`${count(vanished)} vanished`] : []),
        ...(exitCode === 25 ? ['the deletion limit was reached'] : []),
      ];
      const why = rest.length === 0 ? ['not all of it'] : rest;
      return `Synced ${what} (${durationText(durationMs)}), ${why.join(', ')}`;
    }
    default:
      return error?.message ?? `ended with ${exitCode}`;
  }
}

/** The last line of a run. */
export function closingSentence(outcomes: readonly Pick<SpokeOutcome, 'outcome'>[]): string {
  const some = (...kinds: OutcomeKind[]): boolean => outcomes.some(({ outcome }) => kinds.includes(outcome));
  if (some('failed', 'busy')) return 'Some syncs failed.';
  if (some('partial')) return 'Some syncs are partial.';
  if (!some('ok', 'dry')) return 'Nothing was synced.';
  return some('dry') ? 'Dry run complete. No changes were made.' : 'All syncs completed successfully.';
}
