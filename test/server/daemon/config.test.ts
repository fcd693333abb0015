import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DaemonConfig, readConfig } from '../../../src/server/daemon/config/config.ts';
import { configLines } from '../../../src/server/daemon/config/lines.ts';
import { requireSupport } from '../../../src/server/daemon/config/support.ts';
import { expandVariables } from '../../../src/server/daemon/config/variables.ts';

let folder = '';
const file = (name = 'rsyncd.conf'): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rsyncjs-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(text: string, overrides: string[] = [], env: Record<string, string> = {}): DaemonConfig {
  writeFileSync(file(), text, 'latin1');
  return readConfig({ file: file(), overrides, env });
}

const module = (config: DaemonConfig, name: string) => config.modules.find((one) => one.name === name)!;

describe('lines', () => {
  it('go on after a backslash, blanks behind it or not', () => {
    const text = '[m]\ncomment = one \\\n     two \\   \n\tthree\\\n\n[n]';
    expect([...configLines(text)]).toEqual([
      { line: 1, kind: 'section', name: 'm' },
      { line: 2, kind: 'setting', name: 'comment', value: 'one      two \tthree' },
      { line: 6, kind: 'section', name: 'n' },
    ]);
  });

  it('that are comments do not go on', () => {
    const lines = [...configLines('# c \\\n[m]\n; d\\\n  [ a\t b ] junk\r\n')];
    expect(lines.map((line) => line.kind === 'section' && line.name)).toEqual(['m', 'a b']);
  });

  it('keep what is behind the first equals sign', () => {
    const [line] = configLines(' Re ad   Only =  "a" = # b ; c  ');
    expect(line).toMatchObject({ name: 'Re ad Only', value: '"a" = # b ; c' });
  });

  it.each(['[m', '[]', '[a/b]', '= x', '&bogus x', '&include'])('%s means nothing at all', (text) => {
    expect([...configLines(text)]).toMatchObject([{ kind: 'malformed', isFatal: true }]);
    expect(() => read(text)).toThrow(/rsyncd\.conf:1: this line means nothing/);
  });

  it('end with the file', () => {
    expect([...configLines('a = b\\')]).toMatchObject([{ name: 'a', value: 'b' }]);
  });
});

describe('values', () => {
  it('are found whatever case and blanks the name has', () => {
    const config = read('[m]\nReadOnly = No\n W R I T E only=TRUE\nmax connections = 3x\ntimeout=\n');
    expect(module(config, 'm').values).toMatchObject({
      readOnly: false,
      writeOnly: true,
      maxConnections: 3,
      timeout: 0,
    });
  });

  it('that are not understood leave things as they were, and are told of', () => {
    const config = read(
      'read only = no\n[m]\nread only = maybe\nlist = -1\nuse chroot = -1\nmunge symlinks=0\n',
    );
    const { values } = module(config, 'm');
    expect(values).toMatchObject({ readOnly: false, list: true, mungeSymlinks: false });
    expect(values.useChroot).toBe(undefined);
    expect(config.problems.map(({ line }) => line)).toEqual([3, 4]);
  });

  it('of paths lose the slash at their end', () => {
    const config = read('[m]\npath = /a/b//\n[n]\npath = //\n[o]\npath = / \n');
    expect(config.modules.map(({ values }) => values.path)).toEqual(['/a/b', '/', '/']);
  });

  it('that nobody knows, or that stand where they mean nothing, are told of with their place', () => {
    const config = read('foo bar = 1\nno equals sign\n[m]\nport = 99\n');
    expect(config.globals.port).toBe(0);
    expect(config.problems).toEqual([
      { file: file(), line: 1, text: 'unknown parameter "foo bar" passed over' },
      { file: file(), line: 2, text: 'passed over, it has no "=": no equals sign' },
      { file: file(), line: 4, text: '"port" passed over: it belongs before the first module' },
    ]);
  });

  it('hold variables: of strings they are put in later, of others now', () => {
    const config = read('[m]\npath = /home/%USER%\nlist = %NOT%\nread only = %no%\n', [], { NOT: 'no' });
    expect(module(config, 'm').values).toMatchObject({ path: '/home/%USER%', list: false, readOnly: true });
  });
});

describe('variables', () => {
  it.each([
    ['%HOME%/x', '/root/x'],
    ['100%% %NOPE% %home% % x %HOME', '100%% %NOPE% %home% % x %HOME'],
    ['%HOME%%HOME%', '/root/root'],
    ['%UMLAUT%', '\xc3\xa4'],
  ])('%s', (text, expected) =>
    expect(expandVariables(text, { HOME: '/root', UMLAUT: '\u00e4' })).toBe(expected),
  );
});

describe('sections', () => {
  it('with equal names are one; a name of its own is what clients ask for', () => {
    const config = read('[m x]\ncomment = a\n[ M  X ]\npath = /p\n[n]\nname = other\n');
    expect(config.modules.map(({ name }) => name)).toEqual(['m x', 'other']);
    expect(config.modules[0]!.values).toMatchObject({ comment: 'a', path: '/p' });
  });

  it('start from the globals above them', () => {
    const config = read('comment = one\n[a]\n[global]\ncomment = two\n[b]\n[A]\nlist = no\n');
    expect(config.modules.map(({ values }) => values.comment)).toEqual(['one', 'two']);
  });

  it('may come from other files', () => {
    mkdirSync(file('inc'));
    writeFileSync(file('inc/b.conf'), 'comment = from b\nport = 5\n[b1]\n');
    writeFileSync(file('inc/a.conf'), '[a1]\n');
    writeFileSync(file('inc/z.inc'), 'comment = merged\n');
    const config = read(`comment = main\n&include ${file('inc')}\n[c]\n[d]\n&merge ${file('inc')}\n`);
    expect(config.modules.map(({ name, values }) => `${name}: ${values.comment}`)).toEqual([
      'a1: main',
      'b1: from b',
      'c: main',
      'd: merged',
    ]);
    expect(config.globals.port).toBe(0);
  });

  it('of a file that includes itself come to an end', () => {
    expect(() => read(`&include ${file()}\n`)).toThrow(/more than 32 files include one another/);
  });

  it('of a file that there is not', () => {
    expect(() => read(`\n&merge ${file('gone')}\n`)).toThrow(
      /rsyncd\.conf:2: cannot read the configuration .*gone/,
    );
  });
});

describe('--dparam', () => {
  it('stands above the first global section, for modules below', () => {
    const config = read('port = 1\nlog file = /a\n[m]\n[n]\nlog file = /b\n', ['port=2', 'LogFile = /c']);
    expect(config.globals.port).toBe(2);
    expect(config.defaults.logFile).toBe('/c');
    expect(config.modules.map(({ values }) => values.logFile)).toEqual(['/c', '/b']);
  });

  it('stands above a later one where only the whole daemon has the value', () => {
    expect(read('[m]\n[global]\nport = 3\n', ['port=2']).globals.port).toBe(2);
  });
});

describe('what cannot be honoured', () => {
  it.each([
    ['daemon chroot = /x', /"daemon chroot": /],
    ['socket options = SO_SNDBUF=9', /"socket options": /],
    ['port = 70000', /"port": /],
    ['[m]\nname converter = x', /:2: "name converter" of module m: .*numeric ids/],
    ['[m]\ninsecure links = yes', /"insecure links" of module m/],
    ['[m]\ncharset = latin1', /"charset"/],
    ['[m]\nfake super = yes', /"fake super"/],
    ['[m]\nopen noatime = yes', /"open noatime"/],
    ['[m]\nincoming chmod = a+r', /"incoming chmod"/],
    ['incoming chmod = a+r\n[m]', /:1: "incoming chmod"/],
    ['[m]\noutgoing chmod = a+r', /"outgoing chmod"/],
    ['[m]\nhosts allow = @group', /"hosts allow" of module m: "@group"/],
    ['[m]\nhosts deny = 10.0.0.0/33', /the mask is malformed/],
    ['[m]\nfilter = bogus x', /the filters of module m: Unknown filter rule/],
  ])('%j', (text, expected) => {
    const config = read(text);
    expect(() => requireSupport(config, {})).toThrow(expected);
  });

  it('is all told at once', () => {
    const config = read('daemon chroot = /x\n[m]\ncharset = a\n[n]\nfake super = 1\n');
    expect(() => requireSupport(config, {})).toThrow(
      /rsyncd\.conf:1: .*\n.*rsyncd\.conf:3: .*\n.*rsyncd\.conf:5: /,
    );
  });

  it('is nothing of what changes nothing', () => {
    const config = read(
      'use chroot = yes\n[m]\nfake super = no\nopen noatime = no\ninsecure links = 0\ncharset =\nhosts allow = 10.0.0.0/8, host.*\n',
    );
    expect(() => requireSupport(config, {})).not.toThrow();
  });
});
