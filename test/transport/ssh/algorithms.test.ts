import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  cipherPreference,
  hostKeyAlgorithms,
  offeredAlgorithms,
} from '../../../src/transport/ssh/algorithms.ts';
import { type Sshd, sshdMissing, startSshd } from '../../support/sshd.ts';
import { open, temporaryFolder, text } from '../support.ts';

const NONE = { identityFiles: [] };

describe('what is offered', () => {
  it('begins with the cipher that this processor is fast at', () => {
    expect(cipherPreference(true)[0]).toBe('aes128-gcm@openssh.com');
    expect(cipherPreference(false)[0]).toBe('chacha20-poly1305@openssh.com');
    expect([...cipherPreference(true)].sort()).toEqual([...cipherPreference(false)].sort());
  });

  it('has nothing weak in it unless that is asked for by name', () => {
    const weak = /sha1$|cbc|md5|^ssh-rsa$|arcfour|group1-/;
    const { kex, cipher, serverHostKey } = offeredAlgorithms(NONE, []);
    expect([kex, cipher, serverHostKey].flat().filter((name) => weak.test(String(name)))).toEqual([]);
    const { hmac } = offeredAlgorithms(NONE, []);
    // hmac-sha1 is not broken by collisions of SHA-1; OpenSSH offers it, too.
    expect((hmac as string[]).filter((name) => /md5|96/.test(name))).toEqual([]);
    const asked = offeredAlgorithms({ ...NONE, kexAlgorithms: '+diffie-hellman-group1-sha1' }, []);
    expect((asked.kex as string[]).at(-1)).toBe('diffie-hellman-group1-sha1');
  });

  it('says what is left to choose from if a list leaves nothing', () => {
    expect(() => offeredAlgorithms({ ...NONE, ciphers: 'none-such' }, [])).toThrow(
      /Ciphers none-such leaves no/,
    );
  });

  it('prefers the types of host keys that are on file, unless the user gave an order', () => {
    expect(hostKeyAlgorithms(['ssh-rsa'], undefined).slice(0, 2)).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
    expect(hostKeyAlgorithms(['ssh-rsa'], '-ecdsa-*')[0]).toBe('rsa-sha2-512');
    expect(hostKeyAlgorithms(['ssh-rsa'], 'ssh-ed25519,rsa-sha2-512')[0]).toBe('ssh-ed25519');
    expect(hostKeyAlgorithms(['ssh-rsa'], '^ecdsa-sha2-nistp256')[0]).toBe('ecdsa-sha2-nistp256');
  });
});

describe.skipIf(sshdMissing())('every algorithm that is offered, and that sshd has', () => {
  const home = join(temporaryFolder(), 'home');
  mkdirSync(join(home, '.ssh'), { recursive: true });
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd({
      hostKeyTypes: ['ed25519', 'rsa', 'ecdsa'],
      config: [
        'Ciphers +aes128-cbc,3des-cbc',
        'KexAlgorithms +diffie-hellman-group14-sha1',
        'MACs +hmac-md5',
      ],
    });
  });
  afterAll(() => sshd.stop());

  const had = (what: string): string[] => execFileSync('ssh', ['-Q', what], { encoding: 'utf8' }).split('\n');
  const offered = offeredAlgorithms(NONE, []);
  const both = (what: string, names: unknown): string[] =>
    (names as string[]).filter((name) => had(what).includes(name));
  const cases = [
    ...[...both('kex', offered.kex), 'diffie-hellman-group14-sha1'].map((name) => ['KexAlgorithms', name]),
    ...[...both('cipher', offered.cipher), 'aes128-cbc', '3des-cbc'].map((name) => ['Ciphers', name]),
    ...[...both('mac', offered.hmac), 'hmac-md5'].map((name) => ['MACs', name]),
    ...['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256'].map((name) => [
      'HostKeyAlgorithms',
      name,
    ]),
  ] as [string, string][];

  it.each(cases)('%s %s', async (setting, name) => {
    const trace: string[] = [];
    // With aes-gcm and chacha20 there is no MAC.
    const cipher = setting === 'MACs' ? ' -o Ciphers=aes128-ctr' : '';
    const channel = await open(sshd, home, 'head -c 300000 /dev/zero | tr "\\0" y; cat', {
      args: `-v -o ${setting}=${name}${cipher}`,
      trace: (line) => trace.push(line),
    });
    channel.output.end(Buffer.alloc(200_000, 'z'));
    expect(await text(channel.input)).toBe('y'.repeat(300_000) + 'z'.repeat(200_000));
    channel.destroy();
    expect(
      trace.find((line) => /^ssh2: Handshake: .*: /.test(line) && line.includes(`: ${name}`)),
    ).toBeDefined();
  });
});
