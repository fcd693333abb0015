import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { defaultHostKeyPath, ensureHostKey, readHostKey } from '../../../src/server/ssh/host-key.ts';
import { isWindows, tempDir } from '../../files/temp-dir.ts';
import { ssh2Key } from '../../transport/support.ts';

describe('a host key that nobody named', () => {
  it('is made once, for its owner alone', () => {
    const path = join(tempDir(), 'a/b/key');
    const made = ensureHostKey(path);
    expect(made).toMatchObject({ typeName: 'ED25519', path, isNew: true });
    if (!isWindows) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    }
    expect(readdirSync(dirname(path))).toEqual(['key']);
    expect(ensureHostKey(path)).toEqual({ ...made, isNew: false });
  });

  it.skipIf(isWindows)('is one that OpenSSH reads', () => {
    const path = join(tempDir(), 'key');
    const { publicKey, fingerprint } = ensureHostKey(path);
    expect(execFileSync('ssh-keygen', ['-y', '-f', path], { encoding: 'utf8' }).trim()).toBe(publicKey);
    expect(execFileSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' })).toContain(fingerprint);
  });

  it('is never malformed, and signs', () => {
    const dir = tempDir();
    for (let i = 0; i < 300; i++) {
      const { privateKey, publicKey } = ensureHostKey(join(dir, String(i)));
      const key = ssh2.utils.parseKey(privateKey);
      if (key instanceof Error || Array.isArray(key)) throw new Error(`key ${i} is malformed`);
      expect(`ssh-ed25519 ${key.getPublicSSH().toString('base64')}`).toBe(publicKey);
      const signature = key.sign('text');
      expect(key.verify('text', signature)).toBe(true);
    }
  });

  it('is with the state of the account', () => {
    const name = join('rsyncjs', 'ssh_host_ed25519_key');
    expect(defaultHostKeyPath({ XDG_STATE_HOME: '/s' }, 'linux')).toBe(join('/s', name));
    expect(defaultHostKeyPath({ HOME: '/h' }, 'linux')).toBe(join('/h/.local/state', name));
    expect(defaultHostKeyPath({ HOME: '/h' }, 'darwin')).toBe(join('/h/Library/Application Support', name));
    expect(defaultHostKeyPath({ LOCALAPPDATA: 'C:\\L' }, 'win32')).toBe(join('C:\\L', name));
  });
});

describe('a host key is refused', () => {
  const refused = (content: string, mode = 0o600) => {
    const path = join(tempDir(), 'key');
    writeFileSync(path, content, { mode });
    chmodSync(path, mode);
    return () => readHostKey(path);
  };

  it('if it is missing, with how to make one', () => {
    expect(() => readHostKey(join(tempDir(), 'key'))).toThrowError(
      expect.objectContaining({
        code: 'RSYNC_HOST_KEY',
        hint: expect.stringContaining('ssh-keygen -t ed25519'),
      }),
    );
  });

  it('if it has a passphrase, is public, damaged, or no key', () => {
    const { private: key, public: half } = ssh2Key();
    const locked = ssh2Key({ passphrase: 'x', cipher: 'aes256-cbc', rounds: 1 }).private;
    expect(refused(locked)).toThrowError(/it has a passphrase/);
    expect(refused(half)).toThrowError(/it is the public half/);
    expect(refused(key.slice(0, 200))).toThrowError(/damaged/);
    expect(refused('hello')).toThrowError(/not a key file/);
  });

  it.skipIf(isWindows)('if others may read it', () => {
    expect(refused(ssh2Key().private, 0o640)).toThrowError(/others may read it/);
  });
});

it('a place that can not be written to is named', () => {
  const dir = tempDir();
  writeFileSync(join(dir, 'file'), '');
  mkdirSync(join(dir, 'taken'));
  expect(() => ensureHostKey(join(dir, 'file/key'))).toThrowError(/ENOTDIR|Not a directory|can not be made/);
  expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('');
});
