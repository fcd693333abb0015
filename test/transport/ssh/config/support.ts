import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { isRsyncError, type RsyncError } from '../../../../src/core/errors.ts';
import { assembleAlgorithms } from '../../../../src/transport/ssh/config/algorithm-list.ts';
import { parseSshCommand } from '../../../../src/transport/ssh/config/command.ts';
import { resolveSshConfig } from '../../../../src/transport/ssh/config/resolve.ts';
import type { SshSettings } from '../../../../src/transport/ssh/config/settings.ts';
import { connectionNames } from '../../../../src/transport/ssh/names.ts';

/**
 * Why the real ssh can not be asked, or undefined if it can. In CI a missing one is an error, so that the suite can not
 * go green without it.
 */
export function sshMissing(): string | undefined {
  if (process.platform === 'win32')
    return "the ssh of Windows reads other files and prints other people's paths";
  const found = spawnSync('ssh', ['-V'], { encoding: 'utf8' });
  if (found.error === undefined && /^OpenSSH_/m.test(found.stderr)) return undefined;
  const reason = 'no ssh of OpenSSH found (apt-get install openssh-client)';
  if (process.env.CI) throw new Error(reason);
  return reason;
}

/** A folder for the files of one case. */
export function caseFolder(): (files: Record<string, string>) => string {
  const root = mkdtempSync(join(tmpdir(), 'rsyncjs-config-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  let count = 0;
  return (files) => {
    const dir = join(root, String(count++));
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), content.replaceAll('@DIR@', dir));
      // Whatever the umask of the tests: ssh refuses included files that others may write.
      chmodSync(join(dir, name), 0o600);
    }
    return dir;
  };
}

/** Keyword in lower case, and its values: several of those that add up. */
export type Answer = Map<string, string[]>;

/** What `ssh -G` says, or undefined if it refuses the configuration. */
export function askSsh(file: string, host: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const real = spawnSync('ssh', ['-T', ...args, '-G', '-F', file, host], { encoding: 'utf8', env });
  if (real.error !== undefined) throw real.error;
  if (real.status !== 0) {
    if (real.status !== 255 || real.stdout !== '') throw new Error(`ssh -G: ${real.status} ${real.stderr}`);
    return { answer: undefined, stderr: real.stderr };
  }
  const answer: Answer = new Map();
  for (const line of real.stdout.split('\n')) {
    const [, keyword, value] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (keyword !== undefined) answer.set(keyword, [...(answer.get(keyword) ?? []), value!]);
  }
  return { answer, stderr: real.stderr };
}

/** What we say to the same question, or the error. */
export async function askUs(file: string, host: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const { homedir: home, username: localUser } = userInfo();
  try {
    const { given } = parseSshCommand(args);
    const query = { host, given, configFile: file, home, localUser, env, allowExec: true };
    const { settings, report } = await resolveSshConfig(query);
    const names = connectionNames({ original: host, settings, localUser, home, env });
    return { settings, report, names };
  } catch (error) {
    if (isRsyncError(error)) return { error: error as RsyncError };
    throw error;
  }
}

const ALGORITHMS = {
  ciphers: ['ciphers', 'cipher'],
  macs: ['macs', 'mac'],
  kexAlgorithms: ['kexalgorithms', 'kex'],
  hostKeyAlgorithms: ['hostkeyalgorithms', 'HostKeyAlgorithms'],
  pubkeyAcceptedAlgorithms: ['pubkeyacceptedalgorithms', 'PubkeyAcceptedAlgorithms'],
} as const;

const supported = new Map<string, string[]>();

function listed(query: string): string[] {
  const known = supported.get(query);
  if (known !== undefined) return known;
  const { stdout, status } = spawnSync('ssh', ['-Q', query], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ssh -Q ${query}: ${status}`);
  const names = stdout.split('\n').filter((name) => name !== '');
  supported.set(query, names);
  return names;
}

const yes = (value: boolean): string[] => [value ? 'yes' : 'no'];
const number = (value: number): string[] => [String(value)];

/** The keywords that are compared. */
export const COMPARED = [
  'hostname user port identityfile identitiesonly identityagent certificatefile proxyjump proxycommand',
  'serveraliveinterval serveralivecountmax connecttimeout connectionattempts compression stricthostkeychecking',
  'userknownhostsfile globalknownhostsfile hashknownhosts hostkeyalias checkhostip ciphers macs kexalgorithms',
  'hostkeyalgorithms pubkeyacceptedalgorithms preferredauthentications passwordauthentication',
  'kbdinteractiveauthentication pubkeyauthentication batchmode addressfamily bindaddress bindinterface tcpkeepalive',
  'loglevel sendenv setenv numberofpasswordprompts canonicalizehostname',
].flatMap((line) => line.split(' '));

/**
 * Our answer in ssh's words; `defaults`, what ssh says without any configuration, stands for what is not set.
 */
export function inWordsOfSsh(
  us: Extract<Awaited<ReturnType<typeof askUs>>, { settings: SshSettings }>,
  defaults: Answer,
): Answer {
  const { settings: s, names } = us;
  const { proxy } = s;
  const files = (list: readonly string[], keyword: string) =>
    list.length === 0 ? ['none'] : [list.map((file) => names.expand(keyword, file)).join(' ')];
  const said: Record<string, string[] | undefined> = {
    hostname: [names.host],
    user: s.user === undefined ? undefined : [s.user],
    port: number(names.port),
    identityfile: s.identityFiles.length === 0 ? undefined : s.identityFiles,
    identitiesonly: s.identitiesOnly === undefined ? undefined : yes(s.identitiesOnly),
    identityagent:
      s.identityAgent === undefined
        ? undefined
        : /^(?:none|SSH_AUTH_SOCK|\$\w+)$/i.test(s.identityAgent)
          ? [s.identityAgent]
          : [names.expand('IdentityAgent', s.identityAgent)],
    certificatefile: s.certificateFiles,
    proxyjump:
      typeof proxy === 'object' && 'jump' in proxy ? [proxy.jump.map(plainJump).join(',')] : undefined,
    proxycommand: typeof proxy === 'object' && 'command' in proxy ? [proxy.command] : undefined,
    serveraliveinterval: s.serverAliveInterval === undefined ? undefined : number(s.serverAliveInterval),
    serveralivecountmax: s.serverAliveCountMax === undefined ? undefined : number(s.serverAliveCountMax),
    connecttimeout: s.connectTimeout === undefined ? undefined : number(s.connectTimeout),
    connectionattempts: s.connectionAttempts === undefined ? undefined : number(s.connectionAttempts),
    compression: s.compression === undefined ? undefined : yes(s.compression),
    stricthostkeychecking: s.strictHostKeyChecking === undefined ? undefined : [s.strictHostKeyChecking],
    userknownhostsfile: s.userKnownHostsFiles && files(s.userKnownHostsFiles, 'UserKnownHostsFile'),
    globalknownhostsfile: s.globalKnownHostsFiles && files(s.globalKnownHostsFiles, 'GlobalKnownHostsFile'),
    hashknownhosts: s.hashKnownHosts === undefined ? undefined : yes(s.hashKnownHosts),
    hostkeyalias: s.hostKeyAlias === undefined ? undefined : [s.hostKeyAlias],
    checkhostip: s.checkHostIp === undefined ? undefined : yes(s.checkHostIp),
    preferredauthentications: s.preferredAuthentications && [s.preferredAuthentications.join(',')],
    passwordauthentication:
      s.passwordAuthentication === undefined ? undefined : yes(s.passwordAuthentication),
    kbdinteractiveauthentication:
      s.kbdInteractiveAuthentication === undefined ? undefined : yes(s.kbdInteractiveAuthentication),
    pubkeyauthentication: s.pubkeyAuthentication === undefined ? undefined : yes(s.pubkeyAuthentication),
    batchmode: s.batchMode === undefined ? undefined : yes(s.batchMode),
    addressfamily: s.addressFamily === undefined ? undefined : [s.addressFamily],
    bindaddress: s.bindAddress === undefined ? undefined : [s.bindAddress],
    bindinterface: s.bindInterface === undefined ? undefined : [s.bindInterface],
    tcpkeepalive: s.tcpKeepAlive === undefined ? undefined : yes(s.tcpKeepAlive),
    loglevel: s.logLevel === undefined ? undefined : [s.logLevel.toUpperCase()],
    sendenv: s.sendEnv === undefined || s.sendEnv.length === 0 ? undefined : s.sendEnv,
    setenv: s.setEnv,
    numberofpasswordprompts:
      s.numberOfPasswordPrompts === undefined ? undefined : number(s.numberOfPasswordPrompts),
    canonicalizehostname: s.canonicalize === undefined ? undefined : [s.canonicalize],
  };
  for (const [slot, [keyword, query]] of Object.entries(ALGORITHMS)) {
    const spec = s[slot as keyof typeof ALGORITHMS];
    if (spec === undefined) continue;
    const usual = defaults.get(keyword)![0]!.split(',');
    said[keyword] = [assembleAlgorithms(spec, usual, listed(query)).join(',')];
  }
  const answer: Answer = new Map();
  for (const keyword of COMPARED) {
    const values = said[keyword] ?? defaults.get(keyword);
    if (values !== undefined) answer.set(keyword, values.map(plainWord));
  }
  return answer;
}

/** ssh's answer cut to what is compared, with one spelling for each thing. */
export function comparable(real: Answer, ours: Answer): Answer {
  const answer: Answer = new Map();
  for (const keyword of COMPARED) {
    let values = real.get(keyword);
    if (values === undefined) continue;
    // A second reading makes ssh list these twice.
    if (keyword === 'sendenv' || keyword === 'identityfile') values = [...new Set(values)];
    if (keyword === 'proxyjump') values = values.map((value) => value.split(',').map(plainJump).join(','));
    // Addresses keep their case there, names do not.
    if (keyword === 'hostname') values = values.map((value) => value.toLowerCase());
    // Ours is a number, with 0 for no limit.
    if (keyword === 'connecttimeout' && values[0] === 'none' && ours.get(keyword)?.[0] === '0')
      values = ['0'];
    answer.set(keyword, values.map(plainWord));
  }
  // Debian's ssh asks for signs of life in batch mode.
  if (real.get('batchmode')?.[0] === 'yes' && real.get('serveraliveinterval')?.[0] === '300') {
    answer.set('serveraliveinterval', ours.get('serveraliveinterval')!);
  }
  return answer;
}

/** Some keywords are printed with yes and no, others with true and false, which differs between releases. */
function plainWord(value: string): string {
  if (value === 'SILENT') return 'QUIET';
  return value === 'true' ? 'yes' : value === 'false' ? 'no' : value;
}

/** ssh prints the last hop taken apart and put together, the others as they were. */
function plainJump(hop: string): string {
  const plain = hop.replace(/^ssh:\/\//, '').replace(/\/$/, '');
  return plain.replace(/\[([\d.]+)\]/, '$1').replace(/:ssh$/, ':22');
}
