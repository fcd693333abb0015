import type { ByteString } from '../../../core/bytes.ts';
import { askVersion } from '../../../transport/diagnose/account.ts';
import { type Check, info, type Outcome, ok } from '../check.ts';
import type { SetupContext } from '../context.ts';
import { noNetwork } from '../reasons.ts';
import { limitsOf, parseVersion, type RsyncVersion } from '../rsync-version.ts';

export const rsync: Check = {
  name: 'rsync',
  about:
    'That an rsync answers at the other side: which one (C rsync, openrsync, rsyncjs), its version, the protocol that both speak, and what it can not do. The root of the remote is listed for it.',
  outcomes: [
    { grade: 'ok', when: 'it does, and lacks nothing' },
    {
      grade: 'info',
      when: 'it does; what it can not do is told',
      remedy: 'Install a newer rsync there, if that is missed.',
    },
    {
      grade: 'error',
      when: 'it is not installed or not found, can not be run, refuses the request, or its module does not exist or asks for a password',
      remedy: 'Where it is, or how to get it on that system, is told.',
    },
  ],
  needs: ['configuration', 'tcp', 'login', 'shell'],
  omit: (context) =>
    noNetwork(context) ??
    (context.place.kind === 'local' ? 'the other side is a folder of this machine' : undefined),
  run: async (context) => {
    const { result } = await context.listing();
    const { protocol, checksum } = result;
    const version = await versionOf(context);
    context.version = version;
    const limits = limitsOf(protocol, version);
    const details = { protocol, checksum, ...(version ?? { flavour: null, version: null }), limits };
    const sentence = `${nameOf(context, version)}, protocol ${protocol}`;
    return limits.length === 0
      ? ok(sentence, details)
      : limited(`${sentence}: ${limits.join('; ')}`, details, version);
  },
};

function limited(sentence: string, details: Outcome['details'], version: RsyncVersion | undefined): Outcome {
  const open = version?.flavour === 'openrsync';
  return info(
    sentence,
    details,
    open
      ? 'If that is missed, install rsync there (brew install rsync) and name it: --rsync-path=/opt/homebrew/bin/rsync.'
      : 'If that is missed, install a newer rsync there.',
  );
}

/** A restricted key and a daemon do not tell. */
async function versionOf({ shell, account, options }: SetupContext): Promise<RsyncVersion | undefined> {
  if (shell === undefined || account?.kind !== 'shell') return undefined;
  const text = await askVersion(shell, options.rsyncPath);
  return text === undefined ? undefined : parseVersion(text);
}

function nameOf({ place, account }: SetupContext, version: RsyncVersion | undefined): ByteString {
  if (version !== undefined) {
    const { flavour, version: number } = version;
    return flavour === 'openrsync' ? `openrsync (as rsync ${number})` : `${flavour} ${number}`;
  }
  if (place.kind === 'daemon') return 'an rsync daemon';
  return account?.kind === 'forced' ? 'an rsync behind a restricted key' : 'an rsync';
}
