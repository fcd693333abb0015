import type { FilterArgument } from '../../options/transfer-options.ts';
import { Remote, type RemoteRun } from '../remote/remote.ts';

/** The rules that hide names, in the order that decides. */
export function hiddenRules(rules: readonly FilterArgument[], files: readonly string[]): FilterArgument[] {
  return [...rules, ...files.map((file): FilterArgument => ({ kind: 'exclude-from', file }))];
}

/**
 * Lists a folder of this machine as a transfer would see it.
 * @throws RsyncError as a transfer: rules that are wrong, files of them that can not be read
 */
export async function localListing(folder: string, env: NodeJS.ProcessEnv, run: RemoteRun): Promise<void> {
  const here = new Remote({ location: folder, words: [], env });
  await here.list({ ...run, words: ['--recursive', '--links', ...(run.words ?? [])] });
}
