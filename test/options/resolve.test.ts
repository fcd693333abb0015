import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/options/parse.ts';
import { ARCHIVE, DEFAULT_OPTIONS, type OptionsInput, resolveOptions } from '../../src/options/resolve.ts';
import type { TransferOptions } from '../../src/options/transfer-options.ts';

describe('resolveOptions', () => {
  it('fills in the defaults', () => {
    expect(resolveOptions()).toEqual(DEFAULT_OPTIONS);
    expect(resolveOptions({ recursive: undefined, maxDelete: undefined })).toEqual(DEFAULT_OPTIONS);
  });

  it('hands out an object of its own', () => {
    const filters: OptionsInput['filters'] = [{ kind: 'exclude', text: 'x' }];
    const resolved = resolveOptions({ filters });
    resolved.filters.push({ kind: 'include', text: 'y' });
    resolved.recursive = true;
    expect(filters).toHaveLength(1);
    expect(resolveOptions()).toEqual(DEFAULT_OPTIONS);
    resolveOptions().filters.push({ kind: 'include', text: 'y' });
    expect(resolveOptions().filters).toEqual([]);
  });

  it.each<[OptionsInput, string]>([
    [{ archive: true }, '-a'],
    [{ archive: true, owner: false }, '-a --no-o'],
    [{ compress: true }, '-z'],
    [{ compressLevel: 3 }, '--zl=3'],
    [{ compressChoice: 'zstd' }, '--zc=zstd'],
    [{ compress: true, compressChoice: 'none' }, '-z --zc=none'],
    [{ inplace: true, partial: true }, '--inplace --partial'],
    [{ recursive: true, deleteExcluded: true }, '-r --delete-excluded'],
    [{ recursive: true, deleteMode: 'after', maxDelete: 3 }, '-r --delete-after --max-delete=3'],
    [{ checksumChoice: 'none' }, '--cc=none'],
    [{ oldArgs: 2 }, '--old-args --old-args'],
    [{ secludedArgs: true }, '-s'],
    [{ addressFamily: 6 }, '-4 -6'],
    [
      { addressFamily: 4, rshSpawn: true, sshDebug: true, sshMatchExec: true },
      '--ipv4 --rsh-spawn --ssh-debug --ssh-match-exec',
    ],
    [{ protocol: 29, blockSize: 536_870_912 }, '--protocol=29 -B512m'],
    [{ filters: [{ kind: 'exclude', text: '*.o' }] }, '--exclude=*.o'],
  ])('%j is %s', (input, words) => {
    const { compressCount, listOnlyGiven, ...parsed } = parseArguments([
      ...words.split(' '),
      'a',
      'h:b',
    ]).options;
    expect(resolveOptions(input)).toEqual(parsed);
    expect({ compressCount, listOnlyGiven }).toMatchObject({ listOnlyGiven: false });
  });

  it.each<[OptionsInput | Record<string, unknown>, number, string]>([
    [{ deleteMode: 'during' }, 1, 'needs --recursive'],
    [{ deleteMode: 'late' }, 1, 'deleteMode: unknown mode'],
    [{ backupDir: 'x\u20ac' }, 1, 'must be a ByteString'],
    [{ linkDest: 'x' }, 1, 'linkDest: must be an array'],
    [{ linkDest: [1] }, 1, 'linkDest: must be an array of strings'],
    [{ linkDest: ['x'], copyDest: ['y'] }, 1, '--copy-dest conflicts with --link-dest'],
    [{ compareDest: Array(21).fill('x') }, 1, '--compare-dest: at most 20'],
    [{ append: 3 }, 1, 'append: must be 0, 1 or 2'],
    [{ fuzzy: 3 }, 1, 'fuzzy: must be 0, 1 or 2'],
    [{ append: 1, wholeFile: true }, 1, '--append conflicts with --whole-file'],
    [{ append: 2, partialDir: 'x' }, 1, '--append conflicts with --partial-dir'],
    [{ inplace: true, delayUpdates: true }, 1, '--inplace conflicts with --delay-updates'],
    [{ suffix: 'a/b' }, 1, 'cannot hold a slash'],
    [{ backup: true, suffix: '' }, 1, '--suffix cannot be empty'],
    [{ backupDir: './' }, 1, 'same as the destination'],
    [{ backupDir: '', suffix: '' }, 1, 'same as the destination'],
    [{ modifyWindow: 2 ** 31 }, 1, 'modifyWindow: must fit'],
    [{ recursive: 1 }, 1, 'recursive: must be a boolean'],
    [{ filters: '*.o' }, 1, 'filters: must be an array'],
    [{ rsh: 1 }, 1, 'rsh: must be a string'],
    [{ delete: true }, 1, 'delete: unknown option'],
    [{ toString: true }, 1, 'toString: unknown option'],
    [{ constructor: 'x' }, 1, 'constructor: unknown option'],
    [{ filters: [{ kind: 'merge', text: 'x' }] }, 1, 'filters: not a filter'],
    [{ filters: [{ kind: 'exclude', file: 'x' }] }, 1, 'filters: not a filter'],
    [{ filters: [null] }, 1, 'filters: not a filter'],
    [{ filters: [{ kind: 'exclude', text: '\u20ac' }] }, 1, 'filters: the text must be a ByteString'],
    [{ oldArgs: 3 }, 1, 'oldArgs: must be 0, 1 or 2'],
    [{ oldArgs: -1 }, 1, 'oldArgs: must be 0 or more'],
    [{ oldArgs: 1, secludedArgs: true }, 1, 'conflicts with --old-args'],
    [{ addressFamily: 5 }, 1, 'addressFamily: must be 0, 4 or 6'],
    [{ timeout: -1 }, 1, 'timeout: must be 0 or more'],
    [{ timeout: 1.5 }, 1, 'timeout: must be a whole number'],
    [{ bwlimit: Number.NaN }, 1, 'bwlimit: must be a whole number'],
    [{ timeout: 2 ** 31 }, 1, 'timeout: must fit into 32 bits'],
    [{ archive: 'yes' }, 1, 'archive: must be a boolean'],
    [{ maxDelete: -1 }, 1, 'maxDelete: must be 0 or more'],
    [{ checksumSeed: 2 ** 31 }, 1, 'checksumSeed: must fit'],
    [{ blockSize: 131_073 }, 1, 'at most 131072'],
    [{ protocol: 28 }, 2, '29 to 32'],
    [{ protocol: 33 }, 2, '29 to 32'],
    [{ compressChoice: 'x' }, 4, 'unknown compress name: x'],
    [{ checksum: true, checksumChoice: 'none' }, 4, 'other than none'],
    [{ rsyncPath: '' }, 1, '--rsync-path'],
  ])('%j is refused', (input, exitCode, message) => {
    expect(() => resolveOptions(input as OptionsInput)).toThrow(
      expect.objectContaining({ exitCode, message: expect.stringContaining(message) }),
    );
  });

  it('changes nothing the second time', () => {
    const flag = fc.boolean();
    const some = fc.record({
      archive: flag,
      compress: flag,
      inplace: flag,
      partial: flag,
      deleteExcluded: flag,
      checksumChoice: fc.constantFrom(undefined, 'auto', 'md5', 'none,md5', 'xxhash'),
      compressChoice: fc.constantFrom(undefined, 'auto', 'none', 'zlib', 'LZ4'),
      compressLevel: fc.constantFrom(undefined, 0, 9),
      compressCount: fc.nat(3),
    });
    fc.assert(
      fc.property(some, (input) => {
        const once = resolveOptions({ ...input, recursive: true });
        expect(resolveOptions(once)).toEqual(once);
      }),
    );
  });

  // Watched with rsync 3.5.1: what it sends to a server.
  it.each<[OptionsInput, Partial<TransferOptions>]>([
    [{ backupDir: './x' }, { backup: true, backupDir: 'x', suffix: undefined }],
    [{ backupDir: 'x/' }, { backup: true, backupDir: 'x/' }],
    [{ backupDir: './a/./b//c' }, { backupDir: 'a/./b//c' }],
    [
      { backupDir: '.', suffix: '.b' },
      { backup: true, backupDir: undefined, suffix: '.b' },
    ],
    [{ backupDir: '/' }, { backup: true, backupDir: '/' }],
    [
      { backupDir: 'x', suffix: '' },
      { backupDir: 'x', suffix: '' },
    ],
    [{ partialDir: 'p/' }, { partialDir: 'p' }],
    [{ partialDir: './p/../q' }, { partialDir: 'q' }],
    [{ partialDir: 'a//b/' }, { partialDir: 'a/b' }],
    [{ partialDir: '../q' }, { partialDir: '../q' }],
    [{ partialDir: '.' }, { partial: true, partialDir: undefined }],
    [
      { partialDir: '', delayUpdates: true },
      { partial: true, partialDir: undefined, delayUpdates: false },
    ],
    [{ append: 1 }, { inplace: true }],
    [{ inplace: true, partial: true }, { partial: false }],
  ])('%j becomes %j', (input, expected) => {
    expect(resolveOptions(input)).toMatchObject(expected);
  });

  it('lists under ARCHIVE what -a turns on', () => {
    expect(parseArguments(['-a', 'a', 'h:b']).options).toMatchObject(ARCHIVE);
    const on = Object.entries(resolveOptions({ archive: true })).filter(([key, value]) => {
      return value !== DEFAULT_OPTIONS[key as keyof typeof DEFAULT_OPTIONS] && key !== 'filters';
    });
    expect(on.map(([key]) => key).sort()).toEqual(Object.keys(ARCHIVE).sort());
  });
});
