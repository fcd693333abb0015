import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Accounts } from '../../src/files/platform/accounts.ts';
import { platform } from '../../src/files/platform/index.ts';
import {
  posixNameFault,
  posixNativePath,
  rdevLayout,
  rdevMajor,
  rdevMinor,
} from '../../src/files/platform/posix.ts';
import { isRoot, isWindows } from './temp-dir.ts';

describe('names of users and groups', () => {
  const passwd =
    'root:x:0:0:root:/root:/bin/sh\n# note\nann:x:1000:100::/:\nalias:x:1000:1::/:\nbroken\n\xe9:x:7:7::/:\n';
  const asked: string[] = [];
  const accounts = new Accounts(
    'passwd',
    () => passwd,
    (database, keys) => {
      asked.push(`${database} ${keys.join(' ')}`);
      return keys.includes('ldap') || keys.includes('5000') ? ['ldap:*:5000:5000::/:'] : [];
    },
  );

  it('come from the account file, the first line wins', () => {
    expect(accounts.name(0)).toBe('root');
    expect(accounts.name(1000)).toBe('ann');
    expect(accounts.id('alias')).toBe(1000);
    expect(accounts.id('\xe9')).toBe(7);
    expect(asked).toEqual([]);
  });

  it('are asked for once otherwise', () => {
    expect([accounts.name(5000), accounts.name(5000)]).toEqual(['ldap', 'ldap']);
    expect([accounts.id('ldap'), accounts.id('ldap')]).toEqual([5000, 5000]);
    expect([accounts.name(77), accounts.name(77)]).toEqual([undefined, undefined]);
    expect([accounts.id('nobody-here'), accounts.id('nobody-here')]).toEqual([undefined, undefined]);
    expect(asked).toEqual(['passwd 5000', 'passwd ldap', 'passwd 77', 'passwd nobody-here']);
  });

  it('never hand a number or an option to the lookup program', () => {
    asked.length = 0;
    expect(accounts.id('0')).toBeUndefined();
    expect(accounts.id('--help')).toBeUndefined();
    expect(accounts.id('')).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('are asked for many at a time: a peer may send any number of names that nobody has', () => {
    const calls: number[] = [];
    const many = new Accounts(
      'passwd',
      () => passwd,
      (_database, keys) => {
        calls.push(keys.length);
        return keys.includes('x500') ? ['x500:*:500:1::/:', 'other:*:501:1::/:'] : [];
      },
    );
    const names = Array.from({ length: 100_000 }, (_, k) => `x${k}`);
    const ids = many.idsOf(['ann', ...names, '0', '--help', 'x500']);
    expect([ids[0], ids[501], ids.at(-3), ids.at(-2), ids.at(-1)]).toEqual([
      1000,
      500,
      undefined,
      undefined,
      500,
    ]);
    expect(ids.filter((id) => id !== undefined)).toHaveLength(3);
    expect(calls.length).toBe(100);
    expect(Math.max(...calls)).toBe(1000);
    // What was found is kept; of the others not more than a bound.
    expect(many.id('x500')).toBe(500);
    expect(calls.length).toBe(100);
    expect(many.id('x1')).toBeUndefined();
    expect(calls.length).toBe(101);
  });

  it.skipIf(isWindows)('agree with the system about many', () => {
    expect(platform.uidsOf(['root', 'nobody-here', 'also-nobody'])).toEqual([0, undefined, undefined]);
  });

  it('do without an account file', () => {
    const none = new Accounts(
      'group',
      () => {
        throw new Error('ENOENT');
      },
      () => [],
    );
    expect(none.name(0)).toBeUndefined();
    expect(none.id('root')).toBeUndefined();
  });

  it.skipIf(isWindows)('agree with the system', () => {
    const uid = process.getuid!();
    expect(platform.userName(uid)).toBe(execFileSync('id', ['-un'], { encoding: 'latin1' }).trim());
    expect(platform.uidOf(platform.userName(uid)!)).toBe(uid);
    expect(platform.groupName(process.getgid!())).toBe(
      execFileSync('id', ['-gn'], { encoding: 'latin1' }).trim(),
    );
  });
});

describe('groups that a process may use', () => {
  it.skipIf(isWindows)('are its own, or all for root', () => {
    expect(platform.mayUseGroup(process.getegid!())).toBe(true);
    expect(platform.mayUseGroup(3_999_999)).toBe(isRoot);
  });
});

describe('POSIX paths', () => {
  it('are strings as long as that loses nothing', () => {
    expect(posixNativePath('/a/b')).toBe('/a/b');
    expect(posixNativePath('/a/\xff')).toEqual(Buffer.from([0x2f, 0x61, 0x2f, 0xff]));
  });

  it.each(['', '.', '..', 'a\0'])('can not have the component %j', (name) => {
    expect(posixNameFault(name)).toBeTypeOf('string');
  });

  it.each(['...', '..a', 'a:b', 'a\\b', 'CON', '\xff\xfe', ' ', '-rf'])(
    'can have the component %j',
    (name) => {
      expect(posixNameFault(name)).toBeUndefined();
    },
  );
});

describe('device numbers', () => {
  // makedev(3) of glibc: 8:1, 259:70000, 4095:1048575.
  it.each([
    ['linux', 0x801n, 8, 1],
    ['linux', 0x11110370n, 259, 70000],
    ['linux', 0xffffffffn, 4095, 1048575],
    ['darwin', 0x01000002n, 1, 2],
    ['freebsd', 0x0102n, 1, 2],
  ])('%s %i', (system, rdev, major, minor) => {
    const layout = rdevLayout(system);
    expect([rdevMajor(rdev, layout), rdevMinor(rdev, layout)]).toEqual([major, minor]);
  });
});
