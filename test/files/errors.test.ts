import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errnoCode, errnoError, errnoText, fileError, unsafePath } from '../../src/files/errors.ts';
import { isLinux } from './temp-dir.ts';

function failure(path: string): unknown {
  try {
    readFileSync(path);
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

describe('texts of failed system calls', () => {
  it.skipIf(!isLinux)('are those of the C library', () => {
    expect(errnoText(failure('/nonexistent/x'))).toBe('No such file or directory (2)');
    expect(errnoText(failure('/'))).toBe('Is a directory (21)');
    expect(errnoText(failure('/etc/passwd/x'))).toBe('Not a directory (20)');
  });

  it('have a number also where libuv invents one', () => {
    const error = Object.assign(new Error('EACCES: permission denied, open'), {
      code: 'EACCES',
      errno: -4092,
    });
    expect(errnoText(error)).toBe('Permission denied (13)');
  });

  it('fall back to what Node says', () => {
    const error = Object.assign(new Error("EWEIRD: odd thing, open 'x'"), { code: 'EWEIRD', errno: -250 });
    expect(errnoText(error)).toBe('odd thing (250)');
    expect(errnoText(new Error('plain'))).toBe('plain');
    expect(errnoCode(Object.assign(new Error(''), { code: 'ERR_X' }))).toBeUndefined();
  });

  it('make the fatal error of a full disk', () => {
    const error = fileError('write failed on', '/d/f', errnoError('ENOSPC', 'write', '/d/f'));
    expect(error.message).toBe('write failed on "/d/f": No space left on device (28)');
    expect([error.code, error.exitCode, error.origin]).toEqual(['RSYNC_FILE_IO', 11, 'local']);
  });

  it('make an error of one file of a refused name', () => {
    const error = unsafePath('../x', 'why');
    expect([error.code, error.exitCode]).toEqual(['RSYNC_UNSAFE_PATH', 23]);
  });
});
