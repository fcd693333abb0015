/** What `rsyncjs config show` tells: every setting, its value without secrets, where it comes from, what it overrode. */
import type { HubConfig } from './hub-config.ts';
import type { Notice } from './problems.ts';
import type { UnresolvedProfile, UnresolvedProject } from './project-config.ts';
import { shownValue } from './redaction.ts';
import { type Origin, originText, type Sourced } from './source.ts';
import type { SshSettings } from './ssh-settings.ts';

export interface ReportRow {
  /** As in the file: `profiles.web.conflict`; without `profiles.NAME` for the only one. */
  key: string;
  /** For JSON; null: not set. Masked where it may hold a secret. */
  value: unknown;
  origin: Origin;
  /** One line. */
  from: string;
  overrode: { value: unknown; origin: Origin; from: string }[];
}

export interface ConfigReport {
  schema: 1;
  /** Root of the project, or the file of the hub. */
  place: string;
  rows: ReportRow[];
  notices: Notice[];
}

export function reportProject({ root, profiles, notices }: UnresolvedProject): ConfigReport {
  const several = profiles.length > 1;
  const rows = profiles.flatMap((profile) =>
    profileRows(profile).map((row) =>
      several ? { ...row, key: `profiles.${profile.name}.${row.key}` } : row,
    ),
  );
  return { schema: 1, place: root, rows, notices };
}

export function reportHub({
  file,
  name,
  sessionsDir,
  jobs,
  defaults,
  spokes,
  notices,
}: HubConfig): ConfigReport {
  const rows = [
    ...(name === undefined ? [] : [row('hub.name', name)]),
    row('hub.sessions_dir', sessionsDir),
    row('hub.jobs', jobs),
    row('hub.stale_after', defaults.staleAfter),
    row('hub.connect_timeout', defaults.connectTimeout),
    row('hub.retries', defaults.retries),
    row('hub.compress', defaults.compress),
    row('hub.match', defaults.match),
  ];
  for (const spoke of spokes) {
    const own = [
      row('sync_method', { value: spoke.method, origin: spoke.path.origin }),
      ...(spoke.source === undefined ? [] : [row('source', textOf(spoke.source))]),
      row('path', spoke.path),
      row('enabled', spoke.enabled),
      ...(spoke.schedule === undefined ? [] : [row('schedule', spoke.schedule)]),
      row('tags', spoke.tags),
      row('append_only', spoke.appendOnly),
      row('restricted', spoke.restricted),
      row('stale_after', spoke.staleAfter),
      row('connect_timeout', spoke.connectTimeout),
      row('retries', spoke.retries),
      row('compress', spoke.compress),
      row('match', spoke.match),
      row('exclude', spoke.exclude),
      ...(spoke.bwLimit === undefined ? [] : [row('rsync_options.bw_limit', spoke.bwLimit)]),
      row('rsync_options.delete', spoke.delete),
      row('rsync_options.extra_args', spoke.extraArgs),
      row('rsync_options.timeout_seconds', spoke.timeout),
      ...sshRows(spoke.ssh),
    ];
    rows.push(...own.map((one) => ({ ...one, key: `spokes.${spoke.name}.${one.key}` })));
  }
  return { schema: 1, place: file, rows, notices };
}

function profileRows(profile: UnresolvedProfile): ReportRow[] {
  const { guards, excludeFiles } = profile;
  const unset: Sourced<null> = { value: null, origin: { kind: 'default', name: 'remote' } };
  return [
    row('remote', profile.remote === undefined ? unset : textOf(profile.remote)),
    row('path', profile.local),
    row('options', profile.options),
    row('exclude', profile.excludes),
    row('exclude_from', {
      value: excludeFiles.map(({ value }) => value),
      origin: excludeFiles[0]?.origin ?? { kind: 'default', name: 'exclude_from' },
    }),
    row('conflict', profile.conflict),
    row('guards.max_delete', guards.maxDelete),
    row('guards.max_delete_percent', guards.maxDeletePercent),
    row('guards.confirm', guards.confirm),
    row('stale_after', profile.staleAfter),
    row('only_ignored', profile.onlyIgnored),
    row('backup', profile.backup),
    ...sshRows(profile.ssh),
  ];
}

const SSH_KEYS: Readonly<Record<keyof SshSettings, string>> = {
  port: 'ssh.port',
  identityFile: 'ssh.identity_file',
  identitiesOnly: 'ssh.identities_only',
  knownHostsFile: 'ssh.known_hosts_file',
  hostKeyAlias: 'ssh.host_key_alias',
  strictHostKeyChecking: 'ssh.strict_host_key_checking',
  proxyJump: 'ssh.proxy_jump',
};

function sshRows(ssh: SshSettings): ReportRow[] {
  return Object.entries(SSH_KEYS).flatMap(([name, key]) => {
    const value = ssh[name as keyof SshSettings] as Sourced<unknown> | Sourced<string>[] | undefined;
    if (value === undefined) return [];
    if (!Array.isArray(value)) return [row(key, value)];
    const [first] = value;
    return first === undefined
      ? []
      : [row(key, { value: value.map((item) => item.value), origin: first.origin })];
  });
}

function textOf(remote: Sourced<{ text: string }>): Sourced<string> {
  return { ...remote, value: remote.value.text };
}

function row(key: string, { value, origin, overrode = [] }: Sourced<unknown>): ReportRow {
  return {
    key,
    value: shownValue(key, value) ?? null,
    origin,
    from: originText(origin),
    overrode: overrode.map((beaten) => ({
      value: shownValue(key, plain(beaten.value)) ?? null,
      origin: beaten.origin,
      from: originText(beaten.origin),
    })),
  };
}

/** Words that were overridden still have their origins with them. */
function plain(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((item: unknown) =>
    typeof item === 'object' && item !== null && 'text' in item ? item.text : item,
  );
}
