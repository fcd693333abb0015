import type { ByteString } from '../core/bytes.ts';
import { FilterSet } from '../filter/filter-list.ts';
import type { FilterRule } from '../filter/rule.ts';
import type { RoleContext } from '../roles/context.ts';
import { Exclusion } from '../roles/exclusion.ts';
import { ListBuilder } from '../roles/list-builder.ts';
import { Sender } from '../roles/sender.ts';
import type { Link } from './link.ts';
import { closeSources, openSources } from './sources.ts';

export interface SendingInit {
  link: Link;
  /** Source arguments. */
  paths: readonly ByteString[];
  rules: readonly FilterRule[];
}

/**
 * Runs the sending side from the file list to the goodbye.
 * @throws RsyncError that ends the run
 */
export async function runSendingSide(ctx: RoleContext, { link, paths, rules }: SendingInit): Promise<void> {
  const sources = openSources(ctx, paths);
  try {
    const filters = sources.map(({ root }) => {
      return new Exclusion(ctx, new FilterSet(rules, { side: 'sender', rootPath: root.path }), 'sender');
    });
    const hides = (name: string, isDir: boolean, origin: number): boolean =>
      filters[origin]!.isExcluded(name, isDir);
    link.mayKeepAlive = true;
    await new Sender(ctx, sources, new ListBuilder(ctx, sources, hides)).run();
  } finally {
    closeSources(sources);
  }
}
