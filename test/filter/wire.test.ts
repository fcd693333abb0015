import { describe, expect, it } from 'vitest';
import { buildFilterList, type FilterArgument, FilterSet } from '../../src/filter/filter-list.ts';
import { matchRule } from '../../src/filter/rule.ts';
import { parseReceivedRules, rulesForPeer } from '../../src/filter/wire.ts';
import { failure, readArguments } from './support.ts';

function sent(direction: 'push' | 'pull', args: string[], protocol = 32): string[] {
  const { filters, deleteExcluded } = readArguments(args);
  const readFile = (): Uint8Array => new Uint8Array();
  const rules = buildFilterList(filters as FilterArgument[], { deleteExcluded, readFile });
  return rulesForPeer(rules, { direction, protocol, deleteExcluded });
}

describe('rulesForPeer', () => {
  // The captured examples of docs/protocol/4-filters-and-options.md, A.14.
  const examples: [args: string[], push: string[], pull: string[]][] = [
    [['-f', '- foo'], ['- foo'], ['- foo']],
    [['--exclude=foo'], ['- foo'], ['- foo']],
    [['-f', '+ bar/'], ['+ bar/'], ['+ bar/']],
    [['-f', 'H h'], [], ['-s h']],
    [['-f', '-s h'], [], ['-s h']],
    [['-f', 'P p'], ['-r p'], []],
    [['-f', '-sr b'], ['-sr b'], ['-sr b']],
    [['-f', '-p q'], ['-p q'], ['-p q']],
    [['--delete-excluded', '-f', '- foo'], [], ['-s foo']],
    [['-f', '- foo', '--delete-excluded'], [], ['-s foo']],
    [['--delete-excluded', '-f', 'P p', '-f', '-sr b'], ['-r p', '-sr b'], ['-sr b']],
    [['-f', 'S a', '-f', 'R b'], ['+r b'], ['+s a']],
    [['-f', '-pr!/ /a b/'], ['-/!rp /a b/'], []],
    [['-f', '-rps x'], ['-srp x'], ['-srp x']],
    [['-f', '- a', '-f', '!', '-f', '- /'], ['- /'], ['- /']],
    [['-f', ': .f'], [': .f'], [': .f']],
    [['-f', 'dir-merge /x/.f'], [': /x/.f'], [': /x/.f']],
    [['-f', ':C'], [':C .cvsignore'], [':C .cvsignore']],
    [['-f', ':Cp'], [':Cp .cvsignore'], [':Cp .cvsignore']],
    [['-f', ':Cr'], [':Cr .cvsignore'], []],
    [
      ['-f', ':enw+/p .h'],
      ['- .h', ':/nw+p .h'],
      ['- .h', ':/nw+p .h'],
    ],
    [['-f', ':es .h'], ['- .h'], ['- .h', ':s .h']],
    [['-f', ':er .h'], ['- .h', ':r .h'], ['- .h']],
    [['-f', ':sr .h'], [':sr .h'], [':sr .h']],
    [['-f', ':x .h'], [':x .h'], [':x .h']],
    [['-f', ': .h', '-f', ':- .h'], [': .h'], [': .h']],
    [['-f', ': a/.h', '-f', ':n b/.h'], [': a/.h'], [': a/.h']],
    [
      ['-f', ':e a/b'],
      ['- b', ': a/b'],
      ['- b', ': a/b'],
    ],
    [['-f', ': .f', '--delete-excluded'], [': .f'], [': .f']],
    [['-f', ':- .h', '--delete-excluded'], [], [':- .h']],
    [['-f', ':enw+/p .h', '--delete-excluded'], [], ['- .h', ':/nw+p .h']],
    [['-f', ':es .h', '--delete-excluded'], [], ['- .h', ':s .h']],
    [['-f', ':er .h', '--delete-excluded'], [':r .h'], ['- .h']],
    [['-f', ':C', '--delete-excluded'], [], [':C .cvsignore']],
    [['-f', '-Cs'], [], ['-Cs ']],
    [['-f', '-C', '--delete-excluded'], [], ['-Cs ']],
    [['-f', '-C!/ foo', '--delete-excluded'], [], ['-/!Cs foo']],
  ];
  for (const [args, push, pull] of examples) {
    it(args.join(' '), () => {
      expect(sent('push', args)).toEqual(push);
      expect(sent('pull', args)).toEqual(pull);
    });
  }

  it('sends the rules of -x, -b and --partial-dir as C does, once something adds them', () => {
    const rules = [
      matchRule('user.*', { xattr: true }),
      matchRule('*~', { receiver: true }),
      matchRule('.pd/', { perishable: true }),
    ];
    const options = { protocol: 32, deleteExcluded: false };
    expect(rulesForPeer(rules, { direction: 'push', ...options })).toEqual(['-x user.*', '-r *~', '-p .pd/']);
    expect(rulesForPeer(rules, { direction: 'pull', ...options })).toEqual(['-x user.*', '-p .pd/']);
  });

  it('marks rules that were added after the list was built, under --delete-excluded', () => {
    const options = { protocol: 32, deleteExcluded: true };
    expect(rulesForPeer([matchRule('x')], { direction: 'pull', ...options })).toEqual(['-s x']);
    expect(rulesForPeer([matchRule('x')], { direction: 'push', ...options })).toEqual([]);
  });

  it('drops p for a sender that speaks 29', () => {
    expect(sent('pull', ['-f', '-p q', '-f', 'H,p h'], 29)).toEqual(['- q', '-s h']);
    expect(sent('pull', ['-f', '-p q'], 30)).toEqual(['-p q']);
  });

  it('ends with exit 2 for a perishable rule that a receiver of 29 would need', () => {
    for (const rule of ['-p q', 'P,p q', '-srp q']) {
      expect(failure(() => sent('push', ['-f', rule], 29))).toMatchObject({
        exitCode: 2,
        message: 'filter rules are too modern for remote rsync.',
      });
    }
    expect(sent('push', ['-f', '-sp q', '-f', '- a'], 29)).toEqual(['- a']);
    expect(sent('push', ['-f', '-p q'], 30)).toEqual(['-p q']);
  });
});

describe('parseReceivedRules', () => {
  it('takes every rule as its own, whatever side it names', () => {
    for (const side of ['sender', 'receiver'] as const) {
      const set = new FilterSet(parseReceivedRules(['-s a', '-r b', '-sr c', '- d', '+ e'], side), {
        side,
        rootPath: '/',
      });
      expect(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => set.check(name, false))).toEqual([
        'excluded',
        'excluded',
        'excluded',
        'excluded',
        'included',
        undefined,
      ]);
    }
  });

  it('reads back all that is sent', () => {
    const rules = [
      matchRule('a/', { include: true, negate: true, absolute: true }),
      matchRule(' x ', { perishable: true }),
      matchRule('/', {}),
      matchRule('_', {}),
    ];
    const texts = rulesForPeer(rules, { direction: 'push', protocol: 32, deleteExcluded: false });
    expect(parseReceivedRules(texts, 'receiver')).toEqual(rules.map((rule) => ({ ...rule, receiver: true })));
  });

  it('never opens a file for the peer', () => {
    expect(failure(() => parseReceivedRules(['- a', '. /etc/shadow'], 'sender'))).toMatchObject({
      exitCode: 1,
      origin: 'remote',
    });
  });

  it('refuses what it does not know, with the code of rsync', () => {
    expect(failure(() => parseReceivedRules(['foo'], 'sender'))).toMatchObject({
      exitCode: 1,
      origin: 'remote',
    });
    for (const text of ['-x user.*', '-Cx ']) {
      const error = failure(() => parseReceivedRules([text], 'sender'));
      expect(error).toMatchObject({ code: 'RSYNC_UNSUPPORTED', exitCode: 4, origin: 'remote' });
      expect(error.message).toContain(`"${text}"`);
    }
  });

  it('clears, and drops over-long patterns', () => {
    const warnings: string[] = [];
    const rules = parseReceivedRules(
      ['- a', '!', '- b', `- ${'c'.repeat(4096)}`],
      'sender',
      undefined,
      (text) => warnings.push(text),
    );
    expect(rules).toMatchObject([{ pattern: 'b' }]);
    expect(warnings).toHaveLength(1);
  });
});
