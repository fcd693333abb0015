import { type ByteString, fromBuffer } from '../core/bytes.ts';
import { EXIT, protocolError, RsyncError } from '../core/errors.ts';
import { NEED_MORE, type Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * Filter list, docs/protocol/4-filters-and-options.md, A.14; whether there is one at all: 1-session.md, 1.1.
 *
 *     list := {rule} int 0
 *     rule := int length (1..5119), length bytes of text
 *
 * What the text means is the business of src/filter/wire.ts.
 */

/** Bytes of one rule; a server ends with exit 22 at a longer one. */
export const MAX_RULE_TEXT = 5119;
/** Rules of one list. Of our own making: C has no limit, and rule lists made by programs reach some 10,000. */
export const MAX_RULES = 250_000;
/** Bytes of all texts together: what a peer may make us hold before anything else is known of it. */
export const MAX_LIST_BYTES = 32 * 1024 * 1024;

/** Writes the list and its end. Throws for a text that cannot be sent: empty, or longer than MAX_RULE_TEXT. */
export function writeFilterList(w: Writer, texts: readonly ByteString[]): void {
  for (const text of texts) {
    if (text.length === 0) throw new RangeError('an empty rule would end the filter list');
    if (text.length > MAX_RULE_TEXT) throw tooLong(text.length, 'local');
    w.int(text.length);
    w.text(text);
  }
  w.int(0);
}

/**
 * Reads a list rule by rule, so that a long one need not be in the buffer all at once, nor be read again from its
 * start whenever more of it has come.
 */
export class FilterListReader {
  /** What has been read so far. */
  readonly texts: ByteString[] = [];
  private bytes = 0;

  /** Takes one rule; true: that was the end of the list. Throws NEED_MORE with nothing taken. */
  next(r: Reader): boolean {
    const start = r.pos;
    const length = r.uint();
    if (length === 0) return true;
    // Refused by its length alone, before its text is waited for.
    if (length > MAX_RULE_TEXT) throw tooLong(length, 'remote');
    if (this.texts.length === MAX_RULES) throw tooMany(`more than ${MAX_RULES} rules`);
    if (this.bytes + length > MAX_LIST_BYTES) throw tooMany(`more than ${MAX_LIST_BYTES} bytes`);
    if (r.remaining < length) {
      r.pos = start;
      throw NEED_MORE;
    }
    const text = fromBuffer(r.view(length));
    if (text.includes('\0')) throw protocolError('filter list: NUL byte in a rule');
    this.bytes += length;
    this.texts.push(text);
    return false;
  }
}

/** The whole list. Throws NEED_MORE with nothing taken. */
export function readFilterList(r: Reader): ByteString[] {
  const start = r.pos;
  const list = new FilterListReader();
  try {
    while (!list.next(r));
  } catch (error) {
    r.pos = start;
    throw error;
  }
  return list.texts;
}

function tooLong(length: number, origin: 'local' | 'remote'): RsyncError {
  return new RsyncError('RSYNC_LIMIT', `filter list: a rule of ${length} bytes (at most ${MAX_RULE_TEXT})`, {
    exitCode: EXIT.MALLOC,
    origin,
  });
}

function tooMany(what: string): RsyncError {
  return new RsyncError('RSYNC_LIMIT', `filter list: ${what}`, { exitCode: EXIT.MALLOC, origin: 'remote' });
}
