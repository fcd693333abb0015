import { describe, expect, it } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import {
  windowsLinkTarget,
  windowsMode,
  windowsNameFault,
  windowsNativePath,
} from '../../src/files/platform/windows.ts';

describe('names on Windows', () => {
  it.each([
    '',
    '.',
    '..',
    'a\0b',
    'a\\b',
    '..\\x',
    'C:',
    'c:x',
    'file:stream',
    'f::$DATA',
    'a?',
    'a*',
    'a<b',
    'a>b',
    'a|b',
    'a"b',
    'a\x01b',
    'a\nb',
    'trail.',
    'trail ',
    '...',
    ' ',
    'CON',
    'con',
    'PRN',
    'AUX',
    'nul',
    'NUL.txt',
    'nul .txt',
    'aux.tar.gz',
    'COM1',
    'com9.log',
    'COM0',
    'LPT1',
    fromText('COM¹'),
    fromText('lpt³.x'),
    'CONIN$',
    'conout$',
    'bad\xff',
    fromText('x'.repeat(256)),
  ])('refuses %j', (name) => {
    expect(windowsNameFault(name)).toBeTypeOf('string');
  });

  it.each([
    'a',
    'CONSOLE',
    'com',
    'com10',
    'nulls.txt',
    'a.con',
    '.con',
    'a b',
    ' a',
    '.a',
    '..a',
    fromText('é.txt'),
    fromText('日本'),
    fromText('x'.repeat(255)),
    fromText('é'.repeat(255)),
    "it's",
    '%',
    '~1',
  ])('lets %j be', (name) => {
    expect(windowsNameFault(name)).toBeUndefined();
  });

  it('writes paths as text with backslashes', () => {
    expect(windowsNativePath(`C:/a/${fromText('é')}`)).toBe('C:\\a\\é');
  });

  it('reads link targets as rsync has them', () => {
    expect(windowsLinkTarget('..\\a\\b')).toBe('../a/b');
    expect(windowsLinkTarget('\\\\?\\C:\\a')).toBe('C:/a');
  });

  it('shows modes as a Unix user expects them', () => {
    expect(windowsMode(0o040666)).toBe(0o040755);
    expect(windowsMode(0o100666)).toBe(0o100644);
    expect(windowsMode(0o100444)).toBe(0o100444);
    expect(windowsMode(0o120666)).toBe(0o120777);
  });
});
