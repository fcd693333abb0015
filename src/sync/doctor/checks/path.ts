import { EXIT } from '../../../core/errors.ts';
import { type Check, count, fault, info, type Outcome, ok, warning } from '../check.ts';
import type { SetupContext } from '../context.ts';
import { PROBE_PREFIX } from '../probe-names.ts';
import { noNetwork, noWriting } from '../reasons.ts';

export const path: Check = {
  name: 'path',
  about: 'That the remote folder is there and can be read.',
  outcomes: [
    { grade: 'ok', when: 'it is; how many names are in it is told' },
    {
      grade: 'error',
      when: 'there is no such folder, a file is in its place, the account may not read it, or no module of a daemon is named',
      remedy: 'Make it there (`ssh HOST mkdir -p PATH`), correct the path, or change its rights.',
    },
  ],
  needs: ['rsync', 'configuration'],
  omit: noNetwork,
  run: async (context) => {
    const { result, names, messages } = await context.listing();
    const { location } = context.profile;
    if (result.listedModules === true) {
      return fault(
        EXIT.SYNTAX,
        `${location} names no module of the daemon`,
        'Write rsync://HOST/MODULE/PATH.',
      );
    }
    if (result.exitCode === EXIT.OK) return ok(`${location} can be read: ${count(names, 'name')}`, { names });
    const words = messages[0] ?? `exit ${result.exitCode}`;
    const missing = /No such file or directory/.test(words);
    if (/Not a directory/.test(words)) {
      return fault(
        result.exitCode,
        `${location} is no folder: ${words}`,
        'A file is in the way: correct the path, or move the file there.',
        { messages },
      );
    }
    const what = missing
      ? 'is not there'
      : /Permission denied/.test(words)
        ? 'can not be read by this account'
        : 'can not be read';
    return fault(result.exitCode, `${location} ${what}: ${words}`, remedyFor(context, missing), { messages });
  },
};

function remedyFor({ place }: SetupContext, missing: boolean): string {
  if (!missing) return 'Change its owner or mode there, or log in as somebody who may read it.';
  if (place.kind === 'shell') {
    const user = place.user === undefined ? '' : `${place.user}@`;
    return `Correct the path, or make it: ssh ${user}${place.host} mkdir -p ${quoted(place.path)}`;
  }
  return place.kind === 'daemon'
    ? 'Correct the path below the module, or make it there.'
    : 'Correct the path, or make it.';
}

function quoted(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export const writable: Check = {
  name: 'writable',
  about:
    'That the account may write to the remote folder and delete there: a folder with a few small files, `.rsyncjs-check-…`, is pushed and deleted again. Nothing is written where nothing may be deleted.',
  outcomes: [
    { grade: 'ok', when: 'both' },
    {
      grade: 'info',
      when: 'it was not tried: that server may not keep to the rules of a careful deletion (openrsync)',
    },
    {
      grade: 'warning',
      when: 'a key or module that allows no deletion, or the probe could not be deleted',
      remedy: 'Delete there what a push would have deleted; delete the probe that is named.',
    },
    {
      grade: 'error',
      when: 'read-only, no rights, or a full disk',
      remedy: 'Change the rights or the key, or make room; or use it for a pull only.',
    },
  ],
  needs: ['path'],
  omit: noWriting,
  run: async (context) => {
    // A server that passed over the rules which protect everything else would delete everything else.
    if (!keepsRules(await protocolOf(context), context)) {
      return info(
        'not tried out: this server may not keep to the filter rules that a careful deletion needs',
        {
          tried: false,
        },
      );
    }
    const facts = await context.probe();
    switch (facts.kind) {
      case 'undeletable':
        return warning(
          `nothing may be deleted there: ${facts.error.message}`,
          'Pushes that delete nothing work. The lock needs a key (or module) that may delete.',
          { tried: false },
        );
      case 'unwritable':
        return notWritten(facts.messages, facts.exitCode);
      case 'written': {
        context.remoteFiles = facts.files;
        const { left } = facts.files;
        if (left === undefined) return ok('a file was made there and deleted again', { tried: true });
        return warning(
          `the probe ${left} could not be deleted there`,
          `Delete ${left} in the remote folder.`,
          { left },
        );
      }
    }
  },
};

function notWritten(messages: readonly string[], exitCode: number): Outcome {
  // Of the root there may be complaints too; what the probe ran into tells more.
  const words = messages.find((line) => line.includes(PROBE_PREFIX)) ?? messages[0] ?? `exit ${exitCode}`;
  return fault(
    exitCode || EXIT.PARTIAL,
    `nothing can be written there: ${words}`,
    'Change the owner or the mode of the folder there, or log in as somebody who may write; a full disk says so.',
    { messages },
  );
}

async function protocolOf(context: SetupContext): Promise<number> {
  return (await context.listing()).result.protocol;
}

/** Rules that protect (`P`) are as old as the oldest C rsync that is spoken to; openrsync is another matter. */
function keepsRules(protocol: number, { version }: SetupContext): boolean {
  return version === undefined ? protocol >= 30 : version.flavour !== 'openrsync';
}
