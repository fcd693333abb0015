import { join } from 'node:path';
import { type ByteString, fromText, toText } from '../../core/bytes.ts';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { platform } from '../../files/platform/index.ts';
import { Root } from '../../files/root.ts';
import type { Remote } from '../remote/remote.ts';
import { asLocal } from './inspect.ts';
import type { Plan } from './plan.ts';
import { PROFILE_WORDS, type Profile } from './profile.ts';

/**
 * Versions that a run would overwrite get a name of their own first.
 * @throws RsyncError RSYNC_FILE_IO, RSYNC_UNSUPPORTED: one could not be kept; and as a transfer
 */
export async function putAside(
  { aside }: Pick<Plan, 'aside'>,
  { root: folder }: Pick<Profile, 'root'>,
  remote: Remote,
): Promise<void> {
  if (aside.length === 0) return;
  const root = Root.open(folder);
  try {
    for (const { path, to, side } of aside) {
      if (side === 'local') root.rename(path, to);
      else await fetch(folder, path, to, remote);
    }
  } finally {
    root.close();
  }
}

async function fetch(folder: string, path: ByteString, to: ByteString, remote: Remote): Promise<void> {
  const { exitCode } = await remote.pull(asLocal(join(folder, asText(to))), {
    path: asText(path),
    words: PROFILE_WORDS,
  });
  if (exitCode === EXIT.OK) return;
  throw new RsyncError('RSYNC_FILE_IO', `the version of the server of ${toText(path)} could not be kept`, {
    exitCode,
    origin: 'remote',
    path: toText(path),
    hint: 'Nothing else was changed. Pull that file by hand, or choose another way for the conflict.',
  });
}

/** Paths on a command line are text. */
function asText(path: ByteString): string {
  const text = toText(path);
  if (fromText(text) === path && !(platform.isWindows && text.includes('\\'))) return text;
  throw new RsyncError(
    'RSYNC_UNSUPPORTED',
    `both versions of ${text} can not be kept: its name is not UTF-8`,
    {
      exitCode: EXIT.UNSUPPORTED,
      origin: 'local',
      path: text,
      hint: 'Rename it, or choose another way for the conflict.',
    },
  );
}
