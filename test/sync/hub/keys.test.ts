/** Keys for spokes: what is written, and, with a real sshd, what such a key can do and what it can not. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyShellQuoted, type SpokeKeyRequest, spokeKey } from '../../../src/sync/hub/keys.ts';
import { writeHostBlock } from '../../../src/sync/hub/ssh-config-file.ts';
import { MAIN, peersWithRrsync, run, runOurs, temporaryFolder } from '../../support/peers.ts';
import { type Sshd, sshdMissing, startSshd } from '../../support/sshd.ts';
import { makeTree, removeTree } from '../../support/tree.ts';

const scripts = peersWithRrsync().map(({ rrsync }) => rrsync);

let base = '';
beforeAll(() => {
  base = temporaryFolder('keys');
});
afterAll(() => removeTree(base));

let count = 0;
function make(request: Partial<SpokeKeyRequest> = {}) {
  const folder = request.folder ?? join(base, `keys-${++count}`);
  return spokeKey({ name: 'web', host: 'anna@web.example', directory: '/srv/data', ...request, folder });
}

describe('the files and the lines', () => {
  test('a key, made once and never replaced', () => {
    const key = make();
    expect(key.made).toBe(true);
    expect(readdirSync(join(key.privateFile, '..'))).toEqual(['web_ed25519', 'web_ed25519.pub']);
    if (process.platform !== 'win32') expect(statSync(key.privateFile).mode & 0o777).toBe(0o600);
    const publicKey = readFileSync(key.publicFile, 'utf8').trim();
    expect(publicKey).toMatch(/^ssh-ed25519 \S+ rsyncjs-web$/);
    expect(key.authorizedKeysLine).toBe(`restrict,command="rrsync -ro /srv/data" ${publicKey}`);
    const before = readFileSync(key.privateFile);
    const again = make({ folder: join(key.privateFile, '..'), server: 'rsyncjs', access: 'read-write' });
    expect(again.made).toBe(false);
    expect(readFileSync(key.privateFile)).toEqual(before);
    expect(again.authorizedKeysLine).toBe(
      `restrict,command="rsyncjs serve --stdio --root=/srv/data" ${publicKey}`,
    );
  });

  test('lines of ssh_config: put first, replaced, and nothing else touched', () => {
    const path = join(base, 'ssh', 'config');
    expect(writeHostBlock(path, 'web', make().sshConfigBlock)).toBe(true);
    const own = Buffer.from(
      'User caf\xe9\nPort 99\nHost web\n  Port 98\nHost *\n  IdentityFile /x',
      'latin1',
    );
    writeFileSync(path, own);
    const { sshConfigBlock } = make({ port: 2222, folder: join(base, 'kéys') });
    expect(writeHostBlock(path, 'web', sshConfigBlock)).toBe(true);
    expect(writeHostBlock(path, 'web', sshConfigBlock)).toBe(false);
    expect(writeHostBlock(path, 'nas', make({ name: 'nas', host: 'nas' }).sshConfigBlock)).toBe(true);
    expect(writeHostBlock(path, 'web', make({ port: 2223 }).sshConfigBlock)).toBe(true);
    const text = readFileSync(path);
    expect(text.subarray(-own.length)).toEqual(own);
    expect(text.toString('latin1').match(/^Host (web|nas|\*)$/gm)).toEqual([
      ...['Host nas', 'Host *', 'Host web', 'Host *'],
      ...['Host web', 'Host *'],
    ]);
    if (spawnSync('ssh', ['-V']).status !== 0) return;
    const settings = (host: string) =>
      execFileSync('ssh', ['-F', path, '-G', host], { encoding: 'latin1', stdio: 'pipe' });
    expect(settings('web')).toMatch(/^user anna$/m);
    expect(settings('web')).toMatch(/^port 2223$/m);
    expect(settings('other')).toMatch(/^port 99$/m);
    expect(settings('other')).not.toContain('web_ed25519');
  });

  test.skipIf(process.platform === 'win32')('a configuration that is a symlink stays one', () => {
    const [link, real] = [join(base, 'link'), join(base, 'real')];
    writeFileSync(real, '');
    symlinkSync('real', link);
    writeHostBlock(link, 'web', make().sshConfigBlock);
    expect(readlinkSync(link)).toBe('real');
    expect(readFileSync(real, 'utf8')).toContain('Host web\n');
  });

  test('what else is there under the name stays', () => {
    const folder = join(base, 'taken');
    mkdirSync(folder);
    writeFileSync(join(folder, 'web_ed25519'), 'not a key\n');
    expect(() => make({ folder })).toThrow(expect.objectContaining({ code: 'RSYNC_AUTH' }));
    writeFileSync(join(folder, 'nas_ed25519.pub'), 'mine\n');
    expect(() => make({ folder, name: 'nas' })).toThrow('nas_ed25519.pub is there already');
    expect(readdirSync(folder)).toEqual(['nas_ed25519.pub', 'web_ed25519']);
    expect(readFileSync(join(folder, 'nas_ed25519.pub'), 'utf8')).toBe('mine\n');
  });

  test('the directory, as each server takes it', () => {
    const command = (request: Partial<SpokeKeyRequest>) =>
      /^restrict,command="(.*)" ssh-ed25519/.exec(make(request).authorizedKeysLine)![1];
    expect(command({ directory: '~/.pi/agent/sessions' })).toBe('rrsync -ro .pi/agent/sessions');
    expect(command({ directory: '~' })).toBe('rrsync -ro .');
    expect(command({ directory: '-x', access: 'write-only' })).toBe('rrsync -wo ./-x');
    expect(command({ directory: '/a "b"' })).toBe(`rrsync -ro '/a \\"b\\"'`);
    expect(command({ server: 'rsyncjs', program: ['/opt/n o/node', 'x'] })).toBe(
      `'/opt/n o/node' x serve --stdio --read-only --root=/srv/data`,
    );
  });

  test.each([
    [{ name: '*' }, 'make the name of a spoke'],
    [{ name: 'a b' }, 'make the name of a spoke'],
    [{ host: 'a b' }, 'expected [USER@]HOST'],
    [{ host: 'web:/srv' }, 'expected [USER@]HOST'],
    [{ host: '-oProxyCommand=x' }, 'expected [USER@]HOST'],
    [{ host: '@web' }, 'expected [USER@]HOST'],
    [{ host: 'x\ny' }, 'expected [USER@]HOST'],
    [{ directory: '' }, '--dir is empty'],
    [{ directory: 'a\nb' }, 'control character'],
    [{ directory: '~bob/x' }, "another account's home"],
    [{ comment: 'a\nssh-rsa AAAA' }, 'control character'],
    [{ port: 0 }, '--port 0'],
  ] as [Partial<SpokeKeyRequest>, string][])('%j is refused', (request, message) => {
    expect(() => make(request)).toThrow(
      expect.objectContaining({ code: 'RSYNC_USAGE', message: expect.stringContaining(message) }),
    );
  });

  test.skipIf(process.platform === 'win32')('words mean the same to every shell', () => {
    const words = [
      `it's`,
      'a\\b',
      'a\\\\',
      `\\'`,
      '$HOME `x` "q"',
      '!x! *',
      'é{a,b}',
      '=ls',
      '',
      '%self',
      'a;b',
    ].filter((word) => word !== '');
    const line = words.map(anyShellQuoted).join(' ');
    const shells = ['sh', 'bash', 'dash', 'zsh', 'fish', 'tcsh', 'csh', 'ksh'].filter(
      (shell) => spawnSync(shell, ['-c', 'true']).status === 0,
    );
    expect(shells).toContain('sh');
    for (const shell of shells) {
      const output = execFileSync(shell, ['-c', `/usr/bin/printf '%s\\n' ${line}`], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH!, HOME: base },
      });
      expect([shell, ...output.trimEnd().split('\n')]).toEqual([shell, ...words]);
    }
  });
});

describe.skipIf(sshdMissing() !== undefined || scripts.length === 0)(
  'a key in use (needs sshd and rrsync)',
  () => {
    let sshd: Sshd;
    const ODD = `it's "my" (data) \\ 100% $HOME`;
    beforeAll(async () => {
      sshd = await startSshd();
      makeTree(join(base, ODD), [
        { path: 'a', content: 'a\n' },
        { path: 'sub/b', content: 'b\n' },
      ]);
      writeFileSync(join(base, 'secret'), 'secret\n');
    });
    afterAll(() => sshd?.stop());

    /** A key in the server's file, and a configuration that knows the spoke by its name. */
    function spoke(request: Partial<SpokeKeyRequest>) {
      const key = make({
        host: `${sshd.user}@${sshd.host}`,
        port: sshd.port,
        directory: join(base, ODD),
        folder: join(base, `with 5% & blank ${++count}`),
        ...request,
      });
      sshd.authorize(key.authorizedKeysLine);
      const config = join(base, `config-${count}`);
      writeFileSync(config, `${key.sshConfigBlock}    UserKnownHostsFile ${sshd.knownHostsPath}\n`);
      return { ...key, config };
    }

    test('ssh itself reads the block as it is meant', () => {
      const { config, privateFile } = spoke({});
      const output = execFileSync('ssh', ['-F', config, '-G', 'web'], { encoding: 'utf8', stdio: 'pipe' });
      expect(output).toContain(`\nhostname ${sshd.host}\n`);
      expect(output).toContain(`\nport ${sshd.port}\n`);
      expect(output).toContain(`\nidentitiesonly yes\n`);
      // Some releases tell it before `%%` is `%`.
      expect(output.replaceAll('%%', '%')).toContain(`\nidentityfile ${privateFile}\n`);
    });

    const releases = scripts.map((path): [string, Partial<SpokeKeyRequest>] => [
      `rrsync ${/[\d.]+(?=\/rrsync$)/.exec(path)?.[0]}`,
      { program: [path] },
    ]);
    const place = (name: string, suffix: string) => join(base, `to-${name}-${suffix}`);
    const ours = (config: string, ...words: string[]) =>
      runOurs(['-rt', '-e', `ssh -F ${config}`, ...words], { cwd: base });

    test.each(releases.slice(0, -1))('%s: it pulls from its directory', async (name, request) => {
      const { config, source } = spoke(request);
      const { stderr, code } = await ours(config, source, place(name, 'root'));
      expect([stderr.toString(), code]).toEqual(['', 0]);
      expect(readFileSync(join(place(name, 'root'), 'sub/b'), 'utf8')).toBe('b\n');
    });

    test.each([
      releases.at(-1)!,
      ['rsyncjs serve', { server: 'rsyncjs', program: [process.execPath, MAIN] } as const],
    ])('%s: it pulls from its directory, and can do nothing else', async (name, request) => {
      const { config, source } = spoke(request);
      const to = (suffix: string) => place(name, suffix);
      const [root, below, outside, push, remove, shell] = await Promise.all([
        ours(config, source, to('root')),
        ours(config, 'web:sub/', to('sub')),
        ours(config, 'web:../secret', to('outside')),
        ours(config, join(base, 'secret'), 'web:'),
        ours(config, '--remove-source-files', 'web:a', to('moved')),
        run('ssh', ['-F', config, 'web', 'cat', join(base, 'secret')], { cwd: base }),
      ]);
      expect([root.stderr.toString(), root.code]).toEqual(['', 0]);
      expect(readFileSync(join(to('root'), 'sub/b'), 'utf8')).toBe('b\n');
      expect([below.stderr.toString(), below.code]).toEqual(['', 0]);
      expect(readdirSync(to('sub'))).toEqual(['b']);
      for (const refused of [outside, push, remove, shell]) {
        expect(refused.code).not.toBe(0);
        expect(refused.stdout.toString()).not.toContain('secret\n');
      }
      expect(existsSync(to('outside')) && readdirSync(to('outside')).length > 0).toBe(false);
      expect(readdirSync(join(base, ODD))).toEqual(['a', 'sub']);
    });
  },
);
