import { getCiphers, getHashes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Algorithms } from 'ssh2';
import { usageError } from '../../core/errors.ts';
import { assembleAlgorithms } from './config/algorithm-list.ts';
import type { SshSettings } from './config/settings.ts';

/** Key exchanges without SHA-1, in order of preference. */
const KEX = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group-exchange-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group15-sha512',
  'diffie-hellman-group17-sha512',
];
/** Weak ones are used only if they are asked for by name. */
const WEAK_KEX = [
  'diffie-hellman-group-exchange-sha1',
  'diffie-hellman-group14-sha1',
  'diffie-hellman-group1-sha1',
];

const AES_GCM = ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'];
const CHACHA = 'chacha20-poly1305@openssh.com';
const AES_CTR = ['aes128-ctr', 'aes192-ctr', 'aes256-ctr'];
const WEAK_CIPHERS = ['aes128-cbc', 'aes192-cbc', 'aes256-cbc', '3des-cbc'];
/** What OpenSSL calls them, where it is not the same name. */
const OPENSSL_CIPHERS: Record<string, string> = {
  'aes128-gcm@openssh.com': 'aes-128-gcm',
  'aes256-gcm@openssh.com': 'aes-256-gcm',
  [CHACHA]: 'chacha20',
  '3des-cbc': 'des-ede3-cbc',
};

const MACS = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha1-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
  'hmac-sha1',
];
const WEAK_MACS = ['hmac-md5', 'hmac-sha1-96', 'hmac-md5-96'];

const HOST_KEYS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];
const WEAK_HOST_KEYS = ['ssh-rsa'];

/** Signatures of a client's key, RFC 8308: SHA-1 (`ssh-rsa`) only if asked for. */
export const PUBLIC_KEY_ALGORITHMS = HOST_KEYS;
export const WEAK_PUBLIC_KEY_ALGORITHMS = WEAK_HOST_KEYS;

/**
 * Does the processor have instructions for AES? Every x64 and Apple one has; single-board computers often have not, and
 * there chacha20 is two to three times faster than aes-gcm.
 */
function processorHasAes(): boolean {
  if (process.platform !== 'linux') return true;
  try {
    const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'));
    return flags === null || /\baes\b/.test(flags[1]!);
  } catch {
    return true;
  }
}

/**
 * Measured with ssh2 on x64 with its native part: aes-gcm 317 MB/s, chacha20 201, aes-ctr 104; without it 83, 54 and
 * about 50. So aes-gcm leads, where OpenSSH puts chacha20 first.
 */
export function cipherPreference(aes: boolean): string[] {
  return aes ? [...AES_GCM, CHACHA, ...AES_CTR] : [CHACHA, ...AES_GCM, ...AES_CTR];
}

let ciphers: string[] | undefined;

/** The ciphers that this build of Node has, the fastest on this processor first. */
export function cipherOrder(): string[] {
  const openssl = new Set(getCiphers());
  ciphers ??= cipherPreference(processorHasAes());
  return ciphers.filter((name) => isCipher(name, openssl));
}

function isCipher(name: string, openssl: ReadonlySet<string>): boolean {
  return openssl.has(OPENSSL_CIPHERS[name] ?? name.replace(/^aes(\d+)/, 'aes-$1'));
}

function chosen(
  name: string,
  spec: string | undefined,
  defaults: readonly string[],
  weak: readonly string[],
) {
  const list = assembleAlgorithms(spec, defaults, [...defaults, ...weak]);
  if (list.length > 0) return list;
  throw usageError(
    `${name} ${spec} leaves no algorithm that the built-in ssh has`,
    `It has: ${[...defaults, ...weak].join(', ')}. --rsh-spawn uses the ssh of the system.`,
  );
}

/**
 * What to offer to a server, in the form of ssh2.
 *
 * Types of host keys that are on file come first (ssh_config(5), HostKeyAlgorithms): otherwise a server that is known by
 * its ed25519 key alone could answer with an ecdsa key, and look unknown. A list of the user's own, and one that starts
 * with `^`, is left in its order, as ssh does.
 *
 * @throws RsyncError RSYNC_USAGE (exit 1) if a list leaves nothing usable.
 */
export function offeredAlgorithms(settings: SshSettings, knownTypes: readonly string[]): Algorithms {
  const openssl = new Set(getCiphers());
  const hashes = new Set(getHashes().map((name) => name.toLowerCase()));
  const hasCipher = (name: string): boolean => isCipher(name, openssl);
  const hasMac = (name: string): boolean =>
    hashes.has(
      /md5/.test(name) ? 'md5' : /sha1/.test(name) ? 'sha1' : /512/.test(name) ? 'sha512' : 'sha256',
    );
  return {
    kex: chosen('KexAlgorithms', settings.kexAlgorithms, KEX, WEAK_KEX),
    cipher: chosen('Ciphers', settings.ciphers, cipherOrder(), WEAK_CIPHERS.filter(hasCipher)),
    hmac: chosen('MACs', settings.macs, MACS.filter(hasMac), WEAK_MACS.filter(hasMac)),
    serverHostKey: hostKeyAlgorithms(knownTypes, settings.hostKeyAlgorithms),
    compress: settings.compression === true ? ['zlib@openssh.com', 'zlib', 'none'] : ['none'],
  } as Algorithms;
}

export function hostKeyAlgorithms(knownTypes: readonly string[], spec: string | undefined): string[] {
  const list = chosen('HostKeyAlgorithms', spec, HOST_KEYS, WEAK_HOST_KEYS);
  if (spec !== undefined && !/^[+-]/.test(spec)) return list;
  const known = list.filter((name) => knownTypes.includes(name.startsWith('rsa-') ? 'ssh-rsa' : name));
  return [...known, ...list.filter((name) => !known.includes(name))];
}
