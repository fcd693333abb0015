import { describe, expect, it } from 'vitest';
import { toBuffer } from '../../src/core/bytes.ts';
import { EXIT, RsyncError } from '../../src/core/errors.ts';
import { buildFilterList, type FilterArgument } from '../../src/filter/filter-list.ts';
import { MAX_RULE_FILE_DEPTH } from '../../src/filter/rule-files.ts';
import { splitRuleFile } from '../../src/filter/rule-items.ts';
import { rulesForPeer } from '../../src/filter/wire.ts';
import { failure } from './support.ts';

/** The list that the arguments make, in wire form, which shows all of a rule. */
function build(files: Record<string, string>, ...args: (string | FilterArgument)[]): string[] {
  const rules = buildFilterList(
    args.map((arg) => (typeof arg === 'string' ? { kind: 'filter', text: arg } : arg)),
    {
      deleteExcluded: false,
      readFile: (name) => {
        const content = files[name];
        if (content !== undefined) return toBuffer(content);
        throw new RsyncError('RSYNC_FILE_IO', `no ${name}`, { exitCode: EXIT.FILEIO, origin: 'local' });
      },
    },
  );
  // Both directions together show the rules of every side.
  const both = rules.map((rule) =>
    rulesForPeer([{ ...rule }], { direction: 'pull', protocol: 32, deleteExcluded: false }),
  );
  return rules.map(
    (rule, index) =>
      both[index]![0] ?? rulesForPeer([rule], { direction: 'push', protocol: 32, deleteExcluded: false })[0]!,
  );
}

const texts = (content: string, ...how: [format: 'lines' | 'words' | 'nul', from0?: boolean]): string[] =>
  splitRuleFile(content, ...how).map((item) => item.text);

describe('splitRuleFile', () => {
  it('by lines: LF, CR, CRLF; comments, empty lines and what follows a NUL are left out', () => {
    const content = 'a\r\n\r\n#x\n;y\r b \n\rc\0d\n\0e\n #z\nlast';
    expect(splitRuleFile(content, 'lines')).toEqual([
      { text: 'a', line: 1 },
      { text: ' b ', line: 5 },
      { text: 'c', line: 7 },
      { text: ' #z', line: 9 },
      { text: 'last', line: 10 },
    ]);
  });

  it('by words: any run of blanks; comments are words', () => {
    expect(texts(' a\tb\n\v#c\f\rd\0x e', 'words')).toEqual(['a', 'b', '#c', 'd', 'e']);
    expect(texts('a\0b c', 'words', true)).toEqual(['a', 'b', 'c']);
  });

  it('by NUL alone after -0', () => {
    expect(texts('a\nb\0#c\0\0;d\0 e', 'nul')).toEqual(['a\nb', ' e']);
  });

  it('takes bytes as they are', () => {
    expect(texts('\xff\xfe\xa0x\x85y', 'words')).toEqual(['\xff\xfe\xa0x\x85y']);
  });
});

describe('merge files', () => {
  it('stand where they are merged, and clear what is before them', () => {
    expect(build({ m: '- b\n+ c/' }, '- a', '. m', '- d')).toEqual(['- a', '- b', '+ c/', '- d']);
    expect(build({ m: '- b\n!\n- c' }, '- a', '. m')).toEqual(['- c']);
  });

  it('hand down / p s r', () => {
    expect(build({ m: '- a\n+! b' }, './p m')).toEqual(['-/p a', '+/!p b']);
    expect(build({ m: '- a' }, '.s m')).toEqual(['-s a']);
    expect(build({ m: '-p a' }, '.r m')).toEqual(['-rp a']);
    expect(build({ m: '. n', n: '- a' }, './s m')).toEqual(['-/s a']);
  });

  it('refuse a second side, exit 1', () => {
    for (const item of ['-s a', 'P a', '-r a', '.r n']) {
      const error = failure(() => build({ m: `- x\n${item}`, n: '' }, '.s m'));
      expect(error.exitCode).toBe(1);
      expect(error.message).toBe(
        'specified-side merge file contains specified-side filter: <rule from m line 2>',
      );
    }
  });

  it('of bare patterns take each item whole', () => {
    const m = '- a\n!\n. n\n#no\nb/\n';
    expect(build({ m }, '.- m')).toEqual(['- - a', '- !', '- . n', '- b/']);
    expect(build({ m }, '.+p m')).toEqual(['+p - a', '+p !', '+p . n', '+p b/']);
    expect(build({ m: 'a b\t!\n#c' }, '.w+ m')).toEqual(['+ a', '+ b', '+ !', '+ #c']);
  });

  it('may exclude themselves, by their last component', () => {
    expect(build({ 'd/m': '- a' }, '.esp d/m')).toEqual(['- m', '-sp a']);
  });

  it('are cut at NUL after -0 only', () => {
    const m = '- a\n\0- b';
    expect(build({ m }, { kind: 'filter', text: '. m', from0: true })).toEqual(['- a\n', '- b']);
    expect(build({ m }, '. m')).toEqual(['- a']);
  });

  it('refuse what is not supported by place, not by text', () => {
    const error = failure(() => build({ m: '\n- a\n-x secret' }, '. m'));
    expect(error).toMatchObject({ code: 'RSYNC_UNSUPPORTED', exitCode: 4 });
    expect(error.message).toBe(
      'rules for extended attributes (modifier "x") are not supported: <rule from m line 3>',
    );
  });

  it('have to exist, exit 11', () => {
    const error = failure(() => build({ m: '. gone' }, '. m'));
    expect(error).toMatchObject({
      exitCode: 11,
      message: 'failed to open exclude file <rule from m line 1>',
    });
    expect(failure(() => build({}, { kind: 'include-from', file: 'gone' })).exitCode).toBe(11);
  });

  it('may be open inside each other 32 deep, exit 11 beyond', () => {
    const chain: Record<string, string> = {};
    for (let i = 1; i < MAX_RULE_FILE_DEPTH; i++) chain[`m${i}`] = `. m${i + 1}\n`;
    expect(build({ ...chain, m32: '- a' }, '. m1', '. m1')).toEqual(['- a', '- a']);
    expect(failure(() => build({ ...chain, m32: '. m33', m33: '- a' }, '. m1')).exitCode).toBe(11);
    expect(failure(() => build({ loop: '. loop' }, '. loop')).message).toContain(
      'nested too deeply: <rule from loop line 1>',
    );
  });
});

describe('--exclude-from and --include-from', () => {
  it('read old-style rules', () => {
    const files = { m: 'a\n+ b\n- c\nP d\n#e\n' };
    expect(build(files, { kind: 'exclude-from', file: 'm' })).toEqual(['- a', '+ b', '- c', '- P d']);
    expect(build(files, { kind: 'include-from', file: 'm' })).toEqual(['+ a', '+ b', '- c', '+ P d']);
    expect(build({ m: 'a\n!\nb' }, '- z', { kind: 'exclude-from', file: 'm' })).toEqual(['- b']);
  });

  it('name file and line in errors', () => {
    const error = failure(() => build({ m: 'a\n- ' }, { kind: 'exclude-from', file: 'm' }));
    expect(error.message).toBe('unexpected end of filter rule: <rule from m line 2>');
  });
});
