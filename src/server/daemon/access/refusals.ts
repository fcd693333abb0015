/** `refuse options`: docs/protocol/4-filters-and-options.md, G.6. */
import { type ByteString, toText } from '../../../core/bytes.ts';
import { EXIT, RsyncError } from '../../../core/errors.ts';
import { compileWild } from '../../../filter/wildmatch.ts';
import { emptyDraft, readWords } from '../../../options/parse.ts';
import { LONG_NAMES, OPTIONS, type OptionEntry, SHORT_NAMES } from '../../../options/table.ts';

/** An option, or its undoing, under all the names that do the same. */
interface Spelling {
  /** Letters and long names, without dashes. */
  names: readonly string[];
  isRefused: boolean;
}

/** Only their exact names touch these. */
const NEVER_WILD: ReadonlySet<string> = new Set([
  ...['server', 'sender', 'rsh', 'from0', 'secluded-args', 'dry-run', 'iconv', 'no-iconv', 'checksum-seed'],
  ...['out-format', 'copy-devices', 'write-devices'],
]);

const ARCHIVE_LETTERS = ['r', 'd', 'l', 'p', 't', 'g', 'o', 'D'];
/** Refused whatever the file says. */
const ALWAYS = ['log-file', 'log-file-format', 'insecure-links', 'iconv'];
/** Refused unless the file allows them by name. */
const AT_FIRST = ['copy-devices', 'write-devices'];

/** What goes with a refused option: refusing the first refuses the others. */
const IMPLIED: readonly (readonly [string, readonly string[]])[] = [
  [
    'delete',
    [
      'delete-before',
      'delete-during',
      'delete-delay',
      'delete-after',
      'delete-excluded',
      'delete-missing-args',
    ],
  ],
  ['compress', ['compress-level', 'compress-choice', 'new-compress', 'old-compress']],
  ['inplace', ['append', 'append-verify']],
];
/** Refusing `delete` keeps a sender from removing its sources. */
const REMOVING = ['remove-source-files', 'remove-sent-files'];

export class Refusals {
  private readonly byName = new Map<string, Spelling>();
  private readonly spellings: Spelling[] = [];
  private readonly canonical = new Map<Spelling, string>();

  /** @param value  of the parameter, variables put in */
  constructor(value: ByteString) {
    for (const entry of OPTIONS) {
      if (entry.group === 'daemon-mode' || entry.own === true) continue;
      this.learn([entry.long, ...(entry.aliases ?? []), entry.short], entry.long ?? entry.short!);
      for (const name of entry.negations ?? []) this.learn([name], name);
    }
    for (const name of AT_FIRST) this.decide(name, true);
    for (const word of toText(value).split(/[ \t-\r,]+/)) if (word !== '') this.apply(word);
    for (const [name, others] of IMPLIED)
      if (this.isRefused(name)) for (const other of others) this.decide(other, true);
    for (const name of ALWAYS) this.decide(name, true);
  }

  /** @param name  a letter or a long name, without dashes */
  isRefused(name: string): boolean {
    return this.byName.get(name)?.isRefused === true;
  }

  /**
   * @param words  of the client, up to the paths
   * @throws RsyncError RSYNC_UNSUPPORTED, exit 4, that names the option
   */
  check(words: readonly ByteString[]): void {
    const isSender = words.includes('--sender');
    readWords(
      words,
      emptyDraft((value) => value),
      {
        firstPathEnds: true,
        lookUp: (kind, name) => {
          const removes = isSender && REMOVING.includes(name) && this.isRefused('delete');
          if (this.isRefused(name) || removes) throw this.refusal(kind, name);
          return { takesValue: takesValue(kind, name), apply: () => {} };
        },
      },
    );
  }

  private refusal(kind: 'long' | 'short', name: string): RsyncError {
    const entry = entryOf(kind, name)?.entry;
    const long = kind === 'long' ? name : (entry?.long ?? name);
    const letter = entry?.short === undefined || entry.negations?.includes(name) ? '' : ` (-${entry.short})`;
    return new RsyncError('RSYNC_UNSUPPORTED', `The server is configured to refuse --${long}${letter}`, {
      exitCode: EXIT.UNSUPPORTED,
      origin: 'remote',
    });
  }

  private learn(names: readonly (string | undefined)[], canonical: string): void {
    const spelling: Spelling = { names: names.filter((name) => name !== undefined), isRefused: false };
    this.spellings.push(spelling);
    this.canonical.set(spelling, canonical);
    for (const name of spelling.names) if (!this.byName.has(name)) this.byName.set(name, spelling);
  }

  private apply(word: string): void {
    const refuse = !word.startsWith('!');
    const pattern = refuse ? word : word.slice(1);
    if (/[*?[]/.test(pattern)) {
      const matches = compileWild(pattern);
      for (const spelling of this.spellings) {
        if (NEVER_WILD.has(this.canonical.get(spelling)!)) continue;
        if (spelling.names.some(matches)) spelling.isRefused = refuse;
      }
      return;
    }
    this.decide(pattern, refuse);
    if (pattern === 'a' || pattern === 'archive')
      for (const letter of ARCHIVE_LETTERS) this.decide(letter, refuse);
  }

  private decide(name: string, refuse: boolean): void {
    const spelling = this.byName.get(name);
    if (spelling !== undefined) spelling.isRefused = refuse;
  }
}

function entryOf(kind: 'long' | 'short', name: string): { entry: OptionEntry; negated: boolean } | undefined {
  return kind === 'long' ? LONG_NAMES.get(name) : SHORT_NAMES.get(name);
}

/** An option that nobody knows is for the parser to refuse. */
function takesValue(kind: 'long' | 'short', name: string): boolean {
  const found = entryOf(kind, name);
  return found !== undefined && !found.negated && found.entry.argument !== undefined;
}
