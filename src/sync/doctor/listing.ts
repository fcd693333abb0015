import type { TransferResult } from '../../client/transfer-request.ts';
import { Complaints } from '../remote/complaints.ts';
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
