/** The settings of a project: what each one may be, in `rsyncjs.yaml` and on the command line. */
import { CONFLICT_POLICIES, type ConflictPolicy } from '../project/conflict-policy.ts';
import { type Problems, quoted } from './problems.ts';
import { type Origin, type Sourced, sourced } from './source.ts';
import { readSshSettings, type SshSettings } from './ssh-settings.ts';
import { DURATION_HINT, parseDuration, parsePercent } from './values.ts';
import type { YamlMap } from './yaml-map.ts';

/** `guards`: ask when a guard trips; `always`: before every run that changes something. */
export const CONFIRMATIONS = ['guards', 'always'] as const;
export type Confirmation = (typeof CONFIRMATIONS)[number];

/** What is set in one place; the keys are those of the file. */
export interface GivenSettings {
  conflict?: Sourced<ConflictPolicy>;
  /** Files and directories. */
  maxDelete?: Sourced<number>;
  /** Of the files and directories of the side that loses them. */
  maxDeletePercent?: Sourced<number>;
  confirm?: Sourced<Confirmation>;
  /** Seconds; 0: never. */
  staleAfter?: Sourced<number>;
  onlyIgnored?: Sourced<boolean>;
  backup?: Sourced<boolean>;
  /** Patterns, as a line of `.rsync-exclude`. */
  exclude?: Sourced<readonly string[]>;
  /** Files of patterns, as written. */
  excludeFrom?: Sourced<string>[];
  ssh?: SshSettings;
}

/** Removes what could not be read, so that only what is set is there. */
type Loose<T> = { [K in keyof T]: T[K] | undefined };

/** Reads the keys that the top of the file and each profile have in common. */
export function readSettings(map: YamlMap): GivenSettings {
  const guards = map.map('guards');
  const exclude = map.get('exclude', { emptyIs: 'absent' });
  const excludes = exclude?.strings();
  const settings: Loose<GivenSettings> = {
    conflict: map.get('conflict')?.oneOf(CONFLICT_POLICIES),
    maxDelete: guards?.get('max_delete')?.integer(0, 0x7fffffff),
    maxDeletePercent: guards?.get('max_delete_percent')?.percent(),
    confirm: guards?.get('confirm')?.oneOf(CONFIRMATIONS),
    staleAfter: map.get('stale_after')?.duration({ never: true }),
    onlyIgnored: map.get('only_ignored')?.boolean(),
    backup: map.get('backup')?.boolean(),
    exclude:
      exclude === undefined || excludes === undefined
        ? undefined
        : sourced(
            excludes.map(({ value }) => value),
            exclude.origin,
          ),
    excludeFrom: map.get('exclude_from', { emptyIs: 'absent' })?.strings({ orOne: true }),
    ssh: readSshSettings(map.map('ssh')),
  };
  guards?.finish();
  return present(settings);
}

/** What the command line has for a run, as typed. */
export interface TypedSettings {
  conflict?: string;
  /** `NUM` or `NUM%`. */
  maxDelete?: string;
  staleAfter?: string;
  onlyIgnored?: boolean;
  backup?: boolean;
  confirm?: string;
}

export function readTyped(typed: TypedSettings, problems: Problems): GivenSettings {
  const read = <T>(
    name: string,
    value: string | undefined,
    parse: (text: string) => T | undefined,
    expected: string,
    hint?: string,
  ) => {
    if (value === undefined) return undefined;
    const origin = typedOrigin(name);
    const parsed = parse(value);
    if (parsed !== undefined) return sourced(parsed, origin);
    problems.add(origin, `found ${quoted(name, value)}, expected ${expected}`, hint);
    return undefined;
  };
  const choice =
    <T extends string>(choices: readonly T[]) =>
    (text: string): T | undefined =>
      choices.find((one) => one === text);
  const share = typed.maxDelete?.endsWith('%') === true;
  const wanted = 'a number, or a share such as 50%';
  return present({
    conflict: read(
      '--conflict',
      typed.conflict,
      choice(CONFLICT_POLICIES),
      `one of ${CONFLICT_POLICIES.join(', ')}`,
    ),
    confirm: read('--confirm', typed.confirm, choice(CONFIRMATIONS), `one of ${CONFIRMATIONS.join(', ')}`),
    maxDelete: share ? undefined : read('--max-delete', typed.maxDelete, parseCount, wanted),
    maxDeletePercent: share ? read('--max-delete', typed.maxDelete, parsePercent, wanted) : undefined,
    staleAfter: read(
      '--stale-after',
      typed.staleAfter,
      (text) => (text === 'never' ? 0 : parseDuration(text)),
      'a time or "never"',
      DURATION_HINT,
    ),
    onlyIgnored: flag('--only-ignored', typed.onlyIgnored),
    backup: flag('--backup', typed.backup),
  });
}

export function typedOrigin(name: string): Origin {
  return { kind: 'command line', name };
}

function flag(name: string, value: boolean | undefined): Sourced<boolean> | undefined {
  return value === undefined ? undefined : sourced(value, typedOrigin(name));
}

function parseCount(text: string): number | undefined {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  return value !== undefined && value <= 0x7fffffff ? value : undefined;
}

function present(settings: Loose<GivenSettings>): GivenSettings {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as GivenSettings;
}
