import { createPrivateKey, type KeyObject } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';

/**
 * Private key files: OpenSSH's own format, PEM (PKCS#1, SEC1), PKCS#8 and PuTTY's; plain or encrypted. A file pasted
 * with CRLF line ends, a byte order mark or no final newline is read all the same.
 */
export type KeyFile =
  | { kind: 'private'; key: ParsedKey }
  | { kind: 'public'; key: ParsedKey }
  /** `publicKey` is undefined if the format hides it. */
  | { kind: 'encrypted'; publicKey: ParsedKey | undefined }
  | { kind: 'bad'; reason: string };

const OPENSSH_HEADER = '-----BEGIN OPENSSH PRIVATE KEY-----';
const OPENSSH_MAGIC = 'openssh-key-v1\0';

export function readKeyFile(content: Buffer | string, passphrase?: string): KeyFile {
  const text = normalise(typeof content === 'string' ? content : content.toString('utf8'));
  if (passphrase === undefined) {
    const encrypted = encryptedKey(text);
    if (encrypted !== undefined) return encrypted;
  }
  const pkcs8 = /^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text);
  const parsed = pkcs8 ? readPkcs8(text, passphrase) : ssh2.utils.parseKey(text, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error) {
    return {
      kind: 'bad',
      reason: key === undefined ? 'no key in it' : explain(key.message, passphrase, text),
    };
  }
  return { kind: key.isPrivateKey() ? 'private' : 'public', key };
}

function normalise(text: string): string {
  const lines = text
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .trim()
    .split('\n');
  return lines.map((line) => line.trim()).join('\n');
}

function explain(message: string, passphrase: string | undefined, text: string): string {
  if (passphrase !== undefined) return 'wrong passphrase, or a damaged key';
  if (!text.startsWith('-----BEGIN')) return 'not a key file';
  // The library's messages describe the form of the file; none of them holds a part of its content.
  return message;
}

function encryptedKey(text: string): KeyFile | undefined {
  if (text.startsWith(OPENSSH_HEADER)) {
    const blob = Buffer.from(text.slice(OPENSSH_HEADER.length).replace(/-----END[\s\S]*$/, ''), 'base64');
    return openSshPublicPart(blob);
  }
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----/.test(text) || /^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    return { kind: 'encrypted', publicKey: undefined };
  }
  if (/^PuTTY-User-Key-File-/.test(text) && !/^Encryption: none$/m.test(text)) {
    return { kind: 'encrypted', publicKey: undefined };
  }
  return undefined;
}

/**
 *     "openssh-key-v1" NUL, string cipher, string kdf, string kdfoptions, uint32 count, string publickey, ...
 *
 * The public half is in the clear even if the private one is not.
 */
function openSshPublicPart(blob: Buffer): KeyFile | undefined {
  if (blob.toString('latin1', 0, OPENSSH_MAGIC.length) !== OPENSSH_MAGIC) return undefined;
  let at = OPENSSH_MAGIC.length;
  const string = (): Buffer => {
    const length = at + 4 <= blob.length ? blob.readUInt32BE(at) : blob.length;
    const value = blob.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
  if (string().toString('latin1') === 'none') return undefined;
  string();
  string();
  at += 4;
  const key = ssh2.utils.parseKey(Buffer.from(string()));
  return { kind: 'encrypted', publicKey: key instanceof Error || Array.isArray(key) ? undefined : key };
}

/** ssh2 does not read PKCS#8; the platform does, and hands the key on in a form that ssh2 reads. */
function readPkcs8(text: string, passphrase: string | undefined): ParsedKey | Error {
  let key: KeyObject;
  try {
    key = createPrivateKey(
      passphrase === undefined ? { key: text, format: 'pem' } : { key: text, format: 'pem', passphrase },
    );
  } catch {
    return new Error('malformed PKCS#8 private key');
  }
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return ssh2.utils.parseKey(key.export({ format: 'pem', type: 'pkcs1' }).toString().trim());
    case 'ec':
      return ssh2.utils.parseKey(key.export({ format: 'pem', type: 'sec1' }).toString().trim());
    case 'ed25519':
      return ssh2.utils.parseKey(openSshEd25519(key));
    default:
      return new Error(`unsupported key type ${key.asymmetricKeyType}`);
  }
}

function openSshEd25519(key: KeyObject): string {
  const { d, x } = key.export({ format: 'jwk' });
  const seed = Buffer.from(d!, 'base64url');
  const point = Buffer.from(x!, 'base64url');
  const string = (value: Buffer | string): Buffer => {
    const bytes = Buffer.from(value as string);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const type = string('ssh-ed25519');
  const secret = Buffer.concat([
    Buffer.alloc(8),
    type,
    string(point),
    string(Buffer.concat([seed, point])),
    string(''),
  ]);
  // Padded to the cipher's block, 8 for "none", with 1, 2, 3, ...
  const padding = Buffer.from(Array.from({ length: -secret.length & 7 }, (_, i) => i + 1));
  const blob = Buffer.concat([
    Buffer.from(OPENSSH_MAGIC, 'latin1'),
    string('none'),
    string('none'),
    string(''),
    Buffer.from([0, 0, 0, 1]),
    string(Buffer.concat([type, string(point)])),
    string(Buffer.concat([secret, padding])),
  ]);
  const base64 = blob.toString('base64').replace(/.{70}/g, '$&\n');
  return `${OPENSSH_HEADER}\n${base64}\n-----END OPENSSH PRIVATE KEY-----`;
}
