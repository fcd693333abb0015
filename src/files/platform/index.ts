/** The one place that knows which system this is. */

import type { ByteString } from '../../core/bytes.ts';
import { groupIds, primaryGroupId, systemAccounts } from './accounts.ts';
import { posixNameFault, posixNativePath, processGroups, rdevLayout, rdevMajor, rdevMinor } from './posix.ts';
import { windowsMode, windowsNameFault, windowsNativePath } from './windows.ts';

const isWindows = process.platform === 'win32';
const layout = rdevLayout(process.platform);
const users = systemAccounts('passwd');
const groups = systemAccounts('group');
let ownGroups: ReadonlySet<number> | undefined;

/** A checked path in the form that node:fs takes without loss. */
export const nativePath: (path: ByteString) => string | Buffer = isWindows
  ? windowsNativePath
  : posixNativePath;

/** Why one component of a path can not be a name here, or undefined. */
export const nameFault: (component: ByteString) => string | undefined = isWindows
  ? windowsNameFault
  : posixNameFault;

/** The mode of a stat in Unix terms. */
export const platformMode: (mode: number) => number = isWindows ? windowsMode : (mode) => mode;

/** What this system and this process can do. */
export const platform = {
  isWindows,
  /** May change owners and make devices. */
  isRoot: process.geteuid?.() === 0,
  /** Owner, group and the nine permission bits mean something. */
  hasOwners: !isWindows,
  hasModes: !isWindows,
  /** link(2) on a symlink makes another name of the symlink itself; elsewhere it may be one of what it leads to. */
  linksSymlinks: process.platform === 'linux',
  /** The umask of the process; read once, since reading it means setting it for a moment. */
  umask: isWindows ? 0o022 : process.umask(),

  /** This process has become another user, or taken other groups. */
  privilegesChanged(): void {
    platform.isRoot = process.geteuid?.() === 0;
    ownGroups = undefined;
  },

  /** Groups a process may give to its files: all for root, else those it is a member of. */
  mayUseGroup(gid: number): boolean {
    if (isWindows) return false;
    if (platform.isRoot) return true;
    ownGroups ??= processGroups();
    return ownGroups.has(gid);
  },

  /** Undefined: no such account, or no accounts (Windows). */
  userName(uid: number): ByteString | undefined {
    return isWindows ? undefined : users.name(uid);
  },
  groupName(gid: number): ByteString | undefined {
    return isWindows ? undefined : groups.name(gid);
  },
  uidOf(name: ByteString): number | undefined {
    return isWindows ? undefined : users.id(name);
  },
  gidOf(name: ByteString): number | undefined {
    return isWindows ? undefined : groups.id(name);
  },
  /** The group that a user starts with; undefined as above. */
  primaryGroup(user: ByteString): number | undefined {
    return isWindows || users.id(user) === undefined ? undefined : primaryGroupId(user);
  },
  /** Names of the groups that a user is in; none for a name that is no user. */
  groupsOf(user: ByteString): ByteString[] {
    if (isWindows || users.id(user) === undefined) return [];
    return groupIds(user)
      .map((gid) => groups.name(gid))
      .filter((name) => name !== undefined);
  },
  /** As `uidOf` and `gidOf` for many names: as quick as for one. */
  uidsOf(names: readonly ByteString[]): (number | undefined)[] {
    return isWindows ? names.map(() => undefined) : users.idsOf(names);
  },
  gidsOf(names: readonly ByteString[]): (number | undefined)[] {
    return isWindows ? names.map(() => undefined) : groups.idsOf(names);
  },

  rdevMajor: (rdev: bigint): number => rdevMajor(rdev, layout),
  rdevMinor: (rdev: bigint): number => rdevMinor(rdev, layout),
};
