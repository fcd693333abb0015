import { type ByteString, toText } from '../../core/bytes.ts';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { errnoText, fileError } from '../../files/errors.ts';
import { Root } from '../../files/root.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import type { Remote } from '../remote/remote.ts';
import { asLocal } from './inspect.ts';
import type { AsidePath, Plan } from './plan.ts';
import { onlyPaths } from './plan-rules.ts';
import { PROFILE_WORDS, type Profile } from './profile.ts';
import { makeTempFolder } from './temp-folder.ts';

/**
 * Versions that a run would overwrite get a name of their own first.
 * @param owner  of the folder that those of the server are received in: `makeTempFolder`
 * @throws RsyncError RSYNC_FILE_IO: one could not be kept; and as a transfer
 */
export async function putAside(
  { aside }: Pick<Plan, 'aside'>,
  { root: folder }: Pick<Profile, 'root'>,
  remote: Remote,
  owner: readonly string[],
): Promise<void> {
  if (aside.length === 0) return;
  const root = Root.open(folder);
  try {
    for (const { path, to, side } of aside) if (side === 'local') root.rename(path, to);
    const there = aside.filter(({ side }) => side === 'remote');
    if (there.length > 0) await fetch(there, folder, root, remote, owner);
  } finally {
    root.close();
  }
}

/** By rules, not by paths: a server takes a path for a pattern, and would send another file that matches it. */
async function fetch(
  aside: readonly AsidePath[],
  folder: string,
  root: Root,
  remote: Remote,
  owner: readonly string[],
): Promise<void> {
  const temp = makeTempFolder(folder, [...owner, 'aside']);
  if (temp === undefined) throw fileError('mkdir', folder, new Error('no folder can be made in it'));
  try {
    const { exitCode } = await remote.pull(asLocal(`${folder}/${temp.path}/`), {
      words: PROFILE_WORDS,
      rules: onlyWith(aside.map(({ path }) => path)),
      root: 'kept',
    });
    for (const { path, to } of aside) {
      try {
        if (exitCode !== EXIT.OK) throw notKept(path, exitCode, undefined);
        root.rename(`${temp.path}/${path}`, to);
      } catch (error) {
        throw error instanceof RsyncError ? error : notKept(path, EXIT.FILEIO, error);
      }
    }
  } finally {
    temp.remove();
  }
}

/** As `onlyPaths`, with all that is in them. */
function onlyWith(paths: readonly ByteString[]): FilterArgument[] {
  // With a wildcard in it, so that backslashes are escapes in any case.
  const contents = (path: ByteString): ByteString => `/${path.replace(/[\\*?[]/g, '\\$&')}/***`;
  return [
    ...paths.map((path): FilterArgument => ({ kind: 'include', text: contents(path) })),
    ...onlyPaths(paths),
  ];
}

function notKept(path: ByteString, exitCode: number, cause: unknown): RsyncError {
  const why = cause === undefined ? '' : `: ${errnoText(cause)}`;
  return new RsyncError(
    'RSYNC_FILE_IO',
    `the version of the server of ${toText(path)} could not be kept${why}`,
    {
      exitCode,
      origin: 'remote',
      path: toText(path),
      hint: 'Nothing else was changed. Pull that file by hand, or choose another way for the conflict.',
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
