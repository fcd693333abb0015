import type { TransferResult } from '../../client/transfer-request.ts';
import { toText } from '../../core/bytes.ts';
import type { Remote } from '../remote/remote.ts';

/** The root of the other side, listed without what is below its folders. */
export interface FirstListing {
  result: TransferResult;
  /** Names in the root. */
  names: number;
  /** Lines of the remote rsync, cleaned of nothing: for people. */
  messages: string[];
  /** What a daemon says first. */
  greeting: string[];
}

/** @throws RsyncError as a transfer */
export async function listRoot(remote: Remote): Promise<FirstListing> {
  let names = 0;
  const messages: string[] = [];
  const greeting: string[] = [];
  const result = await remote.list({
    words: ['--dirs'],
    onEvent: (event) => {
      if (event.type === 'listed' && event.entry.name !== '.') names++;
      else if (event.type === 'message' && event.level !== 'info') messages.push(toText(event.text).trim());
      else if (event.type === 'daemon-text') greeting.push(toText(event.text));
    },
  });
  return { result, names, messages, greeting };
}
