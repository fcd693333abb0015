/** What `rsyncjs setup` prints: the results of the checks, for people and for programs. */
import { type ByteString, fromText } from '../../core/bytes.ts';
import { type CheckResult, type Grade, setupExitCode } from '../../sync/doctor/run.ts';
import { escapeLine } from '../../text/escape.ts';

export interface SetupPrinterOptions {
  /** A line with its line feed. */
  write(line: ByteString): void;
  /** Marks and emoji: a terminal that shows UTF-8. False: words, ASCII alone. */
  marks: boolean;
  /** Columns of the terminal. Undefined: lines are not broken. */
  columns?: number | undefined;
}

const MARKS: Readonly<Record<Grade, string>> = {
  ok: '✓',
  info: 'ℹ',
  warning: '⚠',
  error: '✗',
  failed: '✗',
  skipped: '-',
  omitted: '-',
};
/** As wide as the longest one. */
const WORDS: Readonly<Record<Grade, string>> = {
  ok: 'ok     ',
  info: 'info   ',
  warning: 'WARNING',
  error: 'ERROR  ',
  failed: 'FAILED ',
  skipped: 'skipped',
  omitted: 'omitted',
};
/** The longest name of a check. */
const NAME_WIDTH = 'name-resolution'.length;
/** A terminal that is narrower is left to break the lines itself. */
const NARROW = 60;

/** Prints results as they come; what is omitted is not spoken of. */
export class SetupPrinter {
  readonly #options: SetupPrinterOptions;

  constructor(options: SetupPrinterOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#line(this.#options.marks ? '🔍 Checking sync setup...' : 'Checking sync setup...');
  }

  result({ name, grade, sentence, remedy }: CheckResult): void {
    if (grade === 'omitted') return;
    const mark = this.#options.marks ? MARKS[grade] : WORDS[grade];
    const first = `${mark} ${name.padEnd(NAME_WIDTH)} `;
    // A mark is one column wide, whatever its length.
    const indent = ' '.repeat(first.length);
    const text = grade === 'skipped' && this.#options.marks ? `skipped: ${sentence}` : sentence;
    this.#paragraph(first, indent, text);
    if (remedy !== undefined && grade !== 'ok') {
      this.#paragraph(
        `${indent}${this.#options.marks ? '→' : '->'} `,
        `${indent}${this.#options.marks ? '  ' : '   '}`,
        remedy,
      );
    }
  }

  end(results: readonly CheckResult[]): void {
    const { marks } = this.#options;
    const first = results.find(({ grade }) => grade === 'error');
    const unknown = results.filter(({ grade }) => grade === 'failed').length;
    const warnings = results.filter(({ grade }) => grade === 'warning').length;
    const remarks = [
      ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
      ...(unknown > 0 ? [`${unknown} not carried out`] : []),
    ];
    if (first !== undefined) {
      this.#line(
        `${marks ? '❌ ' : ''}Sync setup is not complete: ${first.name} (exit ${setupExitCode(results)})`,
      );
    } else if (!isConfigured(results)) {
      this.#line(`${marks ? 'ℹ️  ' : ''}Sync not configured (optional feature)`);
    } else {
      this.#line(
        `${marks ? '✅ ' : ''}Sync setup complete!${remarks.length === 0 ? '' : ` (${remarks.join(', ')})`}`,
      );
    }
  }

  #paragraph(first: string, indent: string, text: string): void {
    const { columns } = this.#options;
    const width = columns === undefined || columns < NARROW ? undefined : columns - indent.length;
    const lines = width === undefined ? [text] : broken(text, width);
    lines.forEach((line, index) => {
      this.#line((index === 0 ? first : indent) + line);
    });
  }

  #line(text: string): void {
    const { marks, write } = this.#options;
    write(`${escapeLine(fromText(text.trimEnd()), marks)}\n`);
  }
}

/** The results as one JSON document; `schema` changes when a field's meaning does. */
export function setupJson(results: readonly CheckResult[]): string {
  const checks = results.map(({ name, grade, sentence, remedy, exitCode, details }) => ({
    name,
    grade,
    sentence,
    ...(remedy === undefined ? {} : { remedy }),
    ...(exitCode === undefined ? {} : { exitCode }),
    details,
  }));
  return JSON.stringify({ schema: 1, exitCode: setupExitCode(results), checks }, undefined, 2);
}

function isConfigured(results: readonly CheckResult[]): boolean {
  return results[0]?.details.configured !== false;
}

/** A text in lines of so many characters, words whole: a word that is longer stands alone. */
function broken(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
