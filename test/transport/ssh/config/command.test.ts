import { describe, expect, it } from 'vitest';
import { parseSshCommand } from '../../../../src/transport/ssh/config/command.ts';
import { failure } from '../../support.ts';

const parse = (line: string) => parseSshCommand(line.split(' '));

describe('parseSshCommand', () => {
  it('understands the options, bundled or not', () => {
    expect(parse('-p 2222 -i key -i other -l me -F cfg')).toEqual({
      settings: { port: 2222, identityFiles: ['key', 'other'], user: 'me' },
      configFile: 'cfg',
      verbose: false,
    });
    expect(parse('-TaxqvC -4')).toEqual({
      settings: { identityFiles: [], compression: true, addressFamily: 'inet' },
      verbose: true,
    });
    expect(parse('-qp2222 -ikey -oUser=you').settings).toEqual({
      port: 2222,
      identityFiles: ['key'],
      user: 'you',
    });
  });

  it('understands -o in every spelling', () => {
    for (const option of ['Port=22', 'port=22', 'PORT = 22', 'Port 22', 'Port="22"']) {
      expect(parseSshCommand(['-o', option]).settings.port).toBe(22);
    }
    expect(parse('-o StrictHostKeyChecking=off -o BatchMode=yes -o ConnectTimeout=1m30s').settings).toEqual({
      identityFiles: [],
      strictHostKeyChecking: 'no',
      batchMode: true,
      connectTimeout: 90,
    });
    expect(parseSshCommand(['-o', 'UserKnownHostsFile=/a "/b c"']).settings.userKnownHostsFiles).toEqual([
      '/a',
      '/b c',
    ]);
  });

  it('lets the first value win', () => {
    expect(parse('-p 1 -p 2 -o Port=3').settings.port).toBe(1);
  });

  it('accepts the absence of features it does not have', () => {
    expect(
      parse('-o ControlMaster=no -o ControlPath=none -o ForwardAgent=no -o LogLevel=ERROR').settings,
    ).toEqual({
      identityFiles: [],
    });
  });

  it.each([
    ['-J hop', '-J'],
    ['-L 1:a:2', '-L'],
    ['-A', '-A'],
    ['-t', '-t'],
    ['-o ProxyJump=hop', 'ProxyJump=hop'],
    ['-o ProxyCommand=nc', 'ProxyCommand=nc'],
    ['-o ControlMaster=auto', 'ControlMaster=auto'],
    ['-o Ciphers=aes128-ctr', 'Ciphers=aes128-ctr'],
    ['-o NoSuchThing=1', 'NoSuchThing=1'],
    ['host', 'host'],
    ['-p 22 host', 'host'],
    ['--', '--'],
  ])('refuses %j by name', async (line, name) => {
    const error = await failure((async () => parse(line))());
    expect(error).toMatchObject({ code: 'RSYNC_UNSUPPORTED', exitCode: 4, origin: 'local' });
    expect(error.message).toContain(name);
    expect(error.hint).toBeTruthy();
  });

  it.each([
    '-p 0',
    '-p 65536',
    '-p x',
    '-p',
    '-i',
    '-o',
    '-o Port=',
    '-o BatchMode=maybe',
    '-o StrictHostKeyChecking=1',
  ])('refuses the value in %j', async (line) => {
    expect(await failure((async () => parse(line))())).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 1 });
  });
});
