// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of ssh_config(5).
import { chmodSync, chownSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveSshConfig, type SshConfigQuery } from '../../../../src/transport/ssh/config/resolve.ts';
import { failure } from '../../support.ts';
import { caseFolder } from './support.ts';

const folder = caseFolder();

type Query = Partial<SshConfigQuery>;

/** Resolves with these files in ~/.ssh; `config` is the user's, `system` the system's. */
function resolve(files: Record<string, string>, host = 'web', more: Query = {}) {
  const inSsh = Object.entries(files).map(([name, content]) => [`.ssh/${name}`, content]);
  return resolveIn(folder(Object.fromEntries(inSsh)), host, more);
}

function resolveIn(home: string, host = 'web', more: Query = {}) {
  const systemFile = join(home, '.ssh', 'system');
  const base = { host, given: [], home, localUser: 'local', env: {}, systemFile };
  return resolveSshConfig({ ...base, ...more });
}

const given = (keyword: string, value: string, source = `-o ${keyword}`) => ({ keyword, value, source });

describe('resolveSshConfig', () => {
  it('takes the first value, from the command line, the user, the system', async () => {
    const { settings } = await resolve(
      {
        config: 'Host web\n  User u1\n  IdentityFile a\nHost *\n  User u2\n  Port=2200\n  IdentityFile b\n',
        system: 'Port 1\nHostName real\nIdentityFile c\nIdentityFile a',
      },
      'web',
      { given: [given('IdentityFile', 'x'), given('port', '99')] },
    );
    expect(settings).toEqual({ identityFiles: ['x', 'a', 'b', 'c'], port: 99, user: 'u1', hostName: 'real' });
  });

  it('reports every setting with its source, and why it is not used', async () => {
    const files = {
      config: [
        'host web',
        '  port 2200',
        '  forwardagent yes',
        '  HostName real',
        '  NewThing a "b c"',
        '  CertificateFile ~/c',
        '  IdentityFile k',
        '  IdentityFile k',
        'Host other',
        '  User nobody',
      ].join('\n'),
      system: 'Port 1\n',
    };
    const { report } = await resolve(files, 'web', { given: [given('Port', '99', '-p 99')] });
    const at = (line: number) => expect.stringMatching(new RegExp(`\\.ssh.config:${line}$`));
    expect(report.slice(0, 9)).toEqual([
      { setting: 'Port', value: '99', source: '-p 99', used: true },
      { setting: 'Port', value: '2200', source: at(2), used: false, why: 'an earlier value wins (-p 99)' },
      {
        setting: 'ForwardAgent',
        value: 'yes',
        source: at(3),
        used: false,
        why: expect.stringContaining('agent'),
      },
      { setting: 'HostName', value: 'real', source: at(4), used: true },
      {
        setting: 'NewThing',
        value: 'a "b c"',
        source: at(5),
        used: false,
        why: expect.stringContaining('not'),
      },
      {
        setting: 'CertificateFile',
        value: '~/c',
        source: at(6),
        used: false,
        why: expect.stringContaining('cert'),
      },
      { setting: 'IdentityFile', value: 'k', source: at(7), used: true },
      { setting: 'IdentityFile', value: 'k', source: at(8), used: false, why: 'given before' },
      {
        setting: 'Port',
        value: '1',
        source: expect.stringMatching(/system:1$/),
        used: false,
        why: 'an earlier value wins (-p 99)',
      },
    ]);
    const defaults = report.slice(9);
    expect(defaults.every(({ source, used }) => source === 'default' && used)).toBe(true);
    expect(defaults).toContainEqual(expect.objectContaining({ setting: 'User', value: 'local' }));
    const names = defaults.map(({ setting }) => setting);
    expect(names).toContain('StrictHostKeyChecking');
    expect(names).toContain('UserKnownHostsFile');
    for (const set of ['Port', 'HostName', 'IdentityFile']) expect(names).not.toContain(set);
  });

  it('reports a line once, though it be read twice', async () => {
    const { report } = await resolve({ config: 'Port 7\nMatch final\n  User u\nHost *\n  SendEnv A\n' });
    expect(report.filter(({ source }) => source !== 'default').map(({ setting }) => setting)).toEqual([
      'Port',
      'SendEnv',
      'User',
    ]);
  });

  it('finds included files in ~/.ssh for the user, beside the file for the system', async () => {
    const home = folder({
      '.ssh/config': 'Include conf.d/*.conf ~/more %d/token ${DIR}/env\n',
      '.ssh/conf.d/1.conf': 'Port 10\n',
      more: 'User more\n',
      token: 'ConnectTimeout 3\n',
      'env/env': 'HostKeyAlias env\n',
      'etc/system': 'Include conf.d/*.conf\n',
      'etc/conf.d/2.conf': 'Compression yes\n',
    });
    const more = { systemFile: join(home, 'etc', 'system'), env: { DIR: join(home, 'env') } };
    expect((await resolveIn(home, 'web', more)).settings).toEqual({
      identityFiles: [],
      port: 10,
      user: 'more',
      connectTimeout: 3,
      hostKeyAlias: 'env',
      compression: true,
    });
  });

  it('refuses what ssh does not understand in an Include', async () => {
    for (const files of [
      { system: 'Include ~/x' },
      { config: 'Include %z' },
      { config: 'Include ${NO_SUCH}' },
      { config: 'Include config\n' },
    ]) {
      expect(await failure(resolve(files))).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 255 });
    }
  });

  it('names file and line of what is malformed, also where it does not apply', async () => {
    for (const [config, line] of [
      ['\nPort 99999', 2],
      ['User "x', 1],
      ['Host other\n\n  BatchMode maybe', 3],
      ['Match host other\n  Include bad', 1],
      ['Host other\n  Match', 2],
    ] as const) {
      const error = await failure(resolve({ config, bad: 'Compression maybe' }));
      expect(error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 255, origin: 'local' });
      expect(error.message).toMatch(new RegExp(`\\.ssh.(?:config|bad):${line}: `));
    }
  });

  it('reads -F FILE alone, and no file for none', async () => {
    const home = folder({
      '.ssh/config': 'User no',
      '.ssh/system': 'Port 5',
      '.ssh/special': 'ConnectTimeout 9\nInclude other',
      '.ssh/other': 'Port 6',
    });
    const special = await resolveIn(home, 'web', { configFile: join(home, '.ssh', 'special') });
    expect(special.settings).toEqual({ identityFiles: [], connectTimeout: 9, port: 6 });
    expect((await resolveIn(home, 'web', { configFile: 'none' })).settings).toEqual({ identityFiles: [] });
    const missing = await failure(resolveIn(home, 'web', { configFile: join(home, 'x') }));
    expect(missing).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 255 });
    expect(missing.message).toContain(join(home, 'x'));
  });

  it('reads a file from an editor of Windows', async () => {
    const { settings } = await resolve({ config: '\uFEFFHost web\r\n  User "u"\r\n\tPort 7\r\n' });
    expect(settings).toEqual({ identityFiles: [], user: 'u', port: 7 });
  });

  it('keeps a per cent sign that is part of a host name through the second reading', async () => {
    const { settings } = await resolve({
      config: 'HostName fe80::1%%eth0\nMatch final host fe80::1%eth0\n  Port 7',
    });
    expect(settings).toMatchObject({ hostName: 'fe80::1%%eth0', port: 7 });
  });

  it('knows older names of keywords', async () => {
    const config =
      'PubkeyAcceptedKeyTypes +ssh-rsa\nChallengeResponseAuthentication no\nDSAAuthentication no\nKeepAlive no';
    expect((await resolve({ config })).settings).toEqual({
      identityFiles: [],
      pubkeyAcceptedAlgorithms: '+ssh-rsa',
      kbdInteractiveAuthentication: false,
      pubkeyAuthentication: false,
      tcpKeepAlive: false,
    });
  });

  it('takes a time of none for no limit if no later value comes', async () => {
    const { settings, report } = await resolve({
      config: 'ServerAliveInterval none\nConnectTimeout none\nConnectTimeout 5',
    });
    expect(settings).toMatchObject({ serverAliveInterval: 0, connectTimeout: 5 });
    const rows = report.filter(({ source }) => source !== 'default').map(({ value, used }) => [value, used]);
    expect(rows).toEqual([
      ['none', true],
      ['none', false],
      ['5', true],
    ]);
  });

  it('lets a ProxyJump of none leave room for a ProxyCommand, quotes around hops fall', async () => {
    const { settings, report } = await resolve({
      config: 'ProxyJump none # not here\nProxyCommand c\nProxyJump d',
    });
    expect(settings.proxy).toEqual({ command: 'c' });
    expect(report.filter(({ setting }) => setting.startsWith('Proxy')).map(({ used }) => used)).toEqual([
      true,
      true,
      false,
    ]);
    expect((await resolve({ config: 'ProxyJump "a,b"' })).settings.proxy).toEqual({ jump: ['a', 'b'] });
  });
});

describe('Match', () => {
  it('takes `=` between criterion and value', async () => {
    const config = 'Match host=web localuser = local user =local\n  Port 7\nMatch !host= web\n  User no';
    expect((await resolve({ config })).settings).toEqual({ identityFiles: [], port: 7 });
  });

  it('decides tagged by Tag and -P', async () => {
    const config =
      'Match tagged work,w2\n  Port 7\nMatch tagged ""\n  Port 8\nHost tag\n  Tag w2\nMatch tagged w*\n  User u';
    expect((await resolve({ config })).settings).toMatchObject({ port: 8 });
    expect((await resolve({ config }, 'web', { given: [given('Tag', 'work')] })).settings).toMatchObject({
      port: 7,
      user: 'u',
    });
    expect((await resolve({ config }, 'tag')).settings).toMatchObject({ port: 8, user: 'u' });
  });

  it('decides localnetwork by the addresses of this machine', async () => {
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const here = own.map(({ address, family }) => `${address}/${family === 'IPv4' ? 32 : 128}`).join(',');
    expect(here).not.toBe('');
    const config = `Match localnetwork ${here}\n  Port 7\nMatch localnetwork 240.0.0.0/4,2001:db8::/32\n  Port 8\n  User no`;
    expect((await resolve({ config })).settings).toEqual({ identityFiles: [], port: 7 });
    for (const bad of ['10.0.0.0/33', 'x', '::1/129', '10.0.0.0/8/8', '10.0.0.0/']) {
      const error = await failure(resolve({ config: `Match localnetwork ${bad}\n  Port 7` }));
      expect(error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 255 });
    }
  });

  it('takes the session for one that executes a command', async () => {
    const config = 'Match sessiontype shell\n  User no\nMatch sessiontype exec,subsystem\n  Port 7';
    expect((await resolve({ config })).settings).toEqual({ identityFiles: [], port: 7 });
  });

  it.each(['exec "touch @MARK@"', 'version OpenSSH_10*', 'command rsync*'])(
    'refuses %s where it would matter, and only there',
    async (criterion) => {
      const mark = join(folder({ x: '' }), 'mark');
      const test = criterion.replace('@MARK@', mark);
      const error = await failure(resolve({ config: `\nMatch ${test}\n  HostName elsewhere` }));
      expect(error).toMatchObject({ code: 'RSYNC_UNSUPPORTED', exitCode: 4, origin: 'local' });
      expect(error.path).toMatch(/config:3$/);
      expect(error.message).toContain('HostName');
      expect(error.message).toMatch(/Match \w+.*config:2/);
      expect(error.hint).toContain('--rsh-spawn');
      for (const config of [
        `Match host other ${test}\n  HostName elsewhere`,
        `Match ${test} host other\n  HostName elsewhere`,
        `Host other\n  Include inner`,
        `HostName real\nMatch ${test}\n  HostName elsewhere\n  ForwardAgent yes\n  ControlMaster auto\n  Unheard of`,
        `IdentityFile k\nMatch ${test}\n  IdentityFile k`,
        `ProxyJump a\nMatch ${test}\n  ProxyCommand b`,
        `KnownHostsCommand none\nMatch ${test}\n  KnownHostsCommand b`,
        `Match ${test}\n`,
      ]) {
        const inner = `Match ${test}\n  Port 7`;
        await resolve({ config, inner });
      }
      expect(existsSync(mark)).toBe(false);
    },
  );

  it.skipIf(process.platform === 'win32')(
    'runs exec if it may, with tokens, by the shell of the user',
    async () => {
      const home = folder({
        '.ssh/config': [
          'HostName %h.lan',
          'Match exec "echo $0 %h %n %p %r %u %% > $OUT"',
          '  Port 7',
          'Match exec "exit 1"',
          '  User no',
          'Match host other exec "touch ~/no"',
          '  User no',
          'Host other',
          '  Include inner',
        ].join('\n'),
        '.ssh/inner': 'Match exec "touch ~/no"\n  User no\n',
      });
      const shell = join(home, 'shell');
      writeFileSync(shell, '#!/bin/sh\nexec /bin/sh "$1" "$2" my-shell\n');
      chmodSync(shell, 0o755);
      const env = { ...process.env, HOME: home, OUT: join(home, 'out'), SHELL: shell };
      const { settings } = await resolveIn(home, 'web', { allowExec: true, env });
      expect(settings).toEqual({ identityFiles: [], hostName: '%h.lan', port: 7 });
      const { readFileSync } = await import('node:fs');
      expect(readFileSync(join(home, 'out'), 'utf8')).toBe('my-shell web.lan web 22 local local %\n');
      expect(existsSync(join(home, 'no'))).toBe(false);
    },
  );

  it.skipIf(process.platform === 'win32')(
    'tells of a command that can not be run, or is killed',
    async () => {
      const config = 'Match exec "kill -9 $$"\n  Port 7';
      const killed = await failure(
        resolve({ config }, 'web', { allowExec: true, env: { SHELL: '/bin/sh' } }),
      );
      expect(killed.message).toMatch(/config:1: .*SIGKILL/);
      const lost = await failure(resolve({ config }, 'web', { allowExec: true, env: { SHELL: '/no/such' } }));
      expect(lost.message).toMatch(/config:1: .*\/no\/such.*ENOENT/);
      const unknown = await failure(
        resolve({ config: 'Match exec "x %z"\n  Port 7' }, 'web', { allowExec: true }),
      );
      expect(unknown.message).toMatch(/config:1: .*%z/);
    },
  );
});

describe('keywords that can not be passed over', () => {
  it.each([
    ['KnownHostsCommand /bin/keys %H', 'KnownHostsCommand none'],
    ['RevokedHostKeys /revoked', 'RevokedHostKeys none'],
    ['RefuseConnection "not from here"', undefined],
    ['ProxyUseFdpass yes\nProxyCommand nc', 'ProxyUseFdpass no\nProxyCommand nc'],
  ])('refuses %j, with file and line', async (config, harmless) => {
    const error = await failure(resolve({ config }));
    expect(error).toMatchObject({ code: 'RSYNC_UNSUPPORTED', exitCode: 4, origin: 'local' });
    expect(error.path).toMatch(/config:1$/);
    expect(error.message).toContain(config.split(' ')[0]!);
    expect(error.hint).toContain('--rsh-spawn');
    await resolve({ config: `Host other\n${config}` });
    // The first value wins here too.
    if (harmless !== undefined) await resolve({ config: `${harmless}\n${config}` });
  });

  it('says what the configuration says against a connection', async () => {
    const error = await failure(resolve({ config: 'RefuseConnection "use the other\u001b[2J host"' }));
    expect(error.message).toContain('use the other');
    expect(error.message).not.toContain('\u001b');
  });

  it('lets ProxyUseFdpass be where no proxy command is used', async () => {
    await resolve({ config: 'ProxyUseFdpass yes' });
    await resolve({ config: 'ProxyUseFdpass yes\nProxyJump hop' });
  });
});

describe('a configuration file of others', () => {
  const posix = it.skipIf(process.platform === 'win32');

  posix('is refused if everybody may write it, with the remedy', async () => {
    for (const name of ['config', 'included']) {
      const home = folder({ '.ssh/config': 'Include included\n', '.ssh/included': 'Port 7\n' });
      chmodSync(join(home, '.ssh', name), 0o666);
      const error = await failure(resolveIn(home));
      expect(error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 255 });
      expect(error.hint).toContain(`chmod go-w ${join(home, '.ssh', name)}`);
      // As ssh: what -F names is trusted.
      if (name === 'config') await resolveIn(home, 'web', { configFile: join(home, '.ssh', name) });
      await resolveIn(home, 'web', { windows: true });
    }
  });

  it.skipIf(process.getuid?.() !== 0)('is refused if it belongs to somebody else (needs root)', async () => {
    const home = folder({ '.ssh/config': 'Port 7\n' });
    chownSync(join(home, '.ssh', 'config'), 4711, 4711);
    expect((await failure(resolveIn(home))).message).toContain('4711');
  });

  it.skipIf(process.getuid?.() !== 0)('is refused if a group may write it (needs root)', async () => {
    const home = folder({ '.ssh/config': 'Port 7\n' });
    chownSync(join(home, '.ssh', 'config'), 0, 4711);
    chmodSync(join(home, '.ssh', 'config'), 0o660);
    expect((await failure(resolveIn(home))).message).toContain('group 4711');
  });

  posix('is followed through a symbolic link, a folder in its place is empty', async () => {
    const home = folder({ real: 'Port 7\n' });
    mkdirSync(join(home, '.ssh'));
    symlinkSync(join(home, 'real'), join(home, '.ssh', 'config'));
    mkdirSync(join(home, '.ssh', 'system'));
    expect((await resolveIn(home)).settings.port).toBe(7);
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'is passed over if it can not be read, unless it was named (not as root)',
    async () => {
      const home = folder({ '.ssh/config': 'Port 7\n', '.ssh/system': 'User u' });
      chmodSync(join(home, '.ssh', 'config'), 0);
      const traced: string[] = [];
      const { settings } = await resolveIn(home, 'web', { trace: (line) => traced.push(line) });
      expect(settings).toEqual({ identityFiles: [], user: 'u' });
      expect(traced.join()).toContain('EACCES');
      const named = await failure(resolveIn(home, 'web', { configFile: join(home, '.ssh', 'config') }));
      expect(named.message).toContain('EACCES');
    },
  );
});
