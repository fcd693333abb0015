/** Rules in the files of directories, at both ends of a session: docs/protocol/4-filters-and-options.md, A.8 to A.10. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OptionsInput } from '../../src/options/resolve.ts';
import { deletedNames, messages, type PairOutcome, runPair, snapshot, Workspace } from '../support/pair.ts';
import type { EntrySpec } from '../support/tree.ts';

const { HOME, CVSIGNORE } = process.env;
let space: Workspace;

beforeEach(() => {
  space = new Workspace();
});

afterEach(() => {
  space.remove();
  Object.assign(process.env, HOME === undefined ? {} : { HOME });
  if (CVSIGNORE === undefined) delete process.env.CVSIGNORE;
});

const file = (path: string, content = 'x'): EntrySpec => ({ path, content });
const files = (...paths: string[]): EntrySpec[] => paths.map((path) => file(path));
const names = (folder: string): string[] =>
  [...snapshot(space.at(folder))].flatMap(([name, { type }]) => (type === 'dir' ? [] : [name])).sort();
const filters = (...rules: string[]): OptionsInput => ({
  filters: rules.map((text) => ({ kind: 'filter', text }) as const),
});

const RUNS = (['pull', 'push'] as const).flatMap((direction) =>
  [29, 32].map((protocol) => ({ direction, protocol })),
);

describe.each(RUNS)('$direction, protocol $protocol', ({ direction, protocol }) => {
  const go = async (options: OptionsInput, from: readonly string[] = ['src/']): Promise<PairOutcome> => {
    const outcome = await runPair({
      direction,
      options: { recursive: true, protocol, ...options },
      sources: from.map((path) => `${space.path}/${path}`),
      destination: space.at('dst'),
      record: true,
    });
    expect(outcome.error).toBeUndefined();
    return outcome;
  };

  it('are in force when a directory is listed, however much later than its parent', async () => {
    space.make('src', [
      file('a/.f', '- x\n'),
      file('b/c/.f', '!\n- y\n'),
      file('b/.f', '- /c/d/z\n- x\n'),
      ...['a', 'a/d', 'b', 'b/c', 'b/c/d', 'e'].flatMap((at) => files(`${at}/x`, `${at}/y`, `${at}/z`)),
    ]);
    space.make('dst', []);
    await go(filters(':e .f'));
    const expected = ['a/d/y', 'a/d/z', 'a/y', 'a/z', 'b/c/d/x', 'b/c/d/z', 'b/c/x', 'b/c/z', 'b/y', 'b/z'];
    expect(names('dst')).toEqual([...expected, 'e/x', 'e/y', 'e/z']);
  });

  it('above a source count for every source below them', async () => {
    space.make('src', [file('.f', '- x\n- /p/y\n'), ...files('p/x', 'p/y', 'p/z', 'q/x', 'q/y', 'x')]);
    space.make('dst', []);
    await go(filters(': /.f'), ['src/p', 'src/q', 'src/x']);
    // What is asked for by name is not theirs to hide.
    expect(names('dst')).toEqual(['p/z', 'q/y', 'x']);
  });

  it('of the root count below it whatever else is asked for', async () => {
    space.make('src', [file('.f', '- x\n'), ...files('p/x', 'p/y', 'q/x', 'q/y')]);
    space.make('dst', []);
    await go({ ...filters(': .f'), relative: true }, ['src/./', 'src/./q']);
    expect(names('dst')).toEqual(['.f', 'p/y', 'q/y']);
  });

  it.each(['before', 'during', 'delay', 'after'] as const)(
    'protect what they say, --delete-%s',
    async (deleteMode) => {
      space.make('src', [file('d/.f', '- new\n# longer\n'), file('d/s/a'), file('a')]);
      // Of these the first is replaced, the second stays in a directory that goes.
      space.make('dst', [file('d/.f', '- old\n'), file('gone/.f', '- keep\n')]);
      space.make('dst', files('d/old', 'd/new', 'd/s/old', 'd/s/new', 'gone/keep', 'gone/x', 'gone/s/keep'));
      const { events } = await go({ ...filters(': .f'), deleteMode });
      const kept = deleteMode === 'after' ? 'new' : 'old';
      expect(names('dst')).toEqual([
        'a',
        'd/.f',
        `d/${kept}`,
        'd/s/a',
        `d/s/${kept}`,
        'gone/keep',
        'gone/s/keep',
      ]);
      expect(deletedNames(events)).toContain('gone/x');
      expect(messages(events)).toContain('cannot delete non-empty directory: gone');
    },
  );

  it('protect with --delete-delay too, when they have gone before', async () => {
    space.make('src', files('d/a'));
    space.make('dst', [file('d/.f', '- keep\n'), ...files('d/gone/keep', 'd/gone/x')]);
    await go({ ...filters(': .f'), deleteMode: 'delay' });
    expect(names('dst')).toEqual(['d/a', 'd/gone/keep']);
  });

  it('say nothing of deletion with --delete-excluded, but where they name the receiver', async () => {
    space.make('src', files('a'));
    space.make('dst', [file('.f', '- x\nP y\nH z\n'), ...files('x', 'y', 'z')]);
    await go({ ...filters(': .f'), deleteMode: 'default', deleteExcluded: true });
    expect(names('dst')).toEqual(['a', 'y']);
  });

  it('-C: every side has a list of its own', async () => {
    space.make('home', [file('.cvsignore', 'mine\n')]);
    process.env.HOME = space.at('home');
    process.env.CVSIGNORE = 'yours ours';
    space.make('src', [
      file('.cvsignore', 'local'),
      ...files('x.o', 'mine', 'yours', 'local', 'a', 'd/local'),
    ]);
    space.make('dst', [...files('y.o', 'mine', 'z', 'gone/y.o', 'gone/mine')]);
    const { toServer, events } = await go({ cvsExclude: true, deleteMode: 'default' });
    // On protocol 29 no rule is perishable.
    const late = protocol === 29 ? ['gone/mine', 'gone/y.o'] : ['gone/mine'];
    expect(names('dst')).toEqual(['.cvsignore', 'a', 'd/local', ...late, 'mine', 'y.o'].sort());
    expect(deletedNames(events)).toContain('z');
    const told = toServer.toString('latin1');
    expect(told.includes(':C .cvsignore')).toBe(direction === 'push');
    expect(told.includes(protocol === 29 ? '- *.orig' : '-p *.orig')).toBe(direction === 'push');
    expect(told.includes('- mine')).toBe(direction === 'push');
  });
});
