/** Trees of a project on disk: what is in them, to the byte, and what people and their tools do to them. */
import {
  chmodSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  type Stats,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { type ByteString, fromBuffer, toBuffer } from '../../../../src/core/bytes.ts';
import { removeTree, under } from '../../../support/tree.ts';

/** What is at a path. */
export interface Thing {
  kind: 'file' | 'directory' | 'symlink';
  /** The content of a file, the target of a link. */
  text: string;
  mode: number;
  /** Nanoseconds. */
  mtime: bigint;
}

/** A whole tree, with all that no run may see; the root itself is ''. */
export type Shot = ReadonlyMap<ByteString, Thing>;

export function shoot(root: string): Shot {
  const found = new Map<ByteString, Thing>();
  const visit = (at: Buffer, path: ByteString): void => {
    const stat = lstatSync(at, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return;
    const kind = stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'symlink' : 'file';
    const text =
      kind === 'file'
        ? readFileSync(at, 'latin1')
        : kind === 'symlink'
          ? fromBuffer(readlinkSync(at, { encoding: 'buffer' }))
          : '';
    found.set(path, { kind, text, mode: Number(stat.mode) & 0o7777, mtime: stat.mtimeNs });
    if (kind !== 'directory') return;
    for (const name of readdirSync(at, { encoding: 'buffer' })) {
      const text = fromBuffer(name);
      visit(Buffer.concat([at, Buffer.from('/'), name]), path === '' ? text : `${path}/${text}`);
    }
  };
  visit(Buffer.from(root), '');
  return found;
}

/** The same thing, whatever its mode and time: what a person would miss. */
export function sameThing(a: Thing | undefined, b: Thing | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.kind === b.kind && a.text === b.text;
}

export type Edit = { path: ByteString } & (
  | { edit: 'write'; text: string; mtime: number }
  | { edit: 'remove' }
  | { edit: 'rename'; to: ByteString }
  | { edit: 'mkdir' }
  | { edit: 'link'; target: string; mtime: number }
  | { edit: 'chmod'; mode: number }
  | { edit: 'touch'; mtime: number }
);

/** One that makes no sense there does nothing. */
export function applyEdit(root: string, edit: Edit): void {
  const at = under(root, edit.path);
  const there = statAt(at);
  switch (edit.edit) {
    case 'write':
    case 'link':
      makeRoom(root, edit.path);
      if (there !== undefined) removeTree(at);
      if (edit.edit === 'write') {
        // A new file takes the place of the old one, as editors do it.
        writeFileSync(at, edit.text, 'latin1');
        utimesSync(at, edit.mtime, edit.mtime);
      } else {
        symlinkSync(toBuffer(edit.target), at);
        lutimesSync(at, edit.mtime, edit.mtime);
      }
      break;
    case 'remove':
      if (there !== undefined) removeTree(at);
      break;
    case 'rename': {
      const into = `${edit.path}/`.startsWith(`${edit.to}/`) || `${edit.to}/`.startsWith(`${edit.path}/`);
      if (there === undefined || into) break;
      makeRoom(root, edit.to);
      if (statAt(under(root, edit.to)) !== undefined) removeTree(under(root, edit.to));
      // What was in the way of the new name may have been what is renamed.
      if (statAt(at) !== undefined) renameSync(at, under(root, edit.to));
      break;
    }
    case 'mkdir':
      makeRoom(root, `${edit.path}/x`);
      break;
    case 'chmod':
      if (there !== undefined && !there.isSymbolicLink()) chmodSync(at, edit.mode);
      break;
    case 'touch':
      if (there?.isFile() === true) utimesSync(at, edit.mtime, edit.mtime);
  }
}

/** Undefined as well where something above it is no directory. */
function statAt(at: Buffer): Stats | undefined {
  try {
    return lstatSync(at);
  } catch {
    return undefined;
  }
}

/** Makes the directories above a path; what stands in their way gives way. */
function makeRoom(root: string, path: ByteString): void {
  mkdirSync(root, { recursive: true });
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const above = under(root, path.slice(0, slash));
    const there = statAt(above);
    if (there?.isDirectory() === true) continue;
    if (there !== undefined) removeTree(above);
    mkdirSync(above, 0o755);
  }
}
