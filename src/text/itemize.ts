/**
 * The eleven characters of `%i`: docs/protocol/3-transfer.md, 2.6.
 *
 *     Y X c s t p o g u a x      Y what happens, X the kind of file, then what differed
 */
import { isDevice, isDirectory, isSpecial, isSymlink } from '../core/mode.ts';
import { ITEM, ITEM_UNREMARKABLE } from '../protocol/item.ts';

export interface ItemizeTerms {
  /** The printing process sends the data. */
  sends: boolean;
  /** `-t`. */
  times: boolean;
  /** The receiving side can set times of symlinks. */
  setsSymlinkTimes: boolean;
}

export const DELETING = '*deleting  ';

const NEW = '+++++++++';
const UNSET = '.........';
const BLANK = '         ';

export function itemize(iflags: number, mode: number, terms: ItemizeTerms): string {
  const action = actionOf(iflags, terms.sends);
  const head = action + kindOf(mode);
  if (iflags & ITEM.IS_NEW) return head + NEW;
  const details = detailsOf(iflags, isSymlink(mode), terms);
  // Only an item that moves data keeps the dots of "nothing differed".
  if (details === UNSET && action !== '<' && action !== '>') return head + BLANK;
  return head + details;
}

/** True if something about the item is worth a line by itself: 11.3. */
export function isRemarkable(iflags: number): boolean {
  return (iflags & 0xffff & ~ITEM_UNREMARKABLE) !== 0;
}

function actionOf(iflags: number, sends: boolean): string {
  if (iflags & ITEM.LOCAL_CHANGE) return iflags & ITEM.XNAME_FOLLOWS ? 'h' : 'c';
  if (!(iflags & ITEM.TRANSFER)) return '.';
  return sends ? '<' : '>';
}

function kindOf(mode: number): string {
  if (isDirectory(mode)) return 'd';
  if (isSymlink(mode)) return 'L';
  if (isDevice(mode)) return 'D';
  return isSpecial(mode) ? 'S' : 'f';
}

function detailsOf(iflags: number, symlink: boolean, { times, setsSymlinkTimes }: ItemizeTerms): string {
  const mark = (bit: number, letter: string): string => (iflags & bit ? letter : '.');
  const timeFails = symlink && (!setsSymlinkTimes || (iflags & ITEM.REPORT_TIMEFAIL) !== 0);
  const access = iflags & ITEM.REPORT_ATIME;
  const created = iflags & ITEM.REPORT_CRTIME;
  return (
    mark(ITEM.REPORT_CHANGE, 'c') +
    (symlink ? '.' : mark(ITEM.REPORT_SIZE, 's')) +
    mark(ITEM.REPORT_TIME, times && !timeFails ? 't' : 'T') +
    mark(ITEM.REPORT_PERMS, 'p') +
    mark(ITEM.REPORT_OWNER, 'o') +
    mark(ITEM.REPORT_GROUP, 'g') +
    (access && created ? 'b' : access ? 'u' : created ? 'n' : '.') +
    mark(ITEM.REPORT_ACL, 'a') +
    mark(ITEM.REPORT_XATTR, 'x')
  );
}
