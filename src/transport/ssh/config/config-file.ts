import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';

/** The text of a configuration file, or why there is none. */
export type ConfigText =
  | { text: string }
  | { missing: true }
  /** An error code such as EACCES. */
  | { unreadable: string }
  /** Others could have written it. */
  | { unsafe: string };

export interface ReadRules {
  /** Refuse a file that somebody else could have written; on Windows access lists decide that, and are not read. */
  checkOwner: boolean;
  windows: boolean;
}

/** Reads a file of ssh_config(5) whole. */
export function readConfigFile(path: string, { checkOwner, windows }: ReadRules): ConfigText {
  let handle: number;
  try {
    handle = openSync(path, 'r');
  } catch (error) {
    return failed(error);
  }
  try {
    const stats = fstatSync(handle);
    // ssh, too, opens a folder, and finds no line in it.
    if (stats.isDirectory()) return { text: '' };
    if (checkOwner && !windows) {
      const unsafe = whyUnsafe(stats);
      if (unsafe !== undefined) return { unsafe };
    }
    // Editors of Windows put a byte order mark before the first line.
    return { text: readFileSync(handle, 'utf8').replace(/^\uFEFF/, '') };
  } catch (error) {
    return failed(error);
  } finally {
    closeSync(handle);
  }
}

function failed(error: unknown): ConfigText {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' ? { missing: true } : { unreadable: code ?? 'EIO' };
}

const WORLD_WRITE = 0o002;
const GROUP_WRITE = 0o020;

function whyUnsafe({ uid, gid, mode }: Pick<Stats, 'uid' | 'gid' | 'mode'>): string | undefined {
  const own = process.getuid?.();
  if (uid !== 0 && uid !== own) return `it belongs to user ${uid}`;
  if ((mode & WORLD_WRITE) !== 0) return 'everybody may write it';
  if ((mode & GROUP_WRITE) !== 0 && !isPrivateGroup(gid)) return `group ${gid} may write it`;
  return undefined;
}

/**
 * Does the group hold this user alone? Systems that give each user such a group (and a umask of 002) have an ssh that
 * lets it write; others' ssh refuses, which would be of no use here.
 */
function isPrivateGroup(gid: number): boolean {
  const own = process.getuid?.();
  try {
    const users = records('/etc/passwd').map(([name, , uid, group]) => ({ name, uid: Number(uid), group }));
    const name = users.find((user) => user.uid === own)?.name;
    const group = records('/etc/group').find(([, , id]) => Number(id) === gid);
    if (name === undefined || group === undefined) return false;
    const members = (group[3] ?? '').split(',').filter((member) => member !== '' && member !== name);
    return members.length === 0 && users.every((user) => Number(user.group) !== gid || user.name === name);
  } catch {
    return false;
  }
}

function records(path: string): string[][] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'));
}
