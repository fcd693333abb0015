import { describe, expect, it } from 'vitest';
import { isRsyncError } from '../../src/core/errors.ts';
import { parseArguments } from '../../src/options/parse.ts';
import { DEFAULT_OPTIONS } from '../../src/options/resolve.ts';
import { isSupported, LONG_NAMES, OPTIONS, SHORT_NAMES } from '../../src/options/table.ts';
import { SUPPORTED_NAMES } from './supported-names.ts';
import { bareName, OPTION_VECTORS } from './vectors.ts';

const client = OPTION_VECTORS.filter(({ group }) => group !== 'daemon-mode');
const lookup = (name: string) =>
  name.startsWith('--') ? LONG_NAMES.get(name.slice(2)) : SHORT_NAMES.get(name.slice(1));

describe('the table against rsync 3.5.0', () => {
  it('has every option, in the same group', () => {
    expect(OPTION_VECTORS).toHaveLength(167);
    const missing = OPTION_VECTORS.filter(
      ({ long, short, group }) =>
        !OPTIONS.some(
          (entry) =>
            entry.group === group &&
            (long === null ? entry.long === undefined : `--${entry.long}` === long) &&
            // -h means --help only where it stands alone, so it belongs to --human-readable.
            (short === null || long === '--help' || `-${entry.short}` === bareName(short)),
        ),
    );
    expect(missing.map(({ long, short }) => long ?? short)).toEqual([]);
  });

  it('has no option of its own but the argument-less spellings of --compress-choice and those that say so', () => {
    const extra = OPTIONS.filter(
      (entry) =>
        !OPTION_VECTORS.some(({ long, short, group }) =>
          long === null
            ? entry.long === undefined && `-${entry.short}` === short
            : group === entry.group && long === `--${entry.long}`,
        ),
    );
    expect(extra.filter(({ own }) => own !== true).map(({ long }) => long)).toEqual([
      'old-compress',
      'new-compress',
    ]);
    expect(OPTIONS.filter(({ own }) => own === true)).toEqual(extra.filter(({ own }) => own === true));
    expect(extra.filter(({ own }) => own === true).map(({ long }) => long)).toEqual([
      'rsh-spawn',
      'ssh-debug',
      'ssh-match-exec',
    ]);
  });

  it.each(client.map((vector) => [vector.long ?? vector.short, vector] as const))(
    '%s: the same names',
    (_, vector) => {
      const own = [vector.long, vector.short, ...vector.aliases]
        .filter((name) => name !== null)
        .map(bareName)
        .filter((name) => vector.long !== '--help' || name.startsWith('--'));
      for (const name of own) expect(lookup(name), name).toMatchObject({ negated: false });
      expect(own.map((name) => lookup(name)?.entry.group)).toEqual(own.map(() => vector.group));

      const entry = lookup(own[0]!)!.entry;
      expect((entry.negations ?? []).map((name) => `--${name}`)).toEqual(vector.negations);
      for (const name of vector.negations) expect(lookup(name), name).toEqual({ entry, negated: true });
      expect(entry.argument === undefined).toBe(vector.arg === 'none');
    },
  );

  const defaults = client.flatMap((vector) => {
    const entry = lookup(vector.long ?? vector.short!)!.entry;
    const plain = typeof vector.default === 'boolean' || typeof vector.default === 'number';
    if (!isSupported(entry) || !plain || entry.keys.length !== 1) return [];
    return [[vector.long, entry.keys[0]!, vector.default as boolean | number] as const];
  });

  it('knows the defaults of most options', () => {
    expect(defaults.length).toBeGreaterThan(30);
  });

  // The level of --delete is a mode here, -q is a flag: only on or off is compared for them. Port 0 is the usual one.
  it.each(defaults)('%s: the same default', (_, key, value) => {
    const ours = DEFAULT_OPTIONS[key];
    const usual = key === 'port' && ours === 0 ? 873 : ours;
    expect(usual === 'none' ? 0 : Number(usual)).toBe(Number(value));
  });
});

describe('what is supported', () => {
  const all = [
    ...[...LONG_NAMES].map(([name, found]) => [`--${name}`, found] as const),
    ...[...SHORT_NAMES].map(([name, found]) => [`-${name}`, found] as const),
  ];

  it('is what is written down', () => {
    const supported = all.filter(([, { entry }]) => isSupported(entry)).map(([name]) => name);
    expect(supported.sort()).toEqual([...SUPPORTED_NAMES].sort());
  });

  it.each(all.filter(([, { entry }]) => !isSupported(entry)))('%s is refused by name', (name, { entry }) => {
    const value = entry.argument === undefined ? [] : ['5'];
    let caught: unknown;
    try {
      parseArguments(['-a', name, ...value, 'src', 'host:dst']);
    } catch (error) {
      caught = error;
    }
    expect(isRsyncError(caught) && caught).toMatchObject({
      code: 'RSYNC_UNSUPPORTED',
      exitCode: 4,
      origin: 'local',
      message: `rsyncjs: ${name}: this option of rsync is not supported`,
      hint: expect.stringMatching(/\w/),
    });
  });

  it('can be undone wherever a negation is named', () => {
    for (const entry of OPTIONS.filter(isSupported)) {
      expect(entry.negate !== undefined, entry.long).toBe((entry.negations ?? []).length > 0);
    }
  });

  it('reaches every field', () => {
    const reached = new Set(OPTIONS.filter(isSupported).flatMap(({ keys }) => keys));
    expect([...reached].sort()).toEqual(Object.keys(DEFAULT_OPTIONS).sort());
  });

  it('names one thing with one name', () => {
    const seen = new Map<string, unknown>();
    for (const entry of OPTIONS.filter(({ group }) => group !== 'daemon-mode')) {
      const long = [entry.long ?? [], entry.aliases ?? [], entry.negations ?? []]
        .flat()
        .map((name) => `--${name}`);
      for (const name of entry.short === undefined ? long : [...long, `-${entry.short}`]) {
        expect(seen.has(name), name).toBe(false);
        seen.set(name, entry);
      }
    }
  });
});
