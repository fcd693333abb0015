import { type ByteString, toText } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { ENTRY, type FileList } from '../core/file-list.ts';
import { openDestination } from '../files/destination.ts';
import { RequestedNames, rulesOfSender } from '../filter/requested.ts';
import type { FilterRule } from '../filter/rule.ts';
import { keepsPaths, transfersDirs } from '../options/files-from.ts';
import { infoLevels } from '../options/info-levels.ts';
import type { RoleContext } from '../roles/context.ts';
import { Deletion } from '../roles/deletion.ts';
import { Exclusion } from '../roles/exclusion.ts';
import { Generator } from '../roles/generator.ts';
import { openKeeping } from '../roles/keeping.ts';
import { pruneEmptyDirectories } from '../roles/prune.ts';
import { Receiver } from '../roles/receiver.ts';
import { type NameCheck, ReceivingSide } from '../roles/receiving-side.ts';
import { openFilter } from './filter.ts';
import type { Link } from './link.ts';
import { forwardNames } from './name-list.ts';

export interface ReceivingInit {
  link: Link;
  /** The destination as typed. Undefined: a listing. */
  destination: ByteString | undefined;
  rules: readonly FilterRule[];
  /** The list of --files-from, if it is this end that has read it: the sender is told. */
  names?: readonly ByteString[] | undefined;
  /** A client: what it asked for; names beyond that are refused. */
  requested: readonly ByteString[] | undefined;
}

/**
 * Runs the receiving side from the file list to the goodbye.
 * @throws RsyncError that ends the run
 */
export async function runReceivingSide(ctx: RoleContext, init: ReceivingInit): Promise<void> {
  const { options, wire } = ctx;
  const direction = 'receive';
  const incremental = ctx.negotiated.incRecurse;
  const side = new ReceivingSide(ctx, nameCheck(ctx, init));
  const info = infoLevels(options);

  ctx.emit({ type: 'flist', stage: 'start', direction, incremental, count: 0 });
  const receiver = new Receiver(side);
  ctx.onNotSent = (ndx) => receiver.notSent(ndx);
  if (init.names === undefined) await side.receiveFirstList();
  else await both(side.receiveFirstList(), forwardNames(ctx, init.names), (error) => wire.fail(error));
  init.link.mayKeepAlive = true;
  if (options.pruneEmptyDirs) prune(ctx, side, init);
  if (side.known === 1) await receiver.readUntilMore();
  ctx.emit({ type: 'flist', stage: 'end', direction, incremental, count: side.known });
  // A server that has nothing to send is gone already.
  if (side.known === 0 && !ctx.isServer) return;
  const listing = init.destination === undefined || options.listOnly;
  if (!listing) chooseDestination(ctx, side, init.destination!);
  try {
    if (!listing) side.keeping = openKeeping(ctx, side.root, side.destination.path);
    const rootPath = side.root?.path ?? init.destination ?? '';
    const filter = openFilter(ctx, init.rules, { side: 'receiver', rootPath });
    const generator = new Generator(
      side,
      new Deletion(
        ctx,
        new Exclusion(ctx, filter, 'receiver', rootPath),
        info,
        side.keptLinks,
        side.keeping.backups,
      ),
      info,
    );
    await both(generator.run(), receiver.run(), (error) => {
      side.progress.fail(error);
      wire.fail(error);
    });
  } finally {
    side.keeping.close();
    side.root?.close();
  }
}

/** `-m`, with the list whole. Whether a rule is about the destination's own path is known before it is opened. */
function prune(ctx: RoleContext, side: ReceivingSide, { rules, destination }: ReceivingInit): void {
  const rootPath = destination === undefined ? '' : ctx.places.display(destination);
  const filter = openFilter(ctx, rules, { side: 'receiver', rootPath });
  pruneEmptyDirectories(side.lists[0]!.list, (name) => filter.isExcluded(name, true));
}

/** Under which root and names the entries go, once it is known whether there is more than one. */
function chooseDestination(ctx: RoleContext, side: ReceivingSide, path: ByteString): void {
  const shown = ctx.places.display(path);
  if (ctx.policy?.hides(shown, true) === true || ctx.policy?.hides(shown, false) === true) {
    throw new RsyncError('RSYNC_FILE_SELECT', `daemon has excluded destination "${toText(shown)}"`, {
      exitCode: EXIT.FILESELECT,
      origin: 'local',
      path: toText(shown),
    });
  }
  const only = side.known === 1 ? onlyEntry(side.lists[0]!.list) : undefined;
  const { dryRun, mkpath } = ctx.options;
  side.destination = openDestination(
    ctx.places,
    path,
    { count: side.known, only },
    {
      dryRun,
      mkpath,
      follows: side.keptLinks.isActive,
    },
  );
  const { root, made, announced } = side.destination;
  if (root !== undefined) ctx.policy?.receivesInto(root.display(''));
  if (made !== undefined) ctx.emit({ type: 'created-directory', ...made });
  if (announced) ctx.emit({ type: 'created-directory', path: path.replace(/(?<=.)\/+$/, '') });
}

/** Waits for both tasks; the first failure stops the other one and is thrown. */
async function both(a: Promise<void>, b: Promise<void>, stop: (error: unknown) => void): Promise<void> {
  const failures: unknown[] = [];
  const watch = async (task: Promise<void>): Promise<void> => {
    try {
      await task;
    } catch (error) {
      failures.push(error);
      stop(error);
    }
  };
  await Promise.all([watch(a), watch(b)]);
  if (failures.length > 0) throw failures[0];
}

function onlyEntry(list: FileList): { name: string; isDirectory: boolean } {
  const i = list.at(0);
  return { name: list.name(i), isDirectory: list.isDirectory(i) };
}

/**
 * Names that were not asked for, or that our own rules hide, are no accident: docs/protocol/2-file-list.md, 10. Undefined:
 * the sender is trusted, or the client is at the other end.
 */
function nameCheck({ options }: RoleContext, { requested, rules }: ReceivingInit): NameCheck | undefined {
  if (requested === undefined || options.trustSender) return undefined;
  const { recursive, oldArgs, filesFrom } = options;
  const relative = keepsPaths(options);
  const dirs = !recursive && transfersDirs(options);
  // What the remote shell makes of the paths after --old-args, nobody here knows; nor what is in a remote list.
  const isKnown = oldArgs === 0 && filesFrom?.at !== 'peer';
  const names = isKnown ? new RequestedNames(requested, { relative, recursive, dirs }) : undefined;
  const hidden = rulesOfSender(rules);
  const refuse = (what: string, name: string): never => {
    throw new RsyncError('RSYNC_PROTOCOL', `rejecting ${what} file-list name: ${name}`, {
      exitCode: EXIT.UNSUPPORTED,
      origin: 'remote',
      hint: 'The server sent a file that was not asked for.',
    });
  };
  return (list, i) => {
    const name = list.name(i);
    const isDir = list.isDirectory(i);
    const verdict = names?.verdict(name, isDir);
    if (verdict === 'refused') refuse('unrequested', name);
    if (verdict === 'parent') {
      list.clearFlags(i, ENTRY.CONTENT_DIR | ENTRY.TOP_DIR);
      if (relative) list.setFlags(i, ENTRY.IMPLIED_DIR);
    }
    // Directories on the way to a name are not filtered, whoever can tell them.
    const isImplied = verdict === 'parent' || (list.flags(i) & ENTRY.IMPLIED_DIR) !== 0;
    if (!isImplied && name !== '.' && hidden?.isExcluded(name, isDir) === true) refuse('excluded', name);
  };
}
