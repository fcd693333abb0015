import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { AuthorizedKeys, parseAuthorizedKeys } from '../../../src/server/ssh/authorized-keys.ts';
import { isWindows, tempDir } from '../../files/temp-dir.ts';
import { ssh2Key } from '../../transport/support.ts';

const ED = ssh2Key().public;
const RSA = ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 }).public;
const SHORT = ssh2.utils.generateKeyPairSync('rsa', { bits: 768 }).public;
const EC = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 521 }).public;

it('takes keys with their comments, and leaves comments and empty lines out', () => {
  const { keys, unusable } = parseAuthorizedKeys(
    `# mine\n\n${ED} ann on laptop\r\n  ${RSA}\n\t${EC}\trobot\nrestrict ${ED} b`,
  );
  expect(unusable).toEqual([]);
  expect(keys.map(({ key, comment, line }) => [key.type, comment, line])).toEqual([
    ['ssh-ed25519', 'ann on laptop', 3],
    ['ssh-rsa', '', 4],
    ['ecdsa-sha2-nistp521', 'robot', 5],
    ['ssh-ed25519', 'b', 6],
  ]);
});

describe('a line is unusable', () => {
  const type = 'ssh-ed25519';
  const blob = ED.split(' ')[1]!;
  it.each([
    [`command="x" ${ED}`, 'command= is not run here'],
    [`cert-authority ${ED}`, 'cert-authority can not be kept'],
    [`environment="A=b" ${ED}`, 'environment can not be kept'],
    [`restrict,pty ${ED}`, 'pty can not be kept'],
    [`port-forwarding ${ED}`, 'port-forwarding can not be kept'],
    [`tunnel="0" ${ED}`, 'tunnel can not be kept'],
    [`verify-required ${ED}`, 'verify-required can not be kept'],
    [`from="*.example.org" ${ED}`, 'from= names something that is no address'],
    [`from="" ${ED}`, 'from= names'],
    [`from="10.0.0.0/33" ${ED}`, 'from= names'],
    [`expiry-time="soon" ${ED}`, 'expiry-time= is not'],
    [`expiry-time="20251301" ${ED}`, 'expiry-time= is not'],
    [`restrict, ${ED}`, 'no line of authorized_keys'],
    [`command="x ${ED}`, 'no line of authorized_keys'],
    [`restrict`, 'no line of authorized_keys'],
    [type, 'it holds no key'],
    [`${type} !!!!`, 'it holds no key'],
    [`ssh-rsa ${blob}`, 'another type than the line says'],
    [`${type} ${blob.slice(0, -12)}`, 'the key is damaged'],
    [
      `sk-ssh-ed25519@openssh.com ${Buffer.concat([Buffer.from([0, 0, 0, 26]), Buffer.from('sk-ssh-ed25519@openssh.com')]).toString('base64')}`,
      'can not be checked here',
    ],
    [SHORT, 'too short'],
  ])('%s', (line, reason) => {
    const set = parseAuthorizedKeys(line);
    expect(set.keys).toEqual([]);
    expect(set.unusable).toEqual([{ line: 1, reason: expect.stringContaining(reason) }]);
  });
});

describe('from=', () => {
  it.each([
    ['127.0.0.1', ['127.0.0.1'], ['127.0.0.2', '::1']],
    ['10.0.0.0/8', ['10.1.2.3'], ['11.0.0.1', '::ffff']],
    ['192.168.*', ['192.168.7.1'], ['192.169.0.1']],
    ['10.0.0.0/8,!10.0.0.7', ['10.0.0.8'], ['10.0.0.7', '1.1.1.1']],
    ['!10.0.0.7', [], ['10.0.0.7', '10.0.0.8']],
    ['2001:db8::/32, ::1', ['2001:db8::5', '::1', '2001:DB8::6'], ['2001:db9::1', '127.0.0.1']],
    ['fe80:*', ['fe80::1'], ['::1']],
  ])('%s', (list, good, bad) => {
    const [key] = parseAuthorizedKeys(`from="${list}" ${ED}`).keys;
    expect(good.map((address) => key!.admits(address))).toEqual(good.map(() => true));
    expect(bad.map((address) => key!.admits(address))).toEqual(bad.map(() => false));
  });
});

it('knows when a key ends', () => {
  const expires = (time: string) => parseAuthorizedKeys(`expiry-time="${time}" ${ED}`).keys[0]!.expires;
  expect(expires('20300102Z')).toBe(Date.UTC(2030, 0, 2));
  expect(expires('203001021530Z')).toBe(Date.UTC(2030, 0, 2, 15, 30));
  expect(expires('20300102153045')).toBe(new Date(2030, 0, 2, 15, 30, 45).getTime());
});

describe('the file', () => {
  it('is read anew when it has changed, and tells of unusable lines', () => {
    const path = join(tempDir(), 'keys');
    writeFileSync(path, `${ED}\n`, { mode: 0o600 });
    const told: number[] = [];
    const keys = new AuthorizedKeys(path, (unusable) => told.push(unusable.length));
    expect(keys.load()).toHaveLength(1);
    expect(keys.load()).toHaveLength(1);
    writeFileSync(`${path}.new`, `${ED}\n${RSA}\nnothing\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    expect(keys.load()).toHaveLength(2);
    expect(told).toEqual([0, 1]);
  });

  it('lets nobody in if it is missing, or if others may write to it', () => {
    const path = join(tempDir(), 'keys');
    const keys = new AuthorizedKeys(path, () => {});
    expect(() => keys.load()).toThrowError(/No such file/);
    writeFileSync(path, `${ED}\n`);
    if (isWindows) return;
    chmodSync(path, 0o620);
    expect(() => keys.load()).toThrowError(
      expect.objectContaining({ code: 'RSYNC_AUTH', exitCode: 255, hint: `chmod go-w ${path}` }),
    );
  });
});
