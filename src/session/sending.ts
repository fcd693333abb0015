import type { ByteString } from '../core/bytes.ts';
import type { FilterRule } from '../filter/rule.ts';
import type { RoleContext } from '../roles/context.ts';
import { Exclusion } from '../roles/exclusion.ts';
import { type Hides, ListBuilder } from '../roles/list-builder.ts';
import { Sender } from '../roles/sender.ts';
import type { Origin } from '../roles/source.ts';
import { openFilter } from './filter.ts';
import type { Link } from './link.ts';
import { receiveNames } from './name-list.ts';
import { openSources } from './sources.ts';

export interface SendingInit {
  link: Link;
  /** Source arguments. */
  paths: readonly ByteString[];
  rules: readonly FilterRule[];
  /** The list of --files-from, if it is this end that has read it. */
  names?: readonly ByteString[] | undefined;
}

/**
 * Runs the sending side from the file list to the goodbye.
 * @throws RsyncError that ends the run
 */
export async function runSendingSide(ctx: RoleContext, init: SendingInit): Promise<void> {
  const { link, rules } = init;
  const names = await listedNames(ctx, init);
  const sources = openSources(ctx, init.paths, names);
  try {
    const { origins } = sources;
    link.mayKeepAlive = true;
    await new Sender(ctx, origins, new ListBuilder(ctx, sources, hider(ctx, origins, rules))).run();
  } finally {
    sources.close();
  }
}

/** Undefined: what is sent is what the arguments name. */
async function listedNames(
  ctx: RoleContext,
  { names }: SendingInit,
): Promise<readonly ByteString[] | undefined> {
  return ctx.options.filesFrom?.at === 'peer' ? receiveNames(ctx) : names;
}

function hider(ctx: RoleContext, origins: readonly Origin[], rules: readonly FilterRule[]): Hides {
  const filter = (rootPath: ByteString): Exclusion =>
    new Exclusion(ctx, openFilter(ctx, rules, { side: 'sender', rootPath }), 'sender');
  // Only such rules ask where the root of the transfer is; there may be many.
  const depends = rules.some((rule) => rule.absolute || rule.kind === 'dir-merge');
  const shared = depends ? undefined : filter('/');
  const own: Exclusion[] = [];
  const of = (origin: number): Exclusion => {
    if (shared !== undefined) return shared;
    own[origin] ??= filter(origins[origin]!.display('.'));
    return own[origin];
  };
  const found: Hides['found'] = (name, isDir, origin) => {
    if (ctx.policy?.hides(origins[origin]!.display(name), isDir) === true) return true;
    return of(origin).isExcluded(name, isDir);
  };
  return {
    enter: (directory, origin) => of(origin).enter(directory),
    found,
    asked: (name, isDir, origin) => {
      const filter = of(origin);
      const { position } = filter;
      filter.leave();
      const isHidden = found(name, isDir, origin);
      // Directories whose turn comes later stay in the one that they were found in.
      filter.resume(position);
      return isHidden;
    },
  };
}
