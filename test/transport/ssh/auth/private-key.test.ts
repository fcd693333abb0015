import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repairKeyText } from '../../../../src/transport/ssh/auth/key-text.ts';
import { OPENSSH_HEADER } from '../../../../src/transport/ssh/auth/openssh-key.ts';
import { readKeyFile } from '../../../../src/transport/ssh/auth/private-key.ts';
import { wireString, wireUint32 } from '../../../../src/transport/ssh/auth/wire.ts';
import { makeKey, sshdMissing } from '../../../support/sshd.ts';
import { temporaryFolder } from '../../support.ts';

const dir = temporaryFolder();
const PASSPHRASE = 'open sesame';

/** The public half that was read, or what was found instead. */
function readBlob(content: string | Uint8Array, passphrase?: string): string {
  const read = readKeyFile(content, passphrase);
  if (read.kind === 'private' || read.kind === 'public') return read.key.getPublicSSH().toString('base64');
  return read.kind === 'bad' ? read.reason : read.kind;
}

// ssh-keygen comes with the package of the server, or before it.
describe.skipIf(sshdMissing())('key files', () => {
  const forms = (['ed25519', 'rsa', 'ecdsa'] as const).flatMap((type) =>
    ([undefined, 'PEM', 'PKCS8'] as const)
      // ssh-keygen writes ed25519 in its own format, whatever it is asked for.
      .filter((format) => type !== 'ed25519' || format === undefined)
      .map((format) => ({ type, format, name: `${type}-${format ?? 'openssh'}` })),
  );
  const made = forms.map(({ type, format, name }) => {
    const options = format === undefined ? {} : { format };
    const plain = makeKey(join(dir, name), type, options);
    const locked = makeKey(join(dir, `${name}-locked`), type, { ...options, passphrase: PASSPHRASE });
    return {
      name,
      format,
      text: readFileSync(plain.path, 'utf8'),
      blob: plain.publicKey.split(' ')[1]!,
      lockedText: readFileSync(locked.path, 'utf8'),
      lockedBlob: locked.publicKey.split(' ')[1]!,
    };
  });

  it.each(made)(
    'are read with a passphrase, too, whatever hands they went through: $name',
    ({ lockedText, lockedBlob }) => {
      expect(readBlob(lockedText.replaceAll('\n', '\r\n').trimEnd(), PASSPHRASE)).toBe(lockedBlob);
      expect(readBlob(`"${lockedText.replaceAll('\n', '\\n')}"`, PASSPHRASE)).toBe(lockedBlob);
    },
  );

  it.each(made)('are read: $name', ({ text, blob, lockedText, lockedBlob, format }) => {
    expect(readBlob(text)).toBe(blob);
    const locked = readKeyFile(lockedText);
    if (locked.kind !== 'encrypted') throw new Error(locked.kind);
    // The formats of PEM hide the public half.
    expect(locked.publicKey?.getPublicSSH().toString('base64')).toBe(
      format === undefined ? lockedBlob : undefined,
    );
    expect(readBlob(lockedText, PASSPHRASE)).toBe(lockedBlob);
    expect(readBlob(lockedText, 'wrong')).toBe('wrong passphrase, or a damaged key');
  });

  describe.each(made)('that went through other hands: $name', ({ text, blob, lockedText }) => {
    it.each<[string, (text: string) => string | Uint8Array]>([
      ['CRLF', (key) => key.replaceAll('\n', '\r\n')],
      ['CR alone', (key) => key.replaceAll('\n', '\r')],
      ['no final newline', (key) => key.trimEnd()],
      ['a byte order mark', (key) => `\uFEFF${key}`],
      ['a byte order mark in bytes', (key) => Buffer.from(`\uFEFF${key}`)],
      ['UTF-16, as PowerShell redirects', (key) => Buffer.from(`\uFEFF${key}`, 'utf16le')],
      ['newlines spelled out', (key) => key.replaceAll('\n', '\\n')],
      ['CRLF spelled out', (key) => key.replaceAll('\n', '\\r\\n')],
      ['double quotes around it', (key) => `"${key}"`],
      ['quotes and newlines spelled out', (key) => `'${key.replaceAll('\n', '\\n')}'\n`],
      ['indentation', (key) => key.replaceAll('\n', '\n    ')],
      ['blank lines around it', (key) => `\n\n${key}\n\n`],
    ])('with %s', (_, spoil) => {
      expect(readBlob(spoil(text))).toBe(blob);
    });

    it('with blanks in place of newlines, where there are no headers', () => {
      expect(readBlob(text.replaceAll('\n', ' '))).toBe(blob);
      expect(readBlob(text.replaceAll('\n', ''))).toBe(blob);
    });

    it('and lost something: told as damaged, without a word of it', () => {
      const lines = text.trimEnd().split('\n');
      for (const broken of [
        lines.slice(0, -1).join('\n'),
        [...lines.slice(0, 2), ...lines.slice(3)].join('\n'),
        [lines[0], lines.at(-1)].join('\n'),
        text.slice(0, text.length / 2),
      ]) {
        const read = readKeyFile(broken);
        expect(read.kind, broken).toBe('bad');
        if (read.kind === 'bad') expect(read.reason).toMatch(/^a damaged private key/);
      }
    });

    it('never makes the reader throw, whatever is cut off', () => {
      for (let length = 0; length < text.trimEnd().length; length++) {
        expect(readKeyFile(text.slice(0, length)).kind).toBe('bad');
        expect(readKeyFile(lockedText.slice(0, length), PASSPHRASE).kind).toBe('bad');
      }
    });
  });

  it('are read in PKCS#8 with ed25519, which ssh-keygen does not write', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const point = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
    const blob = Buffer.concat([wireString('ssh-ed25519'), wireString(point)]).toString('base64');
    expect(readBlob(privateKey.export({ format: 'pem', type: 'pkcs8' }))).toBe(blob);
    const locked = { cipher: 'aes-256-cbc', passphrase: PASSPHRASE } as const;
    expect(readBlob(privateKey.export({ format: 'pem', type: 'pkcs8', ...locked }), PASSPHRASE)).toBe(blob);
  });

  it('may hold a public half: OpenSSH and RFC 4716', () => {
    const { path, publicKey } = makeKey(join(dir, 'public'), 'ecdsa');
    const rfc4716 = execFileSync('ssh-keygen', ['-e', '-f', `${path}.pub`], { encoding: 'utf8' });
    for (const text of [publicKey, `${publicKey}\r\n`, rfc4716]) {
      const read = readKeyFile(text);
      expect(read.kind).toBe('public');
      expect(readBlob(text)).toBe(publicKey.split(' ')[1]);
    }
  });

  it('of types that can not be used are named', () => {
    const sk = 'sk-ssh-ed25519@openssh.com';
    const blob = Buffer.concat([wireString(sk), wireString(Buffer.alloc(32)), wireString('ssh:')]);
    const body = Buffer.concat([
      Buffer.from('openssh-key-v1\0'),
      ...['none', 'none', ''].map((part) => wireString(part)),
      wireUint32(1),
      wireString(blob),
      wireString(Buffer.alloc(64)),
    ]);
    const token = `${OPENSSH_HEADER}\n${body.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
    expect(readKeyFile(token)).toEqual({ kind: 'unusable', type: sk });
    expect(readKeyFile(`${sk} ${blob.toString('base64')} ann@host`)).toEqual({ kind: 'unusable', type: sk });

    const { path } = makeKey(join(dir, 'certified'));
    const authority = makeKey(join(dir, 'authority'));
    execFileSync('ssh-keygen', ['-q', '-s', authority.path, '-I', 'id', '-n', 'ann', `${path}.pub`]);
    expect(readKeyFile(readFileSync(`${path}-cert.pub`))).toEqual({
      kind: 'unusable',
      type: 'ssh-ed25519-cert-v01@openssh.com',
    });

    const dsa = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
    const pem = dsa.privateKey.export({ format: 'pem', type: 'pkcs8' });
    expect(readKeyFile(pem)).toEqual({ kind: 'unusable', type: 'ssh-dss' });
    const ed448 = generateKeyPairSync('ed448').privateKey.export({ format: 'pem', type: 'pkcs8' });
    expect(readKeyFile(ed448)).toEqual({ kind: 'unusable', type: 'ed448' });
  });

  it('of PuTTY in a version that can not be read get a way out', () => {
    const text = 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\nPublic-Lines: 2\n';
    expect(readBlob(text)).toContain('PuTTYgen');
  });

  it.each([
    ['nothing', ''],
    ['words', 'not a key'],
    ['a certificate of TLS', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    ['a file name', '/home/ann/.ssh/id_ed25519'],
    ['bytes', String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))],
  ])('are told from what is none: %s', (_, text) => {
    expect(readBlob(text)).toBe('not a key file');
  });
});

describe('repairKeyText', () => {
  it('leaves what it does not know', () => {
    expect(repairKeyText('"quoted')).toBe('"quoted');
    expect(repairKeyText('C:\\new\\rsa')).toBe('C:\\new\\rsa');
    expect(repairKeyText('"')).toBe('"');
  });
});
