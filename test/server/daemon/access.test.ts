import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { ConfinedPlaces, WholeDisk } from '../../../src/files/places.ts';
import {
  addressBytes,
  isInNet,
  parseNet,
  plainAddress,
} from '../../../src/server/daemon/access/addresses.ts';
import { decideUser, parseAuthUsers } from '../../../src/server/daemon/access/auth-rules.ts';
import { mayConnect } from '../../../src/server/daemon/access/hosts.ts';
import { ModuleFilter, moduleRules } from '../../../src/server/daemon/access/module-filter.ts';
import { Refusals } from '../../../src/server/daemon/access/refusals.ts';
import { SecretsFile } from '../../../src/server/daemon/access/secrets-file.ts';
import { isRoot } from '../../support/tree.ts';

describe('addresses', () => {
  test.each([
    ['10.1.2.3', '10.0.0.0/8', true],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['10.1.2.3', '1.1.1.1/0', true],
    ['::1', '1.1.1.1/0', false],
    ['10.1.2.3', '10.9.9.3/255.0.0.255', true],
    ['10.1.2.4', '10.9.9.3/255.0.0.255', false],
    ['fe80::1', 'fe80::%eth0/64', true],
    ['fe80:0:0:1::1', 'fe80::/64', false],
    ['2001:db8::7', '2001:db8::/ffff:ffff::', true],
    ['::ffff:1.2.3.4', '::ffff:0:0/96', true],
  ])('%s in %s: %s', (address, net, expected) => {
    expect(isInNet(addressBytes(address)!, parseNet(net)!)).toBe(expected);
  });

  test.each([
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8.',
    '10.0.0.0/ffff::',
    '::/129',
    'host/8',
    '10.0.0.0/-1',
  ])('%s is no net', (text) => expect(parseNet(text)).toBe(undefined));

  test('IPv4 in the clothes of IPv6', () => {
    expect(plainAddress('::FFFF:10.0.0.1')).toBe('10.0.0.1');
    expect(plainAddress('fe80::1')).toBe('fe80::1');
  });
});

/** Each as a daemon of rsync 3.5.1 decides for a client at 127.0.0.1, which is called localhost. */
describe('hosts', () => {
  const host = { address: '127.0.0.1', name: 'localhost' };
  const resolve = async (name: string): Promise<string[]> => (name === 'localhost' ? ['127.0.0.1'] : []);

  test.each([
    ['127.0.0.1/8', '', true],
    ['127.0.0.0/255.0.0.0', '', true],
    ['::1 localhost', '', true],
    ['127.0.0.*', '', false],
    ['LOCAL*', '', true],
    ['', 'nosuch.invalid', false],
    ['nosuch.invalid', '', false],
    ['127.0.0.1/0', '', true],
    ['', '10.0.0.0/0', false],
    ['10.0.0.0/8', '1.2.3.4', true],
    ['', '::/0', true],
    ['127.0.0.1/255.255.0.1', '', true],
    ['::ffff:127.0.0.1', '', false],
    ['127.0.0.1/8.', '', false],
    ['10.1.1.1,127.0.0.1', '*', true],
    ['10.1.1.1', '*', false],
    ['', '', true],
  ])('allow "%s", deny "%s": %s', async (allow, deny, expected) => {
    expect(await mayConnect({ allow, deny, resolve }, host)).toBe(expected);
  });

  it('does not look names up where it must not', async () => {
    const unnamed = { address: '127.0.0.1', name: 'UNDETERMINED' };
    expect(await mayConnect({ allow: 'localhost', deny: '', resolve }, unnamed)).toBe(true);
    expect(await mayConnect({ allow: 'localhost', deny: '', resolve: undefined }, unnamed)).toBe(false);
  });
});

describe('users', () => {
  const groups = (user: string): string[] => (user === 'guest' ? ['users', 'visitors'] : []);
  const rules = parseAuthUsers('joe:deny @vis*:d, admin:rw @users:ro susan s?m');

  test.each([
    ['joe', { access: 'deny', group: undefined }],
    ['guest', { access: 'deny', group: 'visitors' }],
    ['admin', { access: 'rw', group: undefined }],
    ['susan', { access: undefined, group: undefined }],
    ['sam', { access: undefined, group: undefined }],
    ['sum2', undefined],
    ['', undefined],
  ])('%s', (user, expected) => expect(decideUser(rules, user, groups)).toEqual(expected));

  it('may have blanks in their names where commas alone separate', () => {
    expect(parseAuthUsers(', Some User:ro ,, @A Group ,x')).toEqual([
      { pattern: 'Some User', isGroup: false, access: 'ro' },
      { pattern: 'A Group', isGroup: true, access: undefined },
      { pattern: 'x', isGroup: false, access: undefined },
    ]);
  });
});

describe('the secrets file', () => {
  const withFile = (content: string, mode: number, look: (path: string) => void): void => {
    const folder = mkdtempSync(join(tmpdir(), 'rsyncjs-secrets-'));
    try {
      writeFileSync(join(folder, 's'), content, 'latin1');
      chmodSync(join(folder, 's'), mode);
      look(join(folder, 's'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it('has the first line of a name, and the rest of it as it stands', () => {
    const text = `#joe:x\njoe:a:b c \r\njoe:second\n@team:shared\njoe2:no\nlong:${'x'.repeat(1100)}\n`;
    withFile(text, 0o600, (path) => {
      const file = SecretsFile.read(path, true) as SecretsFile;
      expect(file.passwords('joe', undefined)).toEqual(['a:b c ']);
      expect(file.passwords('joe', 'team')).toEqual(['a:b c ', 'shared']);
      expect(file.passwords('mia', 'team')).toEqual(['shared']);
      expect(file.passwords('mia', undefined)).toEqual([]);
      expect(file.passwords('long', undefined)).toEqual([]);
    });
  });

  it.skipIf(process.platform === 'win32')('is not used if others may read or write it', () => {
    for (const mode of [0o604, 0o602, 0o646]) {
      withFile('joe:x\n', mode, (path) => {
        expect(SecretsFile.read(path, true)).toMatchObject({
          fault: expect.stringContaining('strict modes'),
        });
        expect(SecretsFile.read(path, false)).toBeInstanceOf(SecretsFile);
      });
    }
    withFile('joe:x\n', 0o641, (path) => expect(SecretsFile.read(path, true)).toBeInstanceOf(SecretsFile));
  });

  it.skipIf(!isRoot)('must belong to root where the daemon does', () => {
    withFile('joe:x\n', 0o600, (path) => {
      // Only root can give a file away: elsewhere there is nothing to see.
      chownSync(path, 65534, 65534);
      expect(SecretsFile.read(path, true)).toMatchObject({
        fault: expect.stringContaining('belong to root'),
      });
    });
  });

  it('is told of by no more than its fault', () => {
    expect(SecretsFile.read('', true)).toEqual({ fault: 'no secrets file is set' });
    expect(SecretsFile.read('/nonexistent', true)).toEqual({
      fault: 'the secrets file cannot be read: ENOENT',
    });
  });
});

describe('refused options', () => {
  const refused = (value: string, ...words: string[]): string => {
    try {
      new Refusals(value).check(words);
      return '';
    } catch (error) {
      return (error as Error).message.replace('The server is configured to refuse ', '');
    }
  };

  test.each<[string, string[], string]>([
    ['', ['-logDtprcz', '--delete'], ''],
    ['c', ['-rc'], '--checksum (-c)'],
    ['checksum', ['-rc'], '--checksum (-c)'],
    ['delete', ['--delete-during'], '--delete-during'],
    ['delete', ['--sender', '--remove-source-files'], '--remove-source-files'],
    ['delete', ['--remove-source-files'], ''],
    ['delete-*', ['--sender', '--remove-source-files'], ''],
    ['delete-* !delete-during', ['--delete-during'], ''],
    ['delete-* !delete-during', ['--delete-after'], '--delete-after'],
    ['* !a !v', ['-vlogDtpr'], ''],
    ['* !a !v', ['-vlogDtprz'], '--compress (-z)'],
    ['* !a !v', ['-nse.LsfxCIvu', '--server', '--sender', '--log-format=%i'], ''],
    ['* no-iconv', ['--no-iconv'], '--no-iconv'],
    ['compress', ['--new-compress'], '--new-compress'],
    ['inplace', ['--append'], '--append'],
    ['', ['--log-file=x'], '--log-file'],
    ['!log-file', ['--log-file=x'], '--log-file'],
    ['', ['--iconv=utf8'], '--iconv'],
    ['', ['--copy-devices'], '--copy-devices'],
    ['!copy-devices', ['--copy-devices'], ''],
    ['!*', ['--copy-devices'], '--copy-devices'],
    ['', ['--insecure-links'], '--insecure-links'],
  ])('"%s" and %j: "%s"', (value, words, expected) => expect(refused(value, ...words)).toBe(expected));

  it('looks at options, not at the values of others', () => {
    expect(refused('c', '-e', '-c', '--suffix', '-c')).toBe('');
  });
});

describe('the filters of a module', () => {
  const filter = (values: Partial<Parameters<typeof moduleRules>[0]>): ModuleFilter =>
    new ModuleFilter(
      moduleRules({ filter: '', includeFrom: '', include: '', excludeFrom: '', exclude: '', ...values }),
      'sender',
      new WholeDisk(),
    );

  it('hide whatever is in what they hide', () => {
    const { hides } = {
      hides: (path: string, dir = false) => filter({ exclude: '*.o secret/ /top/sub' }).hides(path, dir),
    };
    expect(hides('/a/b.o')).toBe(true);
    expect(hides('secret', true)).toBe(true);
    expect(hides('secret')).toBe(false);
    expect(hides('/x/secret/deep/in')).toBe(true);
    expect(hides('top/sub/x')).toBe(true);
    expect(hides('a/top/sub', true)).toBe(false);
    expect(hides('/', true)).toBe(false);
  });

  it('may come from the files of its directories, which are found whatever is asked for', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rsyncjs-module-'));
    mkdirSync(join(folder, 'd/e'), { recursive: true });
    writeFileSync(join(folder, '.f'), '- /top\n- x\n');
    writeFileSync(join(folder, 'd/.f'), '- /y\n- e/z\n');
    const places = ConfinedPlaces.open(folder);
    const rules = moduleRules({
      filter: 'dir-merge .f -C',
      includeFrom: '',
      include: '',
      excludeFrom: '',
      exclude: '',
    });
    const filter = new ModuleFilter(rules, 'sender', places);
    // As rsync's daemon: in the directory of the file and below.
    const hidden = ['d/e/z', 'd/e/x', 'd/y', 'd/e/y', 'd/top', 'top', 'y', 'x', 'a.o'];
    expect(hidden.filter((path) => filter.hides(path, false))).toEqual([
      'd/e/z',
      'd/e/x',
      'd/y',
      'top',
      'x',
      'a.o',
    ]);
    writeFileSync(join(folder, 'd/e/.f'), 'secret\n');
    const other = new ModuleFilter(rules, 'sender', places);
    expect(() => other.hides('d/e/a', false)).toThrow(/<rule from \/d\/e\/.f line 1>/);
    places.close();
    rmSync(folder, { recursive: true });
  });

  it('are read in their order, each parameter as its words', () => {
    const mixed = filter({
      filter: '- /a/x.c + *.c exclude,/ /y -_z',
      include: 'keep.o',
      exclude: '*.o - b + *',
    });
    expect(mixed.hides('a/x.c', false)).toBe(true);
    expect(mixed.hides('d/x.c', false)).toBe(false);
    expect(mixed.hides('y', false)).toBe(true);
    expect(mixed.hides('z', false)).toBe(true);
    expect(mixed.hides('keep.o', false)).toBe(false);
    expect(mixed.hides('drop.o', false)).toBe(true);
    expect(mixed.hides('b', false)).toBe(true);
  });
});
