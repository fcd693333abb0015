import { describe, expect, it } from 'vitest';
import { fromText, toBuffer } from '../../src/core/bytes.ts';
import { EXIT, RsyncError } from '../../src/core/errors.ts';
import { buildFilterList, FilterSet } from '../../src/filter/filter-list.ts';
import { type CommandLine, failure, readArguments, vectors } from './support.ts';

interface TreeVector {
  name: string;
  tree: Record<string, string | { symlink: string }>;
  dest?: Record<string, string>;
  args: string[];
  stdin?: string;
  exit: number;
  stderr?: string[];
  expectedList: string[];
  expectedDeletions: string[];
}

const WORK = '/work';
/** What the model below understands; the rest of the 108 trees needs other parts of rsync. */
const MODELLED = new Set(['-r', '-rl', '-d', '--delete', '--delete-excluded']);

/** Names under `prefix`, directories with a slash at the end; a symlink is none. */
function namesUnder(tree: Record<string, unknown>, prefix: string): Map<string, boolean> {
  const names = new Map<string, boolean>();
  for (const path of Object.keys(tree)) {
    if (!path.startsWith(prefix)) continue;
    const name = fromText(path.slice(prefix.length));
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1))
      names.set(name.slice(0, at), true);
    if (!name.endsWith('/')) names.set(name, false);
  }
  return names;
}

const shown = (name: string, isDir: boolean): string => (isDir ? `${name}/` : name);

function rulesOf(vector: TreeVector, line: CommandLine) {
  return buildFilterList(line.filters, {
    deleteExcluded: line.deleteExcluded,
    readFile: (name) => {
      const content = name === '-' ? vector.stdin : vector.tree[name];
      if (typeof content === 'string') return toBuffer(fromText(content));
      throw new RsyncError('RSYNC_FILE_IO', `no ${name}`, { exitCode: EXIT.FILEIO, origin: 'local' });
    },
  });
}

/** The names that the sender lists, by name: is it a directory? */
function walk(vector: TreeVector, line: CommandLine): Map<string, boolean> {
  const listed = new Map<string, boolean>();
  const rules = rulesOf(vector, line);
  for (const source of line.operands.slice(0, -1)) {
    const content = source.endsWith('/');
    const set = new FilterSet(rules, { side: 'sender', rootPath: content ? `${WORK}/${source}` : WORK });
    const all = namesUnder(vector.tree, content ? source : '');
    const hidden = new Set<string>();
    for (const [name, isDir] of all) {
      if (!content && name !== source && !name.startsWith(`${source}/`)) continue;
      const parent = name.slice(0, Math.max(0, name.lastIndexOf('/')));
      if (hidden.has(parent) || set.isExcluded(name, isDir)) hidden.add(name);
      else if (!line.flags.includes('-d') || parent === '') listed.set(name, isDir);
    }
  }
  return listed;
}

/** What the receiver deletes, as an itemized list would tell it. */
function deletions(vector: TreeVector, line: CommandLine, listed: Map<string, boolean>): string[] {
  if (!line.flags.some((flag) => flag.startsWith('--delete'))) return [];
  const set = new FilterSet(rulesOf(vector, line), { side: 'receiver', rootPath: `${WORK}/dst` });
  const present = namesUnder(vector.dest ?? {}, '');
  const childrenOf = (dir: string): string[] =>
    [...present.keys()].filter((name) => name.slice(0, Math.max(0, name.lastIndexOf('/'))) === dir);
  const gone: string[] = [];
  /** Returns whether all of it went. */
  const remove = (name: string): boolean => {
    let whole = true;
    for (const child of present.get(name) ? childrenOf(name) : []) {
      if (set.isExcluded(child, present.get(child)!, { deleting: true })) whole = false;
      else if (!remove(child)) whole = false;
    }
    if (whole) gone.push(shown(name, present.get(name)!));
    return whole;
  };
  const directories = [...listed].filter(([, isDir]) => isDir).map(([name]) => name);
  for (const dir of ['', ...directories]) {
    for (const child of childrenOf(dir)) {
      if (!listed.has(child) && !set.isExcluded(child, present.get(child)!)) remove(child);
    }
  }
  return gone.sort();
}

const all = vectors<TreeVector>('filter-trees.json').map((vector) => {
  const line = readArguments(vector.args);
  const unsupported = line.filters.some((f) => 'text' in f && /^(:|dir-merge|-C|-x)/.test(f.text));
  return {
    vector,
    line,
    unsupported,
    modelled: !unsupported && line.flags.every((flag) => MODELLED.has(flag)),
  };
});

describe('the trees of filter-trees.json', () => {
  it('are 33 within scope, 44 refused as unsupported; 31 are about other options', () => {
    const modelled = all.filter((t) => t.modelled).length;
    const refused = all.filter((t) => t.unsupported).length;
    expect([modelled, refused, all.length - modelled - refused]).toEqual([33, 44, 31]);
  });

  for (const { vector, line } of all.filter((t) => t.modelled)) {
    it(vector.name, () => {
      if (vector.exit !== 0) {
        const error = failure(() => rulesOf(vector, line));
        expect(error.exitCode).toBe(vector.exit);
        expect(error.message).toBe(vector.stderr![0]);
        return;
      }
      const listed = walk(vector, line);
      expect([...listed].map(([name, isDir]) => shown(name, isDir)).sort()).toEqual(
        vector.expectedList.map(fromText).sort(),
      );
      expect(deletions(vector, line, listed)).toEqual([...vector.expectedDeletions].sort());
    });
  }

  it('with per-directory, CVS or xattr rules are refused with exit 4', () => {
    for (const { vector, line } of all.filter((t) => t.unsupported)) {
      expect(failure(() => rulesOf(vector, line)).exitCode, vector.name).toBe(4);
    }
  });
});
