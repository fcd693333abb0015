import { describe, expect, it } from 'vitest';
import { isSupported, LONG_NAMES, OPTIONS, SHORT_NAMES } from '../../../src/options/table.ts';
import { ALLOWED, REFUSED } from '../../../src/sync/config/option-policy.ts';
import { Problems, problemsOf } from '../../../src/sync/config/problems.ts';
import { checkOptionWords, nameOf, splitOptionText } from '../../../src/sync/config/sync-options.ts';

type Context = Partial<Parameters<typeof checkOptionWords>[1]>;

/** `COLUMN text` of each problem of a text of options. */
function faults(text: string, context: Context = {}): string[] {
  const problems = new Problems();
  const positionOf = (index: number) => ({
    kind: 'environment' as const,
    name: 'SYNC_OPTIONS',
    column: index + 1,
  });
  const words = splitOptionText(text, 'SYNC_OPTIONS', positionOf, problems);
  checkOptionWords(words, { workflow: 'project', key: 'SYNC_OPTIONS', ...context }, problems);
  try {
    problems.throwIfAny();
  } catch (error) {
    return problemsOf(error).map(
      ({ origin, text: said }) => `${origin.column} ${said.replace('SYNC_OPTIONS: ', '')}`,
    );
  }
  return [];
}

const clients = OPTIONS.filter(({ group }) => group !== 'daemon-mode');

describe('every option of the table has been thought of', () => {
  const names = clients.map(nameOf);

  it('is allowed or refused, not both', () => {
    expect(names.filter((name) => ALLOWED.has(name) === Object.hasOwn(REFUSED, name))).toEqual([]);
  });

  it('and the policy has no other names', () => {
    expect([...ALLOWED, ...Object.keys(REFUSED)].filter((name) => !names.includes(name))).toEqual([]);
  });

  // By all their names and letters: what works and is refused without a limit to its form or workflow never passes.
  const forbidden = clients.filter((entry) => {
    const refusal = REFUSED[nameOf(entry)];
    return (
      isSupported(entry) && refusal !== undefined && refusal.form === undefined && refusal.only === undefined
    );
  });
  const spellings = forbidden.flatMap((entry) => [
    ...[...LONG_NAMES]
      .filter(([, found]) => found.entry === entry && !found.negated)
      .map(([name]) => `--${name}`),
    ...[...SHORT_NAMES].filter(([, found]) => found.entry === entry).map(([letter]) => `-${letter}`),
  ]);

  it.each(spellings)('%s', (word) => {
    const name = word.replace(/^--?/, '');
    const { argument } = (word.startsWith('--') ? LONG_NAMES : SHORT_NAMES).get(name)!.entry;
    const forms = argument === undefined ? [word] : [`${word} x`, `${word}=x`];
    if (!word.startsWith('--'))
      forms.push(...(argument === undefined ? [`-v${name}v`] : [`-av${name}x`, `-av${name} x`]));
    for (const workflow of ['project', 'hub'] as const) {
      for (const form of forms) {
        expect(faults(form, { workflow }), form).toEqual([expect.stringContaining(`${word}`)]);
        expect(faults(form, { workflow })[0]).toContain('is refused: it ');
      }
    }
  });
});

describe('regression 9: options with spaces, ";", -essh, -ave (A10, B7)', () => {
  it.each([
    ['-essh', '1 -e in -essh is refused: it chooses the command that connects'],
    ["-v -ave 'sh -c x'", '4 -e in -ave is refused: it chooses the command that connects'],
    ['--rsh ssh', '1 --rsh is refused: it chooses the command that connects'],
    ['-e "ssh -p 2"', '1 -e is refused: it chooses the command that connects'],
    [
      '-az --rsync-path=/tmp/x',
      '5 --rsync-path is refused: it chooses the command that the other machine runs',
    ],
    ['--remove-sent-files', '1 --remove-sent-files is refused: it deletes the files that it has copied'],
    ['--log-file=/etc/x', '1 --log-file is refused: it writes a file of its own'],
    ['-v; rm x', '3 ;: commands are not run'],
    ['-v $(id)', '4 $: variables and commands are not expanded'],
    ['-v /etc', '4 found "/etc", expected options'],
    ['-v -', '4 found "-", expected options'],
    ['--detach', '1 --detach is refused: it belongs to a daemon'],
    ['--exclude', '1 --exclude: missing argument'],
    [
      '--exclude-from=-',
      '1 --exclude-from - is refused: it reads standard input, which a configuration does not have',
    ],
    [
      "--filter='. -'",
      '1 --filter . - is refused: it reads standard input, which a configuration does not have',
    ],
    ['--partial-dir=/tmp', '1 --partial-dir /tmp is refused: it names a directory outside of the two trees'],
    [
      '--partial-dir=a/../../b',
      '1 --partial-dir a/../../b is refused: it names a directory outside of the two trees',
    ],
    ['-v --checksum-choice=none1', '1 unknown checksum name: none1'],
    ['-v --bwlimit=x', '4 --bwlimit=x: invalid size'],
    ['--compare-dest=..', '1 --compare-dest is refused: it names a directory outside of the two trees'],
  ])('%s', (text, said) => {
    const [first, ...others] = faults(text);
    expect(first).toContain(said);
    expect(others).toEqual([]);
  });

  it('the value of an option is not taken for an option', () => {
    expect(faults("--exclude -essh -f '- --rsync-path' --info=x").map((text) => text.slice(0, 14))).toEqual([
      '37 --info: thi',
    ]);
  });

  it('"--" ends nothing: what is behind it is told too', () => {
    expect(faults('-- -essh')).toEqual(['1 found "--", expected options']);
  });

  it('tells all of them', () => {
    expect(faults('-essh --delete --nope').map((text) => text.split(' ')[0])).toEqual(['1', '7', '16']);
  });
});

describe('what a configuration may hold', () => {
  it.each([
    '-avz --no-o --no-g',
    '--exclude=\'a b\' --exclude "*.o" --bwlimit=1.5m -hh -P',
    '--partial-dir=.rsync-partial --timeout 30',
    '--no-old-args --links -t',
    '--password-file=/home/me/pass',
  ])('%s', (text) => {
    expect(faults(text)).toEqual([]);
  });

  it('some make sense for a spoke alone', () => {
    for (const text of [
      '--update',
      '--no-times',
      '--max-delete=9',
      '--append-verify',
      '-L',
      '--max-size=1m',
    ]) {
      expect(faults(text, { workflow: 'hub' })).toEqual([]);
      expect(faults(text)).toEqual([expect.stringContaining('is refused')]);
    }
  });

  it('hazard: the rules of a spoke do not carry the lines of local files away', () => {
    for (const text of [
      '--exclude-from=/etc/shadow',
      '--include-from /etc/shadow',
      "-f '. /etc/shadow'",
      "-f 'merge,- /x'",
    ]) {
      expect(faults(text, { workflow: 'hub' })).toEqual([
        expect.stringContaining('sends the lines of a file'),
      ]);
    }
    expect(faults("-f '- *.o'", { workflow: 'hub' })).toEqual([]);
    expect(faults('--exclude-from=more')).toEqual([]);
  });

  it('a person at the keyboard may choose a command, and no more', () => {
    expect(faults("-e 'ssh -p 2'", { typed: true })).toEqual([]);
    expect(faults('--remove-source-files', { typed: true })).toHaveLength(1);
  });

  it('tells options that do not go together', () => {
    expect(faults('--inplace --delay-updates')).toHaveLength(1);
  });
});

describe('"did you mean"', () => {
  function hint(text: string): string | undefined {
    const problems = new Problems();
    const words = splitOptionText(text, 'x', () => ({ kind: 'environment', name: 'x' }), problems);
    checkOptionWords(words, { workflow: 'project', key: 'x' }, problems);
    try {
      problems.throwIfAny();
    } catch (error) {
      return problemsOf(error)[0]!.hint;
    }
    return undefined;
  }

  it.each([
    ['--chekcsum', '--checksum'],
    ['--no-prems', '--no-perms'],
    ['--compress-ch=zlib', '--compress-choice'],
  ])('%s', (text, meant) => {
    expect(hint(text)).toContain(`Did you mean ${meant}?`);
  });

  it('never names what would be refused', () => {
    for (const text of ['--rsync-pth=x', '--delet', '--rs=x', '--remove-source']) {
      expect(hint(text)).not.toMatch(/--(rsync-path|delete|rsh|remove)/);
    }
  });
});
