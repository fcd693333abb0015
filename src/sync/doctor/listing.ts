import type { TransferResult } from '../../client/transfer-request.ts';
import { toText } from '../../core/bytes.ts';
import type { TransferEvent } from '../../core/events.ts';
import type { Remote } from '../remote/remote.ts';

/** The root of the other side, listed without what is below its folders. */
export interface FirstListing {
  result: TransferResult;
  /** Names in the root. */
  names: number;
  /** What went wrong, by the lines of either side and by those on the standard error there. */
  messages: string[];
}

/** @throws RsyncError as a transfer */
export async function listRoot(remote: Remote): Promise<FirstListing> {
  let names = 0;
  const complaints = new Complaints();
  const result = await remote.list({
    words: ['--dirs'],
    onEvent: (event) => {
      if (event.type === 'listed' && event.entry.name !== '.') names++;
      complaints.hear(event);
    },
  });
  return { result, names, messages: complaints.lines };
}

/** Kept of what the other side says: it may be endless. */
const LINES = 20;
const CHARACTERS = 16 * 1024;

/** Gathers what a transfer says went wrong; without the last line of rsync, which only tells the exit code. */
export class Complaints {
  readonly #messages: string[] = [];
  #stderr = '';

  hear(event: TransferEvent): void {
    if (event.type === 'message' && event.level !== 'info') this.#messages.push(toText(event.text));
    else if (event.type === 'stderr') {
      this.#stderr = (this.#stderr + Buffer.from(event.bytes).toString('utf8')).slice(0, CHARACTERS);
    }
  }

  get lines(): string[] {
    return [...this.#messages, ...this.#stderr.split('\n')]
      .map((line) => line.trim())
      .filter((line) => line !== '' && !/^rsync (?:error|warning): .* \(code \d+\)/.test(line))
      .slice(0, LINES);
  }
}
