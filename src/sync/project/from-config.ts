import { isAbsolute, relative, sep } from 'node:path';
import { type ByteString, fromText } from '../../core/bytes.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import type { SshOptions } from '../../transport/ssh/options.ts';
import { BUILT_IN_EXCLUDES } from '../config/built-in-excludes.ts';
import type { ProjectProfile } from '../config/project-profile.ts';
import { remoteArgument } from '../config/remote.ts';
import type { Sourced } from '../config/source.ts';
import type { SshSettings } from '../config/ssh-settings.ts';
import { connectionWords } from '../remote/connection-words.ts';
import type { GuardLimits } from './guards.ts';
import type { Profile } from './profile.ts';

/** A profile as it was configured, in the form that runs take. */
export function profileOf(configured: ProjectProfile): Profile {
  const { name, local, remote, options, typedOptions, guards, conflict, onlyIgnored, backup } = configured;
  const words = [...options.value, ...typedOptions.value];
  const limits: GuardLimits = {
    deleteShare: guards.maxDeletePercent.value / 100,
    ...(guards.maxDelete.value === undefined ? {} : { deleteCount: guards.maxDelete.value }),
  };
  return {
    name,
    root: local.value,
    location: remoteArgument(remote.value),
    connection: connectionWords(words),
    words,
    rules: rulesOf(configured),
    filterFiles: configured.excludeFiles.flatMap(({ value }) => inTree(local.value, value)),
    conflict: conflict.value,
    limits,
    onlyIgnored: onlyIgnored.value,
    backup: backup.value,
  };
}

/** What stays out: of the program, of the configuration, of its files; the first rule that matches decides. */
export function rulesOf({
  excludes,
  excludeFiles,
}: Pick<ProjectProfile, 'excludes' | 'excludeFiles'>): FilterArgument[] {
  return [
    ...[...BUILT_IN_EXCLUDES, ...excludes.value].map(
      (pattern): FilterArgument => ({ kind: 'exclude', text: fromText(pattern) }),
    ),
    ...excludeFiles.map(({ value }): FilterArgument => ({ kind: 'exclude-from', file: value })),
  ];
}

/** A file of rules that is itself synced. */
function inTree(root: string, file: string): ByteString[] {
  const path = relative(root, file);
  return path === '' || path.startsWith('..') || isAbsolute(path)
    ? []
    : [fromText(path.split(sep).join('/'))];
}

type Values<T> = { [K in keyof T]: T[K] extends Sourced<infer V> | undefined ? V : T[K] };

/** What the built-in ssh is told beside ~/.ssh/config. */
export function sshOptionsOf(settings: SshSettings): SshOptions | undefined {
  const entries = Object.entries(settings).map(([key, value]) => [
    key,
    Array.isArray(value)
      ? value.map((one: Sourced<unknown>) => one.value)
      : (value as Sourced<unknown>).value,
  ]);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Values<SshOptions>);
}
