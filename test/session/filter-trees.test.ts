/** The trees of fixtures/vectors/filter-trees.json, copied by both ends in this process. */
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { transfer } from '../../src/client/transfer.ts';
import { toText } from '../../src/core/bytes.ts';
import { isRsyncError } from '../../src/core/errors.ts';
import type { TransferEvent } from '../../src/core/events.ts';
import { parseArguments } from '../../src/options/parse.ts';
import { vectors } from '../filter/support.ts';
import { removeTree } from '../support/tree.ts';

type Content = string | { symlink: string };

interface TreeVector {
  name: string;
  tree: Record<string, Content>;
  dest?: Record<string, Content>;
  args: string[];
  env?: Record<string, string>;
  stdin?: string;
  exit: number;
  stderr?: string[];
  expectedDeletions: string[];
  expectedDest: string[];
}

/** What this test leaves to others. */
function isElsewhere({ args, stdin }: TreeVector): boolean {
  // Standard input is that of the whole process.
  return stdin !== undefined || args.some((arg) => /^-x /.test(arg));
}

const here = process.cwd();
const { HOME, CVSIGNORE } = process.env;
let base = '';

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'rsyncjs-trees-'));
});

afterAll(() => {
  process.chdir(here);
  setEnvironment({ HOME, CVSIGNORE });
  removeTree(base);
});

function setEnvironment(values: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

function make(folder: string, tree: Record<string, Content>): void {
  for (const [path, content] of Object.entries(tree)) {
    const at = join(folder, path);
    mkdirSync(path.endsWith('/') ? at : dirname(at), { recursive: true });
    if (path.endsWith('/')) continue;
    if (typeof content === 'string') writeFileSync(at, content);
    else symlinkSync(content.symlink, at);
  }
}

/** Everything below a folder, directories with a slash at the end. */
function contents(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .map((entry) => {
      const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
      return entry.isDirectory() ? `${path}/` : path;
    })
    .sort();
}

/** The work directory of a vector, which is the current one then, as is its environment. */
function enter(vector: TreeVector): string {
  process.chdir(here);
  const work = mkdtempSync(join(base, 'tree-'));
  mkdirSync(join(work, 'dst'));
  mkdirSync(join(work, 'home'), { recursive: true });
  make(work, vector.tree);
  make(join(work, 'dst'), vector.dest ?? {});
  setEnvironment({ CVSIGNORE: undefined, ...vector.env, HOME: join(work, 'home') });
  process.chdir(work);
  return work;
}

interface Outcome {
  exit: number;
  deletions: string[];
  dest: string[];
  complaint: string;
}

async function copy(vector: TreeVector, extra: readonly string[] = []): Promise<Outcome> {
  const work = enter(vector);
  const events: TransferEvent[] = [];
  const { options, paths } = parseArguments([...extra, ...vector.args]);
  let exit: number;
  let complaint = '';
  try {
    const result = await transfer({
      options,
      direction: 'push',
      remote: { user: undefined, host: '' },
      local: true,
      localPaths: paths.slice(0, -1),
      remotePaths: paths.slice(-1),
      onEvent: (event) => events.push(event),
    });
    exit = result.exitCode;
  } catch (error) {
    if (!isRsyncError(error)) throw error;
    exit = error.exitCode;
    complaint = error.message;
  }
  const deletions = events.flatMap((event) =>
    event.type === 'deleted' ? [`${toText(event.name)}${event.isDirectory ? '/' : ''}`] : [],
  );
  return { exit, deletions: deletions.sort(), dest: contents(join(work, 'dst')), complaint };
}

/** What rsync itself calls a fault, and this does better: the names of directories are no patterns. */
const BETTER: Readonly<Record<string, string[]>> = {
  'bracket directory name breaks anchored per-dir rules': ['a[b]c/', 'a[b]c/.f', 'abc/', 'abc/x'],
};

const all = vectors<TreeVector>('filter-trees.json').filter((vector) => !isElsewhere(vector));

describe('the trees of filter-trees.json', () => {
  for (const vector of all) {
    it(vector.name, async () => {
      const outcome = await copy(vector);
      expect(outcome.exit).toBe(vector.exit);
      expect(outcome.dest).toEqual(BETTER[vector.name] ?? vector.expectedDest ?? []);
      expect(outcome.deletions).toEqual(vector.expectedDeletions ?? []);
    });
  }
});
