/**
 * The key `ssh`: how the built-in ssh connects, for this remote alone. Everything else is in `~/.ssh/config`; a command to
 * connect with can be set there and nowhere else.
 */
import { type Sourced, sourced } from './source.ts';
import type { YamlMap } from './yaml-map.ts';

const HOST_KEY_CHECKS = ['yes', 'accept-new', 'ask'] as const;

/** Of what `SshOptions` of the transport has, what is set. Paths as written: `~` and tokens are ssh's to expand. */
export interface SshSettings {
  port?: Sourced<number>;
  identityFile?: Sourced<string>[];
  identitiesOnly?: Sourced<boolean>;
  knownHostsFile?: Sourced<string>[];
  hostKeyAlias?: Sourced<string>;
  /** `no` cannot be set: a changed or unknown key is for a person to judge. */
  strictHostKeyChecking?: Sourced<(typeof HOST_KEY_CHECKS)[number]>;
  proxyJump?: Sourced<string>[];
}

type Loose<T> = { [K in keyof T]: T[K] | undefined };

export function readSshSettings(map: YamlMap | undefined): SshSettings | undefined {
  if (map === undefined) return undefined;
  const jumps = map.get('proxy_jump')?.strings({ orOne: true });
  const strict = map.get('strict_host_key_checking');
  const settings: Loose<SshSettings> = {
    port: map.get('port')?.integer(1, 65_535),
    identityFile: map.get('identity_file')?.strings({ orOne: true }),
    identitiesOnly: map.get('identities_only')?.boolean(),
    knownHostsFile: map.get('known_hosts_file')?.strings({ orOne: true }),
    hostKeyAlias: map.get('host_key_alias')?.string(),
    strictHostKeyChecking: strict?.oneOf(HOST_KEY_CHECKS),
    proxyJump: jumps?.flatMap(({ value, origin }) => value.split(',').map((jump) => sourced(jump, origin))),
  };
  for (const jump of settings.proxyJump ?? []) {
    if (/^[^\s-][^\s]*$/.test(jump.value)) continue;
    map.get('proxy_jump')?.complain(`found ${JSON.stringify(jump.value)}, expected [USER@]HOST[:PORT]`);
  }
  map.finish();
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as SshSettings;
}
