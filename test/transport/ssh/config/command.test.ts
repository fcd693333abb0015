import { describe, expect, it } from 'vitest';
import { parseSshCommand } from '../../../../src/transport/ssh/config/command.ts';
import { resolveSshConfig } from '../../../../src/transport/ssh/config/resolve.ts';
import { failure } from '../../support.ts';

const parse = (line: string) => parseSshCommand(line.split(' '));

/** The settings that come of the words, without any file. */
async function resolve(words: readonly string[]) {
  const { given } = parseSshCommand(words);
  return resolveSshConfig({
    host: 'h',
    given,
    configFile: 'none',
    home: '/home/me',
    localUser: 'me',
    env: {},
  });
}

async function settings(line: string) {
  return (await resolve(line.split(' '))).settings;
}

describe('parseSshCommand', () => {
  it('understands the options, bundled or not', async () => {
    const command = parse('-p 2222 -i key -i other -l me -F cfg');
    expect(command).toEqual({
      given: [
        { keyword: 'Port', value: '2222', source: '-p 2222' },
        { keyword: 'IdentityFile', value: 'key', source: '-i key' },
        { keyword: 'IdentityFile', value: 'other', source: '-i other' },
        { keyword: 'User', value: 'me', source: '-l me' },
      ],
      configFile: 'cfg',
      verbose: false,
    });
    expect(parse('-v -v').verbose).toBe(true);
    expect(parse('-vvp22')).toMatchObject({ verbose: true, given: [{ keyword: 'Port' }] });
    expect(await settings('-qp2222 -ikey -oUser=you')).toEqual({
      port: 2222,
      identityFiles: ['key'],
      user: 'you',
      logLevel: 'quiet',
    });
    expect(await settings('-J a,b -c aes128-ctr -m hmac-sha2-256 -b 10.0.0.1 -B eth0 -C -6 -P work')).toEqual(
      {
        identityFiles: [],
        proxy: { jump: ['a', 'b'] },
        ciphers: 'aes128-ctr',
        macs: 'hmac-sha2-256',
        bindAddress: '10.0.0.1',
        bindInterface: 'eth0',
        compression: true,
        addressFamily: 'inet6',
        tag: 'work',
      },
    );
  });

  it('keeps words with blanks, quotes and backslashes whole', async () => {
    const { settings: made } = await resolve(['-i', 'C:\\my keys\\a"b', '-l', 'DOMAIN\\me', '-b', "it's"]);
    expect(made).toMatchObject({
      identityFiles: ['C:\\my keys\\a"b'],
      user: 'DOMAIN\\me',
      bindAddress: "it's",
    });
  });

  it('understands -o in every spelling', async () => {
    for (const option of ['Port=22', 'port=22', 'PORT = 22', 'Port 22', 'Port="22"']) {
      expect((await resolve(['-o', option])).settings.port).toBe(22);
      expect(parseSshCommand(['-o', option]).given[0]).toMatchObject({
        keyword: 'Port',
        source: `-o ${option}`,
      });
    }
    expect(
      (await resolve(['-o', 'UserKnownHostsFile=/a "/b c"', '-o', 'ProxyCommand nc "a b" # %h'])).settings,
    ).toMatchObject({ userKnownHostsFiles: ['/a', '/b c'], proxy: { command: 'nc "a b" # %h' } });
  });

  it('lets the first value win, but for the flags of which the last one does', async () => {
    expect((await settings('-p 1 -p 2 -o Port=3')).port).toBe(1);
    expect(await settings('-o Ciphers=a -c b -c c -o AddressFamily=any -6 -4 -o Compression=no -C')).toEqual({
      identityFiles: [],
      ciphers: 'c',
      addressFamily: 'inet',
      compression: true,
    });
  });

  it.each([
    ['-A', 'ForwardAgent'],
    ['-a', 'ForwardAgent'],
    ['-t', 'RequestTTY'],
    ['-tt', 'RequestTTY'],
    ['-T', 'RequestTTY'],
    ['-X', 'ForwardX11'],
    ['-x', 'ForwardX11'],
    ['-Y', 'ForwardX11Trusted'],
    ['-K', 'GSSAPIAuthentication'],
    ['-k', 'GSSAPIDelegateCredentials'],
    ['-g', 'GatewayPorts'],
    ['-M', 'ControlMaster'],
    ['-S /path', 'ControlPath'],
    ['-n', 'StdinNull'],
    ['-y', 'SyslogFacility'],
    ['-e none', 'EscapeChar'],
    ['-o ControlMaster=auto', 'ControlMaster'],
    ['-o RemoteCommand=tmux', 'RemoteCommand'],
    ['-o GSSAPIAuthentication=yes', 'GSSAPIAuthentication'],
  ])('takes %s, and says why it has no effect', async (line, setting) => {
    const { settings: made, report } = await resolve(line.split(' '));
    expect(made).toEqual({ identityFiles: [] });
    expect(report).toContainEqual({
      setting,
      value: expect.any(String),
      source: expect.stringContaining(line === '-tt' ? '-tt' : line.split(' ')[0]!),
      used: false,
      why: expect.any(String),
    });
  });

  it.each([
    ...['-N', '-f', '-W h:1', '-L 1:a:2', '-R 1:a:2', '-D 1', '-w 0', '-s', '-G', '-V', '-Q mac', '-I lib'],
    ...['-E log', '-O exit', '-Z', '-1', '-qN', 'host', '-p 22 host', '-- host', '-', ''],
  ])('refuses %j by name, with the way out', async (line) => {
    const error = await failure((async () => parse(line))());
    expect(error).toMatchObject({ code: 'RSYNC_UNSUPPORTED', exitCode: 4, origin: 'local' });
    const named = line.split(' ').find((word) => !/^(?:-p|22)$/.test(word)) ?? '';
    expect(error.message).toContain(named === '-qN' ? '-N' : named === '--' ? '"--"' : named);
    expect(error.hint).toContain('--rsh-spawn');
  });

  it('lets the end of the options be marked', async () => {
    expect(await settings('-p 22 --')).toEqual({ identityFiles: [], port: 22 });
  });

  it.each(['-p', '-i', '-o', '-F', '-J', '-o Port=', '-o =', '-o #x', '-o User="x'])(
    'refuses %j as incomplete',
    async (line) => {
      expect(await failure((async () => parse(line))())).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 1 });
    },
  );

  it.each([
    ['-p 0', '-p 0'],
    ['-p 65536', '-p 65536'],
    ['-p x', '-p x'],
    ['-J a,', '-J a,'],
    ['-o BatchMode=maybe', '-o BatchMode=maybe'],
    ['-o StrictHostKeyChecking=1', 'StrictHostKeyChecking'],
    ['-o NoSuchThing=1', 'NoSuchThing'],
    ['-o Host=x', 'Host'],
    ['-o Match=all', 'Match'],
    ['-o Include=x', 'Include'],
    ['-o ForwardX11=maybe', 'ForwardX11'],
  ])('refuses what %j says when it is resolved', async (line, named) => {
    const error = await failure(settings(line));
    expect(error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 1, origin: 'local' });
    expect(error.message).toContain(named);
  });

  it('passes over an unknown keyword if IgnoreUnknown says so', async () => {
    expect(await settings('-o IgnoreUnknown=Foo* -o FooBar=1')).toEqual({ identityFiles: [] });
  });

  it('repeats no secret', async () => {
    const words = ['-o', 'SetEnv=TOKEN=geheim', '-o', 'ProxyCommand=nc --password geheim'];
    const { report } = await resolve(words);
    expect(JSON.stringify(report)).not.toContain('geheim');
    const errors = [
      failure(resolve(['-o', 'SetEnv=geheim'])),
      failure((async () => parseSshCommand(['-o', 'SetEnv="geheim']))()),
      failure((async () => parseSshCommand(['-o', 'ProxyCommand="geheim']))()),
    ];
    for (const error of await Promise.all(errors)) expect(error.message + error.hint).not.toContain('geheim');
  });
});
