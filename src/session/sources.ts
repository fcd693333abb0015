import { type ByteString, fromText } from '../core/bytes.ts';
import { errnoText } from '../files/errors.ts';
import { IOERR, type RoleContext } from '../roles/context.ts';
import type { Source } from '../roles/list-builder.ts';

/**
 * Splits a source argument into the directory that names are relative to and the name that is sent:
 * docs/protocol/2-file-list.md, 1.2, non-relative mode. `dir/`, `dir/.`, `.` and `..` send the contents.
 */
export function splitSource(path: ByteString): { directory: ByteString; name: ByteString } {
  if (path === '' || path === '.' || path === '..') return { directory: path || '.', name: '.' };
  if (path.endsWith('/')) return { directory: path, name: '.' };
  const slash = path.lastIndexOf('/');
  const last = path.slice(slash + 1);
  if (last === '.' || last === '..') return { directory: path, name: '.' };
  if (slash < 0) return { directory: '.', name: path };
  return { directory: slash === 0 ? '/' : path.slice(0, slash), name: last };
}

/** Opens what the source arguments name; one that cannot be opened is reported and left out. */
export function openSources(ctx: RoleContext, paths: readonly ByteString[]): Source[] {
  const sources: Source[] = [];
  for (const path of paths) {
    const { directory, name } = splitSource(path);
    try {
      sources.push({ root: ctx.places.open(directory), name });
    } catch (error) {
      ctx.ioError |= IOERR.GENERAL;
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      ctx.error(
        `rsync: [sender] change_dir "${ctx.places.display(directory)}" failed: ${fromText(errnoText(cause))}`,
      );
    }
  }
  return sources;
}

export function closeSources(sources: readonly Source[]): void {
  for (const { root } of sources) root.close();
}
