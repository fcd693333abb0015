import { afterEach, describe, expect, it } from 'vitest';
import { copy, list, push } from '../../src/index.ts';
import { differences, Workspace } from '../support/pair.ts';

let space: Workspace | undefined;

afterEach(() => {
  space?.remove();
  space = undefined;
});

const TREE = [
  { path: 'a', content: 'one' },
  { path: 'd', type: 'dir' as const },
  { path: 'd/b', content: 'two'.repeat(200_000) },
  { path: 'd/l', type: 'symlink' as const, target: '../a' },
];

describe('copy()', () => {
  it('copies a tree within this machine, and what changed of it', async () => {
    space = new Workspace();
    const src = space.make('src', TREE);
    const dst = space.at('dst');
    const first = await copy(`${src}/`, dst, { archive: true });
    expect(first).toMatchObject({ exitCode: 0, stats: { transferredFiles: 2, literalData: 600_003 } });
    expect(differences(src, dst)).toEqual([]);
    const second = await copy([`${src}/`], dst, { archive: true });
    expect(second).toMatchObject({ exitCode: 0, stats: { transferredFiles: 0 } });
  });

  it('ends with what a source that is missing ends with', async () => {
    space = new Workspace();
    const messages: string[] = [];
    const result = await copy(space.at('none'), space.at('dst'), {
      onEvent: (event) => {
        if (event.type === 'message') messages.push(event.text);
      },
    });
    expect(result.exitCode).toBe(23);
    expect(messages).toEqual([expect.stringContaining('No such file or directory')]);
  });

  it.each([
    ['a remote destination', 'host:dst'],
    ['a daemon', 'rsync://host/mod'],
  ])('is not given %s', async (_, destination) => {
    await expect(copy('src/', destination)).rejects.toMatchObject({ code: 'RSYNC_USAGE', exitCode: 1 });
  });

  it('is not what push() does', async () => {
    await expect(push('src/', 'dst/')).rejects.toMatchObject({
      code: 'RSYNC_USAGE',
      message: 'push() was given the paths of a copy: src/ dst/',
    });
  });
});

it('list() tells of local files too', async () => {
  space = new Workspace();
  const src = space.make('src', TREE);
  const names: string[] = [];
  await list(`${src}/`, {
    archive: true,
    onEvent: (event) => {
      if (event.type === 'listed') names.push(event.entry.name);
    },
  });
  expect(names).toEqual(['.', 'a', 'd', 'd/b', 'd/l']);
});
