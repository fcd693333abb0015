import { type ByteString, fromBuffer, toText } from '../../core/bytes.ts';
import type { TransferEvent } from '../../core/events.ts';

/** Names, not all of them if there are very many: `more` tells how many were left out. */
export interface PathList {
  paths: readonly string[];
  more: number;
}

const MOST_PATHS = 100;
/** A line of the other side's standard error that is longer is nothing that names a file. */
const LONGEST_LINE = 16_384;

/**
 * Gathers which names failed, of the messages of both sides: the protocol has no other word for them. Warnings of C rsync
 * do not come as messages: it writes them to its standard error.
 */
export class TroubleList {
  #line: ByteString = '';
  #failed: string[] = [];
  #vanished: string[] = [];
  #moreFailed = 0;
  #moreVanished = 0;

  /** For `onEvent` of a transfer. */
  readonly see = (event: TransferEvent): void => {
    if (event.type === 'stderr') {
      const lines = (this.#line + fromBuffer(event.bytes)).split('\n');
      this.#line = lines.pop()!.slice(0, LONGEST_LINE);
      for (const line of lines) this.#read(line, line.startsWith('rsync: '));
    } else if (event.type === 'message' && event.level !== 'info') {
      this.#read(event.text, event.level === 'error');
    }
  };

  #read(text: ByteString, isError: boolean): void {
    const gone = /^file has vanished: "([\s\S]*)"/.exec(text)?.[1];
    if (gone !== undefined) {
      if (this.#vanished.length < MOST_PATHS) this.#vanished.push(toText(gone));
      else this.#moreVanished++;
      return;
    }
    const name = isError ? nameIn(text) : undefined;
    if (name === undefined) return;
    if (this.#failed.length < MOST_PATHS) this.#failed.push(toText(name));
    else this.#moreFailed++;
  }

  get failed(): PathList {
    return { paths: [...new Set(this.#failed)], more: this.#moreFailed };
  }

  get vanished(): PathList {
    return { paths: [...new Set(this.#vanished)], more: this.#moreVanished };
  }
}

/** `rsync: [sender] send_files failed to open "/x/y": Permission denied (13)`; a few say it without quotes. */
function nameIn(text: ByteString): ByteString | undefined {
  const bare =
    /^could not make way for new [a-z ]+: ([\s\S]+)$/.exec(text) ??
    /^ERROR: ([\s\S]+) failed verification -- /.exec(text);
  return (bare ?? /"([\s\S]+)"(?!.*")/.exec(text))?.[1]?.trimEnd();
}
