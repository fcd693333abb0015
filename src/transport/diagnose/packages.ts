/** How rsync is installed on the systems that people have. */
import type { HostFacts } from './probe.ts';

const COMMANDS: Readonly<Record<string, string>> = {
  'apt-get': 'apt-get install rsync',
  dnf: 'dnf install rsync',
  yum: 'yum install rsync',
  zypper: 'zypper install rsync',
  pacman: 'pacman -S rsync',
  apk: 'apk add rsync',
  opkg: 'opkg update && opkg install rsync',
  brew: 'brew install rsync',
  port: 'port install rsync',
  pkg: 'pkg install rsync',
  pkgin: 'pkgin install rsync',
  pkg_add: 'pkg_add rsync',
  'xbps-install': 'xbps-install -S rsync',
  emerge: 'emerge net-misc/rsync',
  'nix-env': 'nix-env -iA nixos.rsync',
};

/** The manager of a family of systems, for hosts where the PATH of a command hides it. */
const FAMILIES: Readonly<Record<string, string>> = {
  debian: 'apt-get',
  ubuntu: 'apt-get',
  raspbian: 'apt-get',
  fedora: 'dnf',
  rhel: 'dnf',
  centos: 'dnf',
  amzn: 'dnf',
  suse: 'zypper',
  opensuse: 'zypper',
  sles: 'zypper',
  arch: 'pacman',
  alpine: 'apk',
  openwrt: 'opkg',
  void: 'xbps-install',
  gentoo: 'emerge',
  freebsd: 'pkg',
  nixos: 'nix-env',
};

/** These are for ordinary users. */
const UNPRIVILEGED = new Set(['brew', 'nix-env']);

export function packageManager({ families, managers, system }: HostFacts): string | undefined {
  const usual = families.map((family) => FAMILIES[family.toLowerCase()]).find((name) => name !== undefined);
  if (usual !== undefined && (managers.length === 0 || managers.includes(usual))) return usual;
  return managers.find((name) => name in COMMANDS) ?? usual ?? (system === 'Darwin' ? 'brew' : undefined);
}

export function installHint(facts: HostFacts): string {
  const manager = packageManager(facts);
  const name = facts.name ?? facts.system;
  const place = name === undefined ? 'on that host' : `on that host (${name})`;
  if (manager === undefined) {
    return `Install rsync ${place}: it is in none of the usual places; or say where it is with --rsync-path=PATH.`;
  }
  const sudo = facts.root || UNPRIVILEGED.has(manager) ? '' : 'sudo ';
  const command = COMMANDS[manager]!.split(' && ')
    .map((part) => sudo + part)
    .join(' && ');
  return `Install it ${place}: ${command}. If it is somewhere unusual, name it with --rsync-path=PATH.`;
}
