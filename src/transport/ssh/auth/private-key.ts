import { createPrivateKey, type KeyObject } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';
import { keyTypeOf } from '../host/public-key.ts';
import { repairKeyText } from './key-text.ts';
import { isUsableKeyType } from './key-types.ts';
import { OPENSSH_HEADER, readOpenSshEnvelope, writeOpenSshEd25519 } from './openssh-key.ts';

/**
 * Key files: OpenSSH's own format, PEM (PKCS#1, SEC1), PKCS#8 and PuTTY's version 2, plain or encrypted; public keys in
 * OpenSSH's and RFC 4716's format.
 */
export type KeyFile =
  | { kind: 'private'; key: ParsedKey }
  | { kind: 'public'; key: ParsedKey }
  /** `publicKey` is undefined if the format hides it. */
  | { kind: 'encrypted'; publicKey: ParsedKey | undefined }
  /** A sound key of a type that the built-in ssh does not have. */
  | { kind: 'unusable'; type: string }
  /** `reason` holds nothing of the content. */
  | { kind: 'bad'; reason: string };

/** Never throws. The content may be damaged in the ways that `repairKeyText` mends. */
export function readKeyFile(content: Uint8Array | string, passphrase?: string): KeyFile {
  const text = repairKeyText(content);
  const early = text.startsWith('-----BEGIN') ? readEnvelope(text) : readLines(text);
  if (early !== undefined && (early.kind !== 'encrypted' || passphrase === undefined)) return early;
  let key: ParsedKey | Error | undefined;
  try {
    const parsed: ParsedKey | ParsedKey[] | Error = /^-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----/.test(text)
      ? readPkcs8(text, passphrase)
      : ssh2.utils.parseKey(text, passphrase);
    key = Array.isArray(parsed) ? parsed[0] : parsed;
  } catch (error) {
    if (error instanceof UnusableType) return { kind: 'unusable', type: error.type };
    key = error as Error;
  }
  if (key === undefined || key instanceof Error) {
    return { kind: 'bad', reason: explain(key?.message ?? '', passphrase, text) };
  }
  if (!isUsableKeyType(key.type)) return { kind: 'unusable', type: key.type };
  return { kind: key.isPrivateKey() ? 'private' : 'public', key };
}

/** The library's messages may quote what it took for a name: they are not passed on. */
function explain(message: string, passphrase: string | undefined, text: string): string {
  if (/^Unsupported (?:cipher|kdf)/i.test(message) || /unsupported.*cipher/i.test(message)) {
    return 'encrypted with a cipher that the built-in ssh does not have';
  }
  if (passphrase !== undefined) return 'wrong passphrase, or a damaged key';
  return /PRIVATE KEY-----/.test(text) ? 'a damaged private key' : 'not a key file';
}

function readEnvelope(text: string): KeyFile | undefined {
  if (!/-----END [A-Z0-9 ]+-----$/.test(text)) {
    return /PRIVATE KEY-----/.test(text)
      ? { kind: 'bad', reason: 'a damaged private key: its last line (-----END ...) is missing' }
      : { kind: 'bad', reason: 'not a key file' };
  }
  if (text.startsWith(OPENSSH_HEADER)) {
    const envelope = readOpenSshEnvelope(text);
    if (envelope === undefined) return { kind: 'bad', reason: 'a damaged private key' };
    const read = readPublicKey(envelope.publicKey);
    if (read.kind !== 'public')
      return read.kind === 'bad' ? { kind: 'bad', reason: 'a damaged private key' } : read;
    return envelope.encrypted ? { kind: 'encrypted', publicKey: read.key } : undefined;
  }
  if (/^-----BEGIN DSA PRIVATE KEY-----/.test(text)) return { kind: 'unusable', type: 'ssh-dss' };
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----/.test(text) || /^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    return { kind: 'encrypted', publicKey: undefined };
  }
  return undefined;
}

/** Formats without PEM's envelope: a line of OpenSSH, RFC 4716, PuTTY's. */
function readLines(text: string): KeyFile | undefined {
  const putty = /^PuTTY-User-Key-File-(\d+): (\S+)/.exec(text);
  if (putty !== null) return readPutty(text, putty[1]!, putty[2]!);
  const rfc4716 = /^---- BEGIN SSH2 PUBLIC KEY ----\n([\s\S]*)\n---- END SSH2 PUBLIC KEY ----$/.exec(text);
  if (rfc4716 !== null) return readPublicKey(rfc4716Body(rfc4716[1]!));
  const [type, base64] = text.split(/[ \t]/, 2);
  if (base64 === undefined || !/^[A-Za-z0-9+/]+=*$/.test(base64)) return undefined;
  const blob = Buffer.from(base64, 'base64');
  return keyTypeOf(blob) === type ? readPublicKey(blob) : undefined;
}

/** Headers come first, `Name: value`, and go on after a line that ends with a backslash. */
function rfc4716Body(text: string): Buffer {
  const lines = text.split('\n');
  while (lines[0]?.includes(':')) while (lines.shift()?.endsWith('\\'));
  return Buffer.from(lines.join(''), 'base64');
}

function readPutty(text: string, version: string, type: string): KeyFile | undefined {
  if (version !== '2' || !/^ssh-(?:rsa|dss)$/.test(type)) {
    return {
      kind: 'bad',
      reason: `a key in PuTTY's format, version ${version.slice(0, 8)}, which the built-in ssh can not read: export it from PuTTYgen as an OpenSSH key`,
    };
  }
  if (type === 'ssh-dss') return { kind: 'unusable', type };
  if (/^Encryption: none$/m.test(text)) return undefined;
  const lines = /^Public-Lines: \d+\n([\s\S]+?)\nPrivate-Lines:/m.exec(text)?.[1] ?? '';
  const read = readPublicKey(Buffer.from(lines, 'base64'));
  return { kind: 'encrypted', publicKey: read.kind === 'public' ? read.key : undefined };
}

/** A public key as on the wire. */
export function readPublicKey(blob: Buffer): Extract<KeyFile, { kind: 'public' | 'unusable' | 'bad' }> {
  const type = keyTypeOf(blob);
  const bad = { kind: 'bad', reason: 'a damaged public key' } as const;
  if (type === '') return bad;
  if (!isUsableKeyType(type)) {
    return /^[\x21-\x7e]+$/.test(type) ? { kind: 'unusable', type } : bad;
  }
  try {
    const key = ssh2.utils.parseKey(blob);
    if (key instanceof Error || Array.isArray(key) || !key.getPublicSSH().equals(blob)) return bad;
    return { kind: 'public', key };
  } catch {
    return bad;
  }
}

class UnusableType extends Error {
  readonly type: string;

  constructor(type: string) {
    super(type);
    this.type = type;
  }
}

/** ssh2 does not read PKCS#8; the platform does, and hands the key on in a form that ssh2 reads. */
function readPkcs8(text: string, passphrase: string | undefined): ParsedKey | Error {
  let key: KeyObject;
  try {
    key = createPrivateKey(
      passphrase === undefined ? { key: text, format: 'pem' } : { key: text, format: 'pem', passphrase },
    );
  } catch {
    return new Error('malformed');
  }
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return ssh2.utils.parseKey(key.export({ format: 'pem', type: 'pkcs1' }).toString().trim());
    case 'ec':
      return ssh2.utils.parseKey(key.export({ format: 'pem', type: 'sec1' }).toString().trim());
    case 'ed25519':
      return ssh2.utils.parseKey(writeOpenSshEd25519(key));
    default:
      throw new UnusableType(key.asymmetricKeyType === 'dsa' ? 'ssh-dss' : String(key.asymmetricKeyType));
  }
}
