import { DIGEST_LENGTH } from '../core/algorithms.ts';
import { toBuffer } from '../core/bytes.ts';
import { MUNGE_PREFIX } from '../core/munging.ts';
import { keepsPaths } from '../options/files-from.ts';
import type { EntryContext } from '../protocol/file-entry.ts';
import type { RoleContext } from './context.ts';

/** The form of file-list entries that this session agreed on. */
export function entryContext(ctx: RoleContext): EntryContext {
  const { options, negotiated } = ctx;
  return {
    protocol: negotiated.protocol,
    varintFlags: negotiated.usesVarintFlags,
    safeFlist: negotiated.safeFlist,
    incRecurse: negotiated.incRecurse,
    preserve: {
      uid: options.owner,
      gid: options.group,
      devices: options.devices,
      specials: options.specials,
      links: options.links,
      hardLinks: options.hardLinks,
    },
    numericIds: options.numericIds,
    checksumLength: options.checksum ? DIGEST_LENGTH[negotiated.listChecksum] : 0,
    relative: keepsPaths(options),
    missingArgs: options.deleteMissingArgs,
    recursive: options.recursive,
    ...(options.mungeLinks ? { targetPrefix: toBuffer(MUNGE_PREFIX) } : {}),
    sanitizedTargets: !options.mungeLinks && ctx.policy?.sanitizesSymlinks === true,
  };
}
