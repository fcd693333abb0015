import { describe, expect, it } from 'vitest';
import { cleanListName } from '../../src/session/name-list.ts';
import { splitRelative, splitSource } from '../../src/session/sources.ts';

/** `DIRECTORY | NAME`, a slash behind a name whose content is asked for, `+` in front: with the directory itself. */
const shown = ({ directory, name, isContent, hasDot }: ReturnType<typeof splitSource>): string =>
  `${directory} | ${hasDot ? '+' : ''}${name}${isContent ? '/' : ''}`;

describe('source arguments', () => {
  it.each([
    ['a', '. | a'],
    ['a/b/c', 'a/b | c'],
    ['/a', '/ | a'],
    ['/', '/ | ./'],
    ['a/', 'a/ | ./'],
    ['a/.', 'a/. | ./'],
    ['a/..', 'a/.. | ./'],
    ['..', '.. | ./'],
    ['', '. | ./'],
  ])('%s', (path, expected) => expect(shown(splitSource(path))).toBe(expected));
});

describe('source arguments with -R', () => {
  it.each([
    ['a', '. | a'],
    ['a//b/./c', 'a//b | c'],
    ['a/./b/./c', 'a | b/c'],
    ['./a/b', '. | +a/b'],
    ['.//a', '. | +a'],
    ['a/././b', 'a | +b'],
    ['a/.//b', 'a | b'],
    ['a/', '. | a/'],
    ['a/b/.', '. | a/b/'],
    ['a/./', 'a | ./'],
    ['.', '. | ./'],
    ['./', '. | ./'],
    ['./.', '. | ./'],
    ['/', '/ | /./'],
    ['/srv/x', '/ | /srv/x'],
    ['/srv/./x/', '/srv | x/'],
    ['/./x', '/ | x'],
    ['../a/./b', '../a | b'],
  ])('%s', (path, expected) => expect(shown(splitRelative(path, false))).toBe(expected));

  it.each([
    ['C:/a/b', 'C:/ | /a/b'],
    ['c:/a/./b', 'c:/a | b'],
    ['//server/share/a', '//server/share/ | /a'],
    ['a/b', '. | a/b'],
  ])('on Windows: %s', (path, expected) => expect(shown(splitRelative(path, true))).toBe(expected));

  it.each(['..', 'a/..', 'a/../b', '/../x', 'x/./../y'])('%s is a mistake', (path) => {
    expect(() => splitRelative(path)).toThrow(/found "\.\." dir in relative path/);
  });
});

describe('names of --files-from', () => {
  it.each([
    ['a/b', 'a/b'],
    ['/etc/passwd', 'etc/passwd'],
    ['//a///b', 'a/b'],
    ['../../a', 'a'],
    ['a/../../../b', 'b'],
    ['a/b/../c', 'a/c'],
    ['..', '.'],
    ['/', '.'],
    ['a/..', '.'],
    ['a/b/..', 'a/'],
    ['a/', 'a/'],
    ['a/.', 'a/.'],
    ['./a', './a'],
    ['a/./b', 'a/./b'],
    ['a/./../b', 'b'],
    ['./../x', 'x'],
    ['...', '...'],
    ['a..', 'a..'],
  ])('%s', (name, expected) => expect(cleanListName(name)).toBe(expected));
});
