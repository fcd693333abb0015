import { describe, expect, it } from 'vitest';
import { resolveSshConfig } from '../../../src/transport/ssh/config/resolve.ts';
import { type SshOptions, translateSshOptions } from '../../../src/transport/ssh/options.ts';

async function settingsOf(options: SshOptions) {
  const { given } = translateSshOptions(options);
  const { settings } = await resolveSshConfig({
    host: 'far',
    given,
    configFile: 'none',
    home: '/home/ann',
    localUser: 'ann',
  });
  return settings;
}

describe('settings of the library', () => {
  it('become what ssh_config would say', async () => {
    expect(
      await settingsOf({
        user: 'deploy user',
        port: 2222,
        identityFile: ['/keys/a b', '~/"quoted" \\ key#1'],
        identitiesOnly: true,
        agent: false,
        proxyJump: ['ops@gate:22', 'inner'],
        knownHostsFile: ['/etc/known', '/my files/known'],
        strictHostKeyChecking: 'accept-new',
        hostKeyAlias: 'vault',
        connectTimeout: 7,
        serverAliveInterval: 0,
        serverAliveCountMax: 2,
        compression: true,
        addressFamily: 6,
        bindAddress: '::1',
        ciphers: ['aes256-ctr', 'aes128-ctr'],
        kexAlgorithms: '+diffie-hellman-group14-sha1',
        preferredAuthentications: ['password', 'publickey'],
        batchMode: true,
        env: { TOKEN: 'two words', EMPTY: '' },
        hostName: 'far.example.com',
        globalKnownHostsFile: 'none',
        sendEnv: ['LC_*', 'LANG'],
        passwordAuthentication: false,
        numberOfPasswordPrompts: 1,
        requiredRsaSize: 3072,
        options: { HashKnownHosts: 'yes', IdentityFile: '"third key"' },
      }),
    ).toMatchObject({
      user: 'deploy user',
      port: 2222,
      identityFiles: ['/keys/a b', '~/"quoted" \\ key#1', 'third key'],
      hostName: 'far.example.com',
      globalKnownHostsFiles: [],
      sendEnv: ['LC_*', 'LANG'],
      passwordAuthentication: false,
      numberOfPasswordPrompts: 1,
      requiredRsaSize: 3072,
      hashKnownHosts: true,
      identitiesOnly: true,
      identityAgent: 'none',
      proxy: { jump: ['ops@gate:22', 'inner'] },
      userKnownHostsFiles: ['/etc/known', '/my files/known'],
      strictHostKeyChecking: 'accept-new',
      hostKeyAlias: 'vault',
      connectTimeout: 7,
      serverAliveInterval: 0,
      serverAliveCountMax: 2,
      compression: true,
      addressFamily: 'inet6',
      bindAddress: '::1',
      ciphers: 'aes256-ctr,aes128-ctr',
      kexAlgorithms: '+diffie-hellman-group14-sha1',
      preferredAuthentications: ['password', 'publickey'],
      batchMode: true,
      setEnv: ['TOKEN=two words', 'EMPTY='],
    });
  });

  it('may be one string, a command, or nothing', async () => {
    expect(await settingsOf({ proxyJump: 'gate', identityFile: 'key' })).toMatchObject({
      proxy: { jump: ['gate'] },
      identityFiles: ['key'],
    });
    expect(await settingsOf({ proxyCommand: 'nc "%h" %p' })).toMatchObject({
      proxy: { command: 'nc "%h" %p' },
    });
    expect(translateSshOptions({})).toEqual({
      given: [],
      configFile: undefined,
      secrets: { passphrase: undefined, password: undefined },
    });
    expect(translateSshOptions({ configFile: false }).configFile).toBe('none');
  });

  it('keep secrets apart from settings', () => {
    const { given, secrets } = translateSshOptions({
      privateKey: ['one', new Uint8Array([1])],
      passphrase: 'p',
      password: 'w',
    });
    expect(given).toEqual([]);
    expect(secrets).toEqual({
      keys: [
        { content: 'one', name: 'ssh.privateKey' },
        { content: new Uint8Array([1]), name: 'ssh.privateKey[1]' },
      ],
      passphrase: 'p',
      password: 'w',
    });
  });

  it.each<[SshOptions, RegExp]>([
    [{ port: 70_000 }, /Port/],
    [{ options: { NoSuchThing: 'x' } }, /NoSuchThing/],
    [{ strictHostKeyChecking: 'maybe' as never }, /StrictHostKeyChecking/],
    [{ proxyJump: '@gate' }, /jump host/],
  ])('that make no sense are refused: %j', async (options, what) => {
    await expect(settingsOf(options)).rejects.toThrow(what);
  });
});
