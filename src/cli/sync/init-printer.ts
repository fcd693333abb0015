/** What `rsyncjs init` prints: file by file what was done, and what comes next. */
import { type ByteString, fromText } from '../../core/bytes.ts';
import type { InitDeed, InitStep } from '../../sync/project/init.ts';
import { escapeLine } from '../../text/escape.ts';
import { paragraph } from './columns.ts';

export interface InitPrinterOptions {
  /** A line with its line feed. */
  write(line: ByteString): void;
  /** A terminal that shows UTF-8. False: ASCII alone. */
  marks: boolean;
  /** Columns of the terminal. Undefined: lines are not broken. */
  columns?: number | undefined;
}

const DONE: readonly InitDeed[] = ['created', 'changed', 'replaced'];
const WIDTH = 'replaced'.length;

export function printInit(steps: readonly InitStep[], { write, marks, columns }: InitPrinterOptions): void {
  const line = (first: string, text: string): void => {
    for (const part of paragraph(first, text, columns)) write(`${escapeLine(fromText(part), marks)}\n`);
  };
  const names = Math.max(...steps.map(({ file }) => file.length));
  for (const { file, deed, what } of steps) {
    const mark = marks ? `${DONE.includes(deed) ? '✓' : '-'} ` : '';
    line(`${mark}${deed.padEnd(WIDTH)} ${file.padEnd(names)}  `, what);
  }
  line(marks ? 'ℹ ' : '', 'Set SYNC_REMOTE in .env (see .env.example), then run: rsyncjs setup');
}
