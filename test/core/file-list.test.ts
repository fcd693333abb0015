import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ByteString } from '../../src/core/bytes.ts';
import { DirectoryTable } from '../../src/core/directory-table.ts';
import { compareNames, ENTRY, FileList, type NewEntry } from '../../src/core/file-list.ts';

const FILE = 0o100644;
const DIR = 0o040755;

function entry(name: ByteString, mode = FILE, more: Partial<NewEntry> = {}): NewEntry {
  return { name, mode, size: 1, mtime: 2, nsec: 3, uid: 4, gid: 5, flags: 0, ...more };
}

/** `name/` is a directory. */
function listOf(names: readonly string[], ndxStart = 0): FileList {
  const list = new FileList(ndxStart);
  for (const name of names) {
    const isDir = name.endsWith('/') || name === '.';
    list.add(entry(name.endsWith('/') ? name.slice(0, -1) : name, isDir ? DIR : FILE));
  }
  return list;
}

function sortedNames(list: FileList): string[] {
  return Array.from({ length: list.count }, (_, position) => list.name(list.at(position)));
}

/** The rules of docs/protocol/2-file-list.md, 4.1, word for word. */
function byRules(a: string, aIsDir: boolean, b: string, bIsDir: boolean): number {
  const components = (name: string, isDir: boolean) =>
    name.split('/').map((text, i, all) => {
      const isLast = i === all.length - 1;
      return { text, isDir: !isLast || isDir, isDot: isLast && isDir && text === '.' };
    });
  const left = components(a, aIsDir);
  const right = components(b, bIsDir);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i]!;
    const y = right[i]!;
    if (x.text === y.text && x.isDir === y.isDir && x.isDot === y.isDot) continue;
    if (x.isDot || y.isDot) return x.isDot ? -1 : 1;
    if (x.isDir !== y.isDir) return x.isDir ? 1 : -1;
    const end = x.isDir ? '/' : '';
    return Buffer.compare(Buffer.from(x.text + end, 'latin1'), Buffer.from(y.text + end, 'latin1'));
  }
  return left.length - right.length;
}

// Few letters, so that names collide, and those that sort around the separator; control and high bytes too.
const component = fc.string({
  unit: fc.constantFrom('a', 'b', '.', '-', '0', '\x01', '\x02', '\xff'),
  minLength: 1,
  maxLength: 3,
});
const anyName = fc
  .record({
    slash: fc.constantFrom('', '', '', '/'),
    parts: fc.array(
      component.filter((text) => text !== '.' && text !== '..'),
      { minLength: 1, maxLength: 4 },
    ),
    isDir: fc.boolean(),
    dot: fc.constantFrom(false, false, false, true),
  })
  .map(({ slash, parts, isDir, dot }) => ({
    name: slash + (dot ? [...parts.slice(1), '.'] : parts).join('/'),
    isDir: isDir || dot,
  }));

describe('sorting', () => {
  it('puts files first, then directories as if their names ended in a slash', () => {
    const list = listOf(['empty/', 'a.b/', 'link', 'abc/', 'abc.txt', 'a-b', 'abc-d/', 'a', '.']);
    list.sort();
    expect(sortedNames(list)).toEqual(['.', 'a', 'a-b', 'abc.txt', 'link', 'a.b', 'abc-d', 'abc', 'empty']);
  });

  it('lets a directory be followed by what it holds', () => {
    const list = listOf(['b/x', 'a/b/', 'a/z', 'b/', 'a/b/c', 'z', 'a/', 'a/c/']);
    list.sort();
    expect(sortedNames(list)).toEqual(['z', 'a', 'a/z', 'a/b', 'a/b/c', 'a/c', 'b', 'b/x']);
  });

  it('orders any names by the rules', () => {
    fc.assert(
      fc.property(anyName, anyName, (a, b) => {
        expect(Math.sign(compareNames(a.name, a.isDir, b.name, b.isDir))).toBe(
          Math.sign(byRules(a.name, a.isDir, b.name, b.isDir)),
        );
      }),
      { numRuns: 3000 },
    );
  });

  it('sorts any list by the rules, equal names in wire order', () => {
    fc.assert(
      fc.property(fc.array(anyName, { maxLength: 40 }), (names) => {
        const list = new FileList(0);
        for (const { name, isDir } of names) list.add(entry(name, isDir ? DIR : FILE));
        list.sort();
        const expected = names
          .map((_, i) => i)
          .sort((i, j) => byRules(names[i]!.name, names[i]!.isDir, names[j]!.name, names[j]!.isDir) || i - j);
        expect(names.map((_, position) => list.at(position))).toEqual(expected);
        expect(names.map((_, i) => list.at(list.position(i)))).toEqual(names.map((_, i) => i));
      }),
      { numRuns: 500 },
    );
  });
});

describe('duplicates', () => {
  it('keeps the first of equal names', () => {
    const list = listOf(['f', 'd/x', 'f', 'd/', 'd/x', 'f']);
    list.sort();
    list.dropDuplicates();
    expect([0, 1, 2, 3, 4, 5].filter((i) => !list.isDead(i))).toEqual([0, 1, 3]);
  });

  it('keeps a directory rather than a file of its name', () => {
    const list = listOf(['d/n', 'n', 'm', 'n/', 'd/', 'd/n', 'd/n/', 'o', 'n/x']);
    list.sort();
    list.dropDuplicates();
    expect([...list.directories()]).toContain('n');
    const live = Array.from({ length: list.count }, (_, i) => i).filter((i) => !list.isDead(i));
    expect(live).toEqual([2, 3, 4, 6, 7, 8]);
  });

  it('unites what two equal directories say', () => {
    const list = new FileList(0);
    list.add(entry('a', DIR, { flags: ENTRY.IMPLIED_DIR }));
    list.add(entry('a', DIR, { flags: ENTRY.TOP_DIR | ENTRY.CONTENT_DIR }));
    list.add(entry('b', DIR, { flags: ENTRY.IMPLIED_DIR }));
    list.add(entry('b', DIR, { flags: ENTRY.IMPLIED_DIR }));
    list.sort();
    list.dropDuplicates();
    expect([list.flags(0), list.flags(1) & ENTRY.DEAD]).toEqual([
      ENTRY.TOP_DIR | ENTRY.CONTENT_DIR,
      ENTRY.DEAD,
    ]);
    expect(list.flags(2)).toBe(ENTRY.IMPLIED_DIR);
  });

  it('finds exactly the losers in any list', () => {
    fc.assert(
      fc.property(fc.array(anyName, { maxLength: 40 }), (names) => {
        const list = new FileList(0);
        for (const { name, isDir } of names) list.add(entry(name, isDir ? DIR : FILE));
        list.sort();
        list.dropDuplicates();
        names.forEach(({ name, isDir }, i) => {
          const isRepeat = names.slice(0, i).some((other) => other.name === name && other.isDir === isDir);
          const isBeaten = !isDir && names.some((other) => other.name === name && other.isDir);
          expect(list.isDead(i)).toBe(isRepeat || isBeaten);
        });
      }),
      { numRuns: 500 },
    );
  });
});

describe('columns', () => {
  it('returns what was added, over growth', () => {
    const list = new FileList(7, 3, 'dir');
    const checksum = (i: number) => Uint8Array.from([i, i >> 8, 1, 2]);
    for (let i = 0; i < 5000; i++) {
      const name = `dir${i % 3 ? '' : `/sub${i % 50}`}/n${i}\xff`;
      const kind = [0o100600, 0o120777, 0o060640, DIR][i % 4]!;
      list.add({
        name,
        mode: kind,
        size: i * 2 ** 33,
        mtime: 0 - i,
        nsec: i,
        uid: 0xffffffff - i,
        gid: i,
        flags: i & 0x1f,
        ...(i % 4 === 0 ? { checksum: checksum(i) } : {}),
        ...(i % 4 === 1 ? { target: `../t${i}` } : {}),
        ...(i % 4 === 2 ? { rdevMajor: i, rdevMinor: 0xffffffff } : {}),
        ...(i > 4500 ? { hlink: 4500 } : {}),
      });
    }
    expect([list.count, list.ndxStart, list.dirIndex, list.dirName]).toEqual([5000, 7, 3, 'dir']);
    const target = Buffer.alloc(4096);
    for (let i = 0; i < 5000; i++) {
      const dir = `dir${i % 3 ? '' : `/sub${i % 50}`}`;
      expect([list.name(i), list.dirname(i), list.basename(i)]).toEqual([
        `${dir}/n${i}\xff`,
        dir,
        `n${i}\xff`,
      ]);
      expect(target.toString('latin1', 0, list.copyName(i, target))).toBe(`${dir}/n${i}\xff`);
      expect([list.size(i), list.mtime(i), list.nsec(i)]).toEqual([i * 2 ** 33, 0 - i, i]);
      expect([list.uid(i), list.gid(i), list.flags(i)]).toEqual([0xffffffff - i, i, i & 0x1f]);
      expect(list.checksum(i)).toEqual(i % 4 === 0 ? checksum(i) : undefined);
      expect(list.target(i)).toBe(i % 4 === 1 ? `../t${i}` : undefined);
      expect([list.rdevMajor(i), list.rdevMinor(i)]).toEqual(i % 4 === 2 ? [i, 0xffffffff] : [0, 0]);
      expect(list.hlink(i)).toBe(i > 4500 ? 4500 : -1);
    }
  });

  it('changes flags, mode, size, times', () => {
    const list = listOf(['a', 'b']);
    list.setFlags(1, 0x300);
    list.clearFlags(1, 0x100);
    list.setMode(1, 0o100400);
    list.setSize(1, 9);
    list.setTime(1, -5, 6);
    expect([list.flags(1), list.mode(1), list.size(1), list.mtime(1), list.nsec(1)]).toEqual([
      0x200, 0o100400, 9, -5, 6,
    ]);
    expect([list.flags(0), list.mode(0), list.size(0), list.mtime(0), list.nsec(0)]).toEqual([
      0,
      FILE,
      1,
      2,
      3,
    ]);
  });

  it('has an empty symlink target, which is not none', () => {
    const list = new FileList(0);
    list.add(entry('l', 0o120777, { target: '' }));
    list.add(entry('m', 0o120777));
    expect([list.target(0), list.target(1)]).toEqual(['', undefined]);
  });

  it('refuses a digest of another length', () => {
    const list = new FileList(0);
    list.add(entry('a', FILE, { checksum: new Uint8Array(16) }));
    expect(() => list.add(entry('b', FILE, { checksum: new Uint8Array(8) }))).toThrow(RangeError);
  });

  it('strips leading slashes and keeps the order', () => {
    const list = listOf(['/srv/x', '/srv/', '/.', 'srv/y', '/a']);
    list.sort();
    expect(sortedNames(list)).toEqual(['/.', '/a', '/srv', '/srv/x', 'srv/y']);
    list.stripLeadingSlashes();
    expect(sortedNames(list)).toEqual(['.', 'a', 'srv', 'srv/x', 'srv/y']);
    expect([list.dirname(0), list.dirname(1)]).toEqual(['srv', '']);
  });
});

describe('directory table', () => {
  it('numbers the directories of all lists in sorted order', () => {
    const table = new DirectoryTable();
    const first = listOf(['z/', 'f', 'b/', '.', 'b/'], 1);
    first.sort();
    first.dropDuplicates();
    expect(table.append(first)).toBe(0);
    const second = table.open(1, 7);
    expect([second.ndxStart, second.dirIndex, second.dirName]).toEqual([7, 1, 'b']);
    second.add(entry('b/q', DIR));
    second.sort();
    expect(table.append(second)).toBe(4);
    const names = Array.from({ length: table.count }, (_, k) => table.name(k));
    expect(names).toEqual(['.', 'b', 'b', 'z', 'b/q']);
    expect([table.list(4), table.row(4), table.position(3)]).toEqual([second, 0, 4]);
    expect([table.isOpened(1), table.isOpened(0), table.row(1)]).toEqual([true, false, 2]);
    table.release(1);
    expect(table.list(1)).toBeUndefined();
  });

  it('refuses sub-lists of unknown and of dead directories, and second ones', () => {
    const table = new DirectoryTable();
    const list = listOf(['d/', 'd/', 'e/'], 1);
    list.sort();
    list.dropDuplicates();
    table.append(list);
    table.open(0, 5);
    for (const index of [-1, 3, 0, 1]) {
      expect(() => table.open(index, 9)).toThrow(
        expect.objectContaining({ code: 'RSYNC_PROTOCOL', exitCode: 2 }),
      );
    }
    expect(table.open(2, 9).dirName).toBe('e');
    // Released after its sub-list was opened, a second one is still the peer's fault.
    table.release(2);
    expect(() => table.open(2, 12)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
