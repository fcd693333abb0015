/** What `rsyncjs setup` prints: the results of the checks, for people and for programs. */
import { type ByteString, fromText } from '../../core/bytes.ts';
import { type CheckResult, type Grade, setupExitCode } from '../../sync/doctor/run.ts';
import { escaped, paragraph } from './columns.ts';

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
/** Prints results as they come; what is omitted is not spoken of, and what is skipped for one reason shares a line. */
export class SetupPrinter {
  readonly #options: SetupPrinterOptions;
  #skipped: CheckResult[] = [];

  constructor(options: SetupPrinterOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#line(this.#options.marks ? '🔍 Checking sync setup...' : 'Checking sync setup...');
  }

  result(result: CheckResult): void {
    const { name, grade, sentence, remedy } = result;
    if (grade === 'omitted') return;
    if (grade !== 'skipped' || this.#skipped[0]?.sentence !== sentence) this.#tellSkipped();
    if (grade === 'skipped') {
      this.#skipped.push(result);
      return;
    }
    const indent = this.#check(grade, name, sentence);
    if (remedy === undefined || grade === 'ok') return;
    this.#paragraph(`${indent}${this.#options.marks ? '→' : '->'} `, remedy);
  }

  #tellSkipped(): void {
    const skipped = this.#skipped;
    const [first] = skipped;
    this.#skipped = [];
    if (first === undefined) return;
    const { marks } = this.#options;
    const names = skipped.map(({ name }) => name);
    if (names.length > 1) {
      this.#check('skipped', marks ? 'skipped' : '', `${names.join(', ')}: ${first.sentence}`);
    } else this.#check('skipped', first.name, `${marks ? 'skipped: ' : ''}${first.sentence}`);
  }

  /** @returns the blanks that what belongs to it is indented by */
  #check(grade: Grade, name: string, sentence: string): string {
    const first = `${this.#options.marks ? MARKS[grade] : WORDS[grade]} ${name.padEnd(NAME_WIDTH)} `;
    this.#paragraph(first, sentence);
    return ' '.repeat(first.length);
  }

  end(results: readonly CheckResult[]): void {
    this.#tellSkipped();
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
      this.#line(`${marks ? 'ℹ ' : ''}Sync not configured (optional feature)`);
    } else {
      this.#line(
        `${marks ? '✅ ' : ''}Sync setup complete!${remarks.length === 0 ? '' : ` (${remarks.join(', ')})`}`,
      );
    }
  }

  #paragraph(first: string, text: string): void {
    const { columns, marks } = this.#options;
    for (const line of paragraph(first, escaped(text, marks), columns)) this.#line(line);
  }

  /** It is safe to be shown. */
  #line(text: string): void {
    this.#options.write(`${fromText(text.trimEnd())}\n`);
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
