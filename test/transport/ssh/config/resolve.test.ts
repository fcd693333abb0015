import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveSshConfig, type SshConfigQuery } from '../../../../src/transport/ssh/config/resolve.ts';
import { failure, temporaryFolder } from '../../support.ts';

const dir = temporaryFolder();
let count = 0;

/** A home with these files in it; `config` is ~/.ssh/config. */
function home(files: Record<string, string>): string {
  const path = join(dir, `home${count++}`);
  mkdirSync(join(path, '.ssh', 'conf.d'), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, '.ssh', name), content);
  return path;
}

function resolve(files: Record<string, string>, host: string, more: Partial<SshConfigQuery> = {}) {
  const path = home(files);
  return resolveSshConfig({
    host,
    settings: { identityFiles: [] },
    home: path,
    localUser: 'local',
    systemFile: join(path, '.ssh', 'system'),
    ...more,
  });
}

describe('resolveSshConfig', () => {
  it('takes the first value, from the command line, the user, the system', () => {
    const { settings } = resolve(
      {
        config: 'Host web\n  User u1\n  IdentityFile a\nHost *\n  User u2\n  Port=2200\n  IdentityFile b\n',
        system: 'Port 1\nHostName real\nIdentityFile c',
      },
      'web',
      { settings: { identityFiles: ['x'], port: 99 } },
    );
    expect(settings).toEqual({ identityFiles: ['x', 'a', 'b', 'c'], port: 99, user: 'u1', hostName: 'real' });
  });

  it('matches patterns, negated ones too', () => {
    const config = 'Host *.lan !db.lan h?\n  User yes\n';
    expect(resolve({ config }, 'web.lan').settings.user).toBe('yes');
    expect(resolve({ config }, 'h1').settings.user).toBe('yes');
    expect(resolve({ config }, 'db.lan').settings.user).toBeUndefined();
    expect(resolve({ config }, 'lan').settings.user).toBeUndefined();
  });

  it('lists what has no effect', () => {
    const { ignored } = resolve({ config: 'Host *\n  SendEnv LANG\nHost other\n  Ciphers x\n' }, 'web');
    expect(ignored).toEqual([{ file: expect.stringContaining('config'), line: 2, keyword: 'SendEnv' }]);
  });

  it('reads included files in place, wildcards in order, only where they apply', () => {
    const files = {
      config: 'Include conf.d/*.conf\nHost web\n  Include extra missing\nHost *\n  User last\n',
      'conf.d/10.conf': 'Host web\n  Port 10\n',
      'conf.d/20.conf': 'Port 20\n',
      'conf.d/ignored': 'Port 30\n',
      extra: 'Host *\n  User extra\n',
    };
    expect(resolve(files, 'web').settings).toMatchObject({ port: 10, user: 'extra' });
    expect(resolve(files, 'other').settings).toMatchObject({ port: 20, user: 'last' });
  });

  it('stops at a file that includes itself', async () => {
    expect(await failure((async () => resolve({ config: 'Include config\n' }, 'web'))())).toMatchObject({
      code: 'RSYNC_USAGE',
    });
  });

  it('decides Match on host, originalhost, user, localuser, all', () => {
    const config = [
      'Host web',
      '  HostName web.example.com',
      'Match host *.example.com user local',
      '  Port 1',
      'Match originalhost web,db !localuser local',
      '  Port 2',
      'Match localuser=local',
      '  ConnectTimeout 3',
      'Match all',
      '  IdentityFile all',
    ].join('\n');
    expect(resolve({ config }, 'web').settings).toMatchObject({
      port: 1,
      connectTimeout: 3,
      identityFiles: ['all'],
    });
    const other = resolve({ config }, 'web', { settings: { identityFiles: [], user: 'x' } });
    expect(other.settings.port).toBeUndefined();
  });

  it('reads a second time for Match final', () => {
    const config = 'Match final all\n  User final\n  Port 7\nHost *\n  User star\n';
    expect(resolve({ config }, 'web').settings).toMatchObject({ user: 'star', port: 7 });
  });

  it.each([
    ['Host web\n  ProxyJump hop', 'config:2', 'ProxyJump hop'],
    ['ProxyCommand nc %h %p', 'config:1', 'ProxyCommand'],
    ['CanonicalizeHostname yes', 'config:1', 'CanonicalizeHostname'],
    ['Match exec "touch pwned"\n  HostName elsewhere', 'config:2', 'Match exec'],
    ['Match localnetwork 10.0.0.0/8\n  User other', 'config:2', 'Match localnetwork'],
    ['Match exec "true"\n  ProxyJump hop', 'config:2', 'ProxyJump'],
  ])('refuses %j where it applies', async (config, at, name) => {
    const error = await failure((async () => resolve({ config }, 'web'))());
    expect(error).toMatchObject({ code: 'RSYNC_UNSUPPORTED', exitCode: 4 });
    expect(error.path).toContain(at);
    expect(error.message).toContain(name);
  });

  it.each([
    'Host other\n  ProxyJump hop',
    'ProxyJump none\nProxyJump hop\nProxyCommand nc',
    'ProxyCommand none\nProxyJump hop',
    'CanonicalizeHostname no',
    'Match host other exec "false"\n  ProxyJump hop',
    'Match exec "false"\n  SendEnv LANG',
  ])('lets %j pass where it does not matter', (config) => {
    expect(resolve({ config }, 'web').settings.hostName).toBeUndefined();
  });

  it('names the line of a bad value', async () => {
    const error = await failure((async () => resolve({ config: '\nPort 99999' }, 'web'))());
    expect(error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 255 });
    expect(error.message).toContain('config:2');
    expect(await failure((async () => resolve({ config: 'User "x' }, 'web'))())).toMatchObject({
      exitCode: 255,
    });
  });

  it('reads -F FILE alone, and no file for none', async () => {
    const files = { config: 'User no', system: 'Port 5', special: 'ConnectTimeout 9' };
    const path = home(files);
    const query = { host: 'web', settings: { identityFiles: [] }, home: path, localUser: 'l' };
    expect(resolveSshConfig({ ...query, configFile: join(path, '.ssh', 'special') }).settings).toEqual({
      identityFiles: [],
      connectTimeout: 9,
    });
    expect(resolveSshConfig({ ...query, configFile: 'none' }).settings).toEqual({ identityFiles: [] });
    const missing = await failure(
      (async () => resolveSshConfig({ ...query, configFile: join(path, 'x') }))(),
    );
    expect(missing.message).toContain(join(path, 'x'));
  });
});

describe.skipIf(process.platform === 'win32' || spawnSync('ssh', ['-V']).error !== undefined)(
  'as ssh -G resolves it',
  () => {
    // The same file through the real ssh: an oracle that connects to nothing.
    it.each([
      'Host a\n  HostName %h.example.com\n  Port 2222\n  User first\nHost *\n  User second\n  ConnectTimeout 1m\n',
      'Host="a"\n  Port = 7\n  User "x y"\n  StrictHostKeyChecking accept-new\n',
      'Host b !a *\n  Port 9\n  UserKnownHostsFile /x "/y z" # comment\nHost * !b\n  Port 10\n',
      'Host !a *\n  Port 9\nMatch host a\n  User m1\nMatch host b\n  User m2\n',
      'Host a\n  HostName c\nMatch host c\n  Port 12\nMatch originalhost a final\n  User f\n',
      'Match final host c\n  Port 13\nHost a\n HostName c\nHost c\n User u\n',
      'Match !final all\n  Port 14\nMatch final\n Port 15\n User z\n',
      'Match user root,%u\n  Port 16\nMatch !host b,c\n  BatchMode yes\n',
      'ServerAliveInterval 10\nServerAliveCountMax 2\nCompression yes\nHashKnownHosts yes\nStrictHostKeyChecking off\n',
    ])('%j', (config) => {
      const path = home({ config });
      const file = join(path, '.ssh', 'config');
      for (const host of ['a', 'b']) {
        const real = spawnSync('ssh', ['-T', '-G', '-F', file, host], { encoding: 'utf8' });
        expect(real.stderr).toBe('');
        const wanted = new Map(
          real.stdout.split('\n').map((line) => [line.split(' ')[0]!, line.replace(/^\S+ /, '')]),
        );
        const { settings } = resolveSshConfig({
          host,
          settings: { identityFiles: [] },
          configFile: file,
          home: path,
          localUser: userInfo().username,
        });
        expect((settings.hostName ?? host).replace('%h', host)).toBe(wanted.get('hostname'));
        expect(settings.user ?? userInfo().username).toBe(wanted.get('user'));
        expect(String(settings.port ?? 22)).toBe(wanted.get('port'));
        expect(String(settings.connectTimeout ?? 'none')).toBe(wanted.get('connecttimeout'));
        expect(settings.batchMode ? 'yes' : 'no').toBe(wanted.get('batchmode'));
        if (settings.strictHostKeyChecking) {
          const shown = { yes: 'true', no: 'false', ask: 'ask', 'accept-new': 'accept-new' };
          expect(shown[settings.strictHostKeyChecking]).toBe(wanted.get('stricthostkeychecking'));
        }
        if (settings.userKnownHostsFiles) {
          expect(settings.userKnownHostsFiles.join(' ')).toBe(wanted.get('userknownhostsfile'));
        }
        if (settings.serverAliveInterval !== undefined) {
          expect(String(settings.serverAliveInterval)).toBe(wanted.get('serveraliveinterval'));
        }
        expect(settings.compression ? 'yes' : 'no').toBe(wanted.get('compression'));
        expect(settings.hashKnownHosts ? 'yes' : 'no').toBe(wanted.get('hashknownhosts'));
      }
    });
  },
);
