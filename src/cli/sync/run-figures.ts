import type { RunResult } from '../../sync/project/run.ts';
import { durationText, sizeText } from './quantities.ts';

/** One line about what went where; with `-v` rsync's own figures stand in its place. */
export function figuresLine({ outcome, plan, transfer }: RunResult): string | undefined {
  if (transfer === undefined) return undefined;
  const { transferredFiles, transferredSize, bytesSent, bytesReceived, elapsed } = transfer.stats;
  if (plan.transfer.length + plan.delete.length === 0 && transferredFiles === 0) {
    return outcome === 'dry' ? 'Nothing would be transferred.' : 'Nothing to transfer.';
  }
  const files = `${transferredFiles} ${transferredFiles === 1 ? 'file' : 'files'}`;
  const would = outcome === 'dry' ? 'would be ' : '';
  const what = `${files} (${sizeText(transferredSize)}) ${would}transferred, ${plan.delete.length} ${would}deleted`;
  if (outcome === 'dry') return `${what}.`;
  return `${what}; ${sizeText(bytesSent)} sent, ${sizeText(bytesReceived)} received in ${durationText(elapsed)}.`;
}
