/**
 * Files of rules that a server finds in the tree it serves: what is in them, and where they are, is for whoever wrote
 * the tree to choose. CVE-2026-53786, CVE-2026-53802 and what is like them; docs/security.md.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfinedPlaces } from '../../src/files/places.ts';
import type { OptionsInput } from '../../src/options/resolve.ts';
import { messages, type PairOutcome, runPair, snapshot, Workspace } from '../support/pair.ts';
import { isRoot } from '../support/tree.ts';

const SECRET = 'root:secret:0';
let space: Workspace;

beforeEach(() => {
  space = new Workspace();
  space.make('outside', [
    { path: 'rules', content: '- kept\n' },
    { path: 'passwd', content: `${SECRET}\n` },
  ]);
  space.make('module', [
    { path: 'kept', content: 'kept' },
    { path: 'd/kept', content: 'kept' },
    { path: 'up', type: 'symlink', target: '../outside' },
    { path: 'inner', content: '- d/kept\n' },
    { path: 'passwd', content: `${SECRET}\n` },
  ]);
  space.make('dst', []);
});

afterEach(() => space.remove());

/** A client that gets the module, of which the server sees nothing else. */
async function pull(rule: string, options: OptionsInput = {}): Promise<PairOutcome & { names: string[] }> {
  const places = ConfinedPlaces.open(space.at('module'));
  const outcome = await runPair({
    direction: 'pull',
    options: { recursive: true, filters: [{ kind: 'filter', text: rule }], ...options },
    sources: ['/'],
    destination: space.at('dst'),
    places,
  }).finally(() => places.close());
  return { ...outcome, names: [...snapshot(space.at('dst')).keys()] };
}

/** Nothing of a file is in what a client hears. */
function expectSilence({ error, events }: PairOutcome): void {
  const heard = JSON.stringify([error?.message, error?.hint, messages(events)]);
  expect(heard).not.toContain('secret');
  expect(heard).not.toContain('outside');
}

const file = (content: string | Buffer, path = '.f'): void =>
  writeFileSync(space.at(`module/${path}`), content);

describe.skipIf(process.platform === 'win32')('a file of rules that points outside', () => {
  it.each([
    ['a symlink', '../outside/rules', '.f'],
    ['a symlink with an absolute target', '{AT}/outside/rules', '.f'],
    ['a symlink below', '../../outside/rules', 'd/.f'],
    ['a symlink to what is no file of rules', '../outside/passwd', '.f'],
  ])('%s is not followed', async (_, target, path) => {
    execFileSync('ln', ['-s', target.replace('{AT}', space.path), space.at(`module/${path}`)]);
    const outcome = await pull(': .f');
    expect(outcome.result?.exitCode).toBe(0);
    expect(outcome.names).toEqual(expect.arrayContaining(['kept', 'd/kept']));
    expectSilence(outcome);
  });

  it('a symlink that stays inside is followed', async () => {
    execFileSync('ln', ['-s', 'inner', space.at('module/.f')]);
    const outcome = await pull(': .f');
    expect(outcome.names).toContain('kept');
    expect(outcome.names).not.toContain('d/kept');
  });

  it.each([
    '. ../outside/rules',
    '. ../../../outside/rules',
    '. /../outside/rules',
    '. {AT}/outside/rules',
    '. ./up/rules',
    '.- up/passwd',
    '.C ./up/passwd',
  ])('an included one is not there: %s', async (rule) => {
    file(`${rule.replace('{AT}', space.path)}\n`);
    const outcome = await pull(': .f');
    expect(outcome.error).toMatchObject({ exitCode: 11 });
    expect(outcome.error?.message).toContain('<rule from /.f line 1>');
    expectSilence(outcome);
  });

  it.each([
    ': ../outside/rules',
    ': ../../outside/rules',
    ': {AT}/outside/rules',
    ': /outside/rules',
    ': up/rules',
  ])('a client that names it gets all there is: %s', async (rule) => {
    const outcome = await pull(rule.replace('{AT}', space.path));
    expect(outcome.result?.exitCode).toBe(0);
    expect(outcome.names).toEqual(expect.arrayContaining(['kept', 'd/kept']));
  });
});

describe('a file of rules that is none', () => {
  it
    .skipIf(process.platform === 'win32')
    .each([
      ['a fifo', ['mkfifo']],
      ['a directory', ['mkdir']],
      ...(isRoot ? [['an endless device', ['mknod', '-m', '666'], ['c', '1', '5']] as const] : []),
    ] as [string, string[], string[]?][])('%s is left alone', async (_, [command, ...before], after = []) => {
    execFileSync(command!, [...before, space.at('module/.f'), ...after]);
    const outcome = await pull(': .f');
    expect(outcome.error).toBeUndefined();
    expect(outcome.names).toEqual(expect.arrayContaining(['kept', 'd/kept']));
  });

  it('is not repeated to the client', async () => {
    for (const content of [
      `${SECRET}\n`,
      `- x\n-${SECRET} y\n`,
      `merge,${SECRET} x`,
      `-x ${SECRET}`,
      `H,${SECRET}`,
    ]) {
      file(content);
      const outcome = await pull(': .f');
      expect([1, 4]).toContain(outcome.error?.exitCode);
      expect(outcome.error?.message).toContain('<rule from /.f line ');
      expectSilence(outcome);
    }
    // Named by the client, as what it is not.
    expectSilence(await pull(': passwd'));
  });

  it('nor is what matched', async () => {
    file('- ?ept\n');
    const outcome = await pull(': .f', { verbose: 2 });
    expect(outcome.names).not.toContain('kept');
    const told = messages(outcome.events).filter((text) => text.includes('because of pattern'));
    expect(told).not.toEqual([]);
    expect(told.join()).not.toContain('?ept');
  });
});

describe('a file of rules without measure', () => {
  it('of more bytes than are read', async () => {
    file(Buffer.alloc(3 << 20, '#'));
    expect((await pull(': .f')).error).toMatchObject({ exitCode: 22 });
  });

  it('in each of many directories, all in force at once', async () => {
    let path = '';
    for (let depth = 0; depth < 12; depth++) {
      path += 'n/';
      space.make(`module/${path}`, [{ path: '.f', content: `${'#'.repeat(1_000_000)}\n- nothing\n` }]);
    }
    expect((await pull(': .f')).error).toMatchObject({ exitCode: 22 });
  });

  it('that includes itself, or others without end', async () => {
    file('. ./.f\n. ./.f\n');
    expect((await pull(': .f')).error).toMatchObject({ exitCode: 11 });
    file('. ./b\n'.repeat(100));
    file('. ./c\n'.repeat(100), 'b');
    file('- x\n', 'c');
    expect((await pull(': .f')).error).toMatchObject({ exitCode: 22 });
  });

  it('of long lines and NULs', async () => {
    file(`- ${'z'.repeat(5000)}\n- ke\0pt\n- [\n- d/${'*a'.repeat(1500)}b\n-_d/kept\0x\n`);
    const outcome = await pull(': .f');
    expect(outcome.result?.exitCode).toBe(0);
    expect(messages(outcome.events).join()).toContain('discarding over-long filter (5000 bytes)');
    expect(outcome.names).toContain('kept');
    expect(outcome.names).not.toContain('d/kept');
  });
});

describe('what a daemon does not show', () => {
  it.each([
    ['the file itself', '.f', '- kept\n'],
    ['a file that it includes', 'inc', '. ./inc\n'],
  ])('is not felt either: %s', async (_, hidden, content) => {
    file(content);
    file('- kept\n', 'inc');
    const places = ConfinedPlaces.open(space.at('module'));
    const outcome = await runPair({
      direction: 'pull',
      options: { recursive: true, filters: [{ kind: 'filter', text: ': .f' }] },
      sources: ['/'],
      destination: space.at('dst'),
      places,
      policy: {
        hides: (path) => path === `/${hidden}`,
        ignoresErrors: false,
        skipsNonreadable: false,
        sanitizesSymlinks: false,
        receivesInto: () => {},
      },
    }).finally(() => places.close());
    expect(outcome.result?.exitCode).toBe(0);
    expect([...snapshot(space.at('dst')).keys()]).toEqual(expect.arrayContaining(['kept', 'd/kept']));
  });
});
