import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { OptionsInput } from '../../src/options/resolve.ts';
import { Random } from '../fuzz/random.ts';
import { compareTrees, DEFAULT_TIME, type EntrySpec, noise, snapshotTree } from '../support/tree.ts';

/** What is done to a run. */
export type Kind =
  | 'cut, both ends ours'
  | 'cut, real server'
  | 'real server killed'
  | 'own client killed'
  | 'own server killed'
  | 'real client killed'
  | 'cut, both clients'
  | 'disk full'
  | 'source changes'
  | 'unreadable';

/** How many of 200 points are of a kind. */
const SHARES: Readonly<Record<Kind, number>> = {
  'cut, both ends ours': 52,
  'cut, real server': 44,
  'real server killed': 28,
  'own client killed': 24,
  'own server killed': 10,
  'real client killed': 6,
  'cut, both clients': 8,
  'disk full': 10,
  'source changes': 12,
  unreadable: 6,
};

export interface Point {
  number: number;
  kind: Kind;
  direction: 'pull' | 'push';
  /** `direction` says nothing; both ends are in the process of the client. */
  local: boolean;
  protocol: number;
  /** As a user writes them; with `-rlt`. */
  words: readonly string[];
  /** Where it happens: 0 at the start, 1 at the end. */
  at: number;
  /** The way of the bytes that are counted. */
  to: 'server' | 'client';
  random: Random;
}

const WORDS: readonly (readonly string[])[] = [
  [],
  ['--delete'],
  ['--delete-after'],
  ['--delete-before'],
  ['--inplace'],
  ['--partial'],
  ['--partial', '--delete'],
  ['--inplace', '--delete'],
  ['-W'],
  ['-c'],
  ['-H', '--delete'],
  ['-b'],
  ['--backup-dir=../kept', '--delete-delay'],
  ['--partial-dir=.pd'],
  ['--delay-updates', '--delete-after'],
  ['--delay-updates', '-b'],
  ['-y', '--delete-delay'],
  ['--temp-dir=../temp'],
  ['--append-verify'],
  ['-R', '--delete'],
];
/** Where what a source loses is not what the fault is about. */
const REMOVING: readonly (readonly string[])[] = [['--remove-source-files'], ['--remove-source-files', '-H']];
const REMOVALS: readonly Kind[] = [
  'cut, both ends ours',
  'cut, real server',
  'real server killed',
  'own client killed',
  'own server killed',
];

/** The 200 points of a seed, kinds mixed. */
export function faultPoints(seed: number): Point[] {
  const kinds = Object.entries(SHARES).flatMap(([kind, count]) => Array<Kind>(count).fill(kind as Kind));
  const order = new Random(seed);
  for (let k = kinds.length - 1; k > 0; k--) {
    const other = order.below(k + 1);
    [kinds[k], kinds[other]] = [kinds[other]!, kinds[k]!];
  }
  return kinds.map((kind, number) => {
    const random = new Random(seed, number);
    return {
      number,
      kind,
      direction: random.pick(['pull', 'push'] as const),
      local: (kind === 'own client killed' || kind === 'disk full') && random.oneIn(3),
      protocol: random.pick([29, 30, 31, 32]),
      words: random.pick(REMOVALS.includes(kind) ? [...WORDS, ...REMOVING] : WORDS),
      at: random.below(1000) / 1000,
      to: random.pick(['server', 'client'] as const),
      random,
    };
  });
}

export function describePoint(point: Point): string {
  const { number, kind, direction, local, protocol, words, at } = point;
  return `${number}: ${kind}, ${local ? 'local' : direction}, protocol ${protocol}, ${words.join(' ') || 'plain'}, at ${at}`;
}

const OPTIONS: Readonly<Record<string, OptionsInput>> = {
  '--delete': { deleteMode: 'default' },
  '--delete-after': { deleteMode: 'after' },
  '--delete-before': { deleteMode: 'before' },
  '--inplace': { inplace: true },
  '--partial': { partial: true },
  '-W': { wholeFile: true },
  '-c': { checksum: true },
  '-H': { hardLinks: true },
  '-b': { backup: true },
  '--backup-dir=../kept': { backup: true, backupDir: '../kept' },
  '--delete-delay': { deleteMode: 'delay' },
  '--partial-dir=.pd': { partialDir: '.pd' },
  '--delay-updates': { delayUpdates: true },
  '-y': { fuzzy: 1 },
  '--temp-dir=../temp': { tempDir: '../temp' },
  '--append-verify': { append: 2 },
  '-R': { relative: true },
  '--remove-source-files': { removeSourceFiles: true },
};

export function optionsOf({ words, protocol }: Point): OptionsInput {
  const options: OptionsInput = { recursive: true, links: true, times: true, protocol };
  return Object.assign(options, ...words.map((word) => OPTIONS[word]!));
}

const OLD = noise(300_000, 1);
const NEW = Buffer.concat([OLD.subarray(0, 120_000), noise(40_000, 2), OLD.subarray(140_000)]);

export const SOURCE: readonly EntrySpec[] = [
  { path: 'a', content: 'a small file', mtime: DEFAULT_TIME + 9 },
  { path: 'changed', content: NEW, mtime: DEFAULT_TIME + 9 },
  { path: 'dir/changed', content: Buffer.concat([OLD.subarray(0, 70_000), OLD]), mtime: DEFAULT_TIME + 9 },
  { path: 'dir/fresh', content: noise(200_000, 3) },
  { path: 'dir/sub/fresh', content: noise(90_000, 4) },
  ...Array.from({ length: 12 }, (_, k) => ({
    path: `many/${k}`,
    content: `number ${k}`,
    mtime: DEFAULT_TIME + k,
  })),
  { path: 'hard', content: noise(30_000, 5) },
  { path: 'dir/hard', type: 'hardlink', target: 'hard' },
  { path: 'link', type: 'symlink', target: 'changed' },
  { path: 'same', content: 'the same' },
  { path: 'z/last', content: noise(120_000, 6) },
];

export const DESTINATION: readonly EntrySpec[] = [
  { path: 'a', content: 'an old one' },
  { path: 'changed', content: OLD },
  { path: 'dir/changed', content: OLD },
  ...Array.from({ length: 6 }, (_, k) => ({
    path: `many/${k}`,
    content: `old ${k}`,
    mtime: DEFAULT_TIME - 9,
  })),
  { path: 'dir/surplus', content: 'surplus' },
  { path: 'gone/surplus', content: 'surplus' },
  { path: 'link', type: 'symlink', target: 'elsewhere' },
  { path: 'same', content: 'the same' },
  { path: 'surplus', content: noise(5000, 7) },
];

const contents = (entries: readonly EntrySpec[]): Map<string, Buffer> =>
  new Map(
    entries
      .filter(({ content }) => content !== undefined)
      .map(({ path, content }) => [String(path), Buffer.from(content as Uint8Array)]),
  );
const OLD_CONTENT = contents(DESTINATION);
const NEW_CONTENT = contents([...SOURCE, { path: 'dir/hard', content: noise(30_000, 5) }]);
/** Written in the form of rsync: `.NAME.SUFFIX`. */
const TEMPORARY = /(^|\/)\.[^/]+\.([A-Za-z0-9]{6}|\d+)$/;
/** Directories of files that are on their way. */
const WAITING = /(^|\/)\.(pd|~tmp~)(\/|$)/;

/** Source arguments: with -R the names begin behind `/./`. */
export function sourceOf({ words }: Pick<Point, 'words'>, src: string): string {
  return words.includes('-R') ? `${src}/./` : `${src}/`;
}

/** `--remove-source-files`: what is neither at the source nor, whole, at the destination. */
export function lost(src: string, dst: string): string[] {
  const faults: string[] = [];
  for (const [name, content] of NEW_CONTENT) {
    if (existsSync(join(src, name))) continue;
    const arrived = existsSync(join(dst, name)) && readFileSync(join(dst, name)).equals(content);
    if (!arrived) faults.push(`${name} is lost`);
  }
  return faults;
}

/**
 * What is wrong with a destination after a run that was broken off.
 * @param mayHold  a temporary file may be left: its writer was killed
 * @param isOurs   we have written it
 */
export function damage(dst: string, words: readonly string[], mayHold: boolean, isOurs: boolean): string[] {
  const faults: string[] = [];
  const after = snapshotTree(dst, { times: false, owners: false });
  for (const name of after.keys())
    if (TEMPORARY.test(name) && !mayHold) faults.push(`${name} was left behind`);
  const elsewhere = readdirSync(join(dst, '../temp'));
  if (elsewhere.length > 0 && !mayHold) faults.push(`in --temp-dir: ${elsewhere.join(' ')}`);
  const deletes = words.some((word) => word.startsWith('--delete'));
  for (const { path, type } of DESTINATION) {
    const name = String(path);
    const isSurplus = name.includes('surplus');
    // A real rsync has a moment in which there is the backup alone.
    const isKept = !isOurs && words.includes('-b') && after.has(`${name}~`);
    if (!after.has(name) && !(isSurplus && deletes) && !isKept) faults.push(`${name} is gone`);
    if (type === 'symlink' && !isKept && !['elsewhere', 'changed'].includes(after.get(name)?.target ?? ''))
      faults.push(`${name} leads to ${after.get(name)?.target}`);
  }
  for (const [name, { type }] of after) {
    if (type !== 'file' || TEMPORARY.test(name)) continue;
    const found = readFileSync(join(dst, name));
    if (WAITING.test(name)) {
      const own = NEW_CONTENT.get(name.replace(WAITING, '$1'));
      if (own?.subarray(0, found.length).equals(found) !== true) faults.push(`${name} waits for nothing`);
      continue;
    }
    if (words.includes('-b') && name.endsWith('~')) {
      const old = OLD_CONTENT.get(name.slice(0, -1));
      if (old?.equals(found) !== true) faults.push(`${name} is no backup`);
      continue;
    }
    const whole = [OLD_CONTENT.get(name), NEW_CONTENT.get(name)].filter((content) => content !== undefined);
    if (whole.length === 0) faults.push(`${name} was never there`);
    if (whole.some((content) => content.equals(found))) continue;
    const fresh = NEW_CONTENT.get(name);
    const inPlace = words.includes('--inplace') || words.includes('--append-verify');
    if (inPlace && found.length <= Math.max(...whole.map(({ length }) => length))) continue;
    const isPrefix = fresh?.subarray(0, found.length).equals(found) === true;
    // 1970: no quick check takes it for the whole file.
    const isDated = !isOurs || statSync(join(dst, name)).mtimeMs <= 0;
    if (words.includes('--partial') && isPrefix && isDated) continue;
    faults.push(`${name} is neither the old file nor the new one: ${found.length} bytes`);
  }
  return faults;
}

/** Differences after a run that went well; what was surplus only where it was to go. */
export function differencesTo(src: string, dst: string, words: readonly string[]): string[] {
  if (words.includes('--remove-source-files')) {
    const left = [...NEW_CONTENT.keys()].filter((name) => existsSync(join(src, name)));
    return [...lost(src, dst), ...left.map((name) => `${name} is still at the source`)];
  }
  const deletes = words.some((word) => word.startsWith('--delete'));
  const options = { owners: false, hardLinks: words.includes('-H') };
  const [wanted, found] = [snapshotTree(src, options), snapshotTree(dst, options)];
  // -b is about no times of directories: a backup would change them.
  if (words.includes('-b'))
    for (const entry of [...wanted.values(), ...found.values()]) if (entry.type === 'dir') delete entry.mtime;
  return compareTrees(wanted, found, {
    skip: (name) =>
      name === '.' ||
      (words.includes('-b') && name.endsWith('~')) ||
      (!deletes && (name.includes('surplus') || name === 'gone' || TEMPORARY.test(name))),
    ignore: ['mode'],
  });
}
