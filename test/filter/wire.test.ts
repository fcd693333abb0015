import { describe, expect, it } from 'vitest';
import { cvsExcludeRules } from '../../src/filter/cvs.ts';
import { buildFilterList, type FilterArgument, FilterSet } from '../../src/filter/filter-list.ts';
import { matchRule } from '../../src/filter/rule.ts';
import { parseReceivedRules, rulesForPeer } from '../../src/filter/wire.ts';
import { parseArguments } from '../../src/options/parse.ts';
import { failure, readArguments, vectors } from './support.ts';

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

interface WireVector {
  args: string[];
  protocol: number;
  /** Null: the client refused. */
  push: string[] | null;
  pull: string[] | null;
}

describe('per-directory and CVS rules, as captured in filter-wire.json', () => {
  const cases = vectors<WireVector>('filter-wire.json');
  const ignores = { file: Buffer.from('mine\n'), variable: undefined };

  function texts(direction: 'push' | 'pull', { args, protocol }: WireVector): string[] {
    const { filters, deleteExcluded } = parseArguments(['-r', ...args]).options;
    const rules = buildFilterList(filters, {
      deleteExcluded,
      readFile: () => new Uint8Array(),
      cvsIgnores: () => ignores,
    });
    // What a session adds for the option; a sender at the other end adds it for itself.
    if (args.includes('-C') && args[args.indexOf('-C') - 1] !== '-f' && direction === 'push')
      rules.push(...cvsExcludeRules(ignores));
    return rulesForPeer(rules, { direction, protocol, deleteExcluded });
  }

  it('are 49', () => expect(cases).toHaveLength(49));

  it.each(cases.map((each) => [`${each.args.join(' ')}, protocol ${each.protocol}`, each] as const))(
    '%s',
    (_, given) => {
      for (const direction of ['push', 'pull'] as const) {
        const expected = given[direction];
        if (expected === null) expect(failure(() => texts(direction, given)).exitCode).toBe(2);
        else expect(texts(direction, given)).toEqual(expected);
      }
    },
  );
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

  it('takes per-directory files with the sides that they have, and -C with the list of its own machine', () => {
    const own = { file: Buffer.from('here'), variable: 'there ! late' };
    const rules = parseReceivedRules([':/nw+sp .h', ': .h', ':C .cvsignore', '+Cr '], 'sender', () => own);
    expect(rules).toMatchObject([
      {
        kind: 'dir-merge',
        file: '.h',
        wordSplit: true,
        noInherit: true,
        itemAction: 'include',
        sender: true,
      },
      { kind: 'dir-merge', file: '.cvsignore', cvs: true, sender: false },
      {
        kind: 'cvs',
        rules: [{ pattern: 'late', include: true, sender: true, receiver: false, perishable: false }],
      },
    ]);
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
