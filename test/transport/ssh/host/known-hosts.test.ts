import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KnownHosts } from '../../../../src/transport/ssh/host/known-hosts.ts';
import { appendKnownHost } from '../../../../src/transport/ssh/host/known-hosts-append.ts';
import { fingerprint, keyTypeOf } from '../../../../src/transport/ssh/host/public-key.ts';
import { makeKey, sshdMissing } from '../../../support/sshd.ts';
import { failure, temporaryFolder } from '../../support.ts';

const dir = temporaryFolder();

describe.skipIf(sshdMissing())('known_hosts', () => {
  const pairs = (['ed25519', 'ecdsa', 'rsa', 'ed25519'] as const).map((type, i) =>
    makeKey(join(dir, `k${i}`), type),
  );
  const lines = pairs.map(({ publicKey }) => publicKey.split(' ').slice(0, 2).join(' '));
  const [ed, ecdsa, rsa, ed2] = lines.map((line) => Buffer.from(line.split(' ')[1]!, 'base64')) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  const [edLine, ecdsaLine, rsaLine] = lines as [string, string, string];
  const hosts = (text: string): KnownHosts => {
    const known = new KnownHosts();
    known.add(text, 'kh');
    return known;
  };

  it('prints fingerprints and types as ssh-keygen does', () => {
    const shown = execFileSync('ssh-keygen', ['-lf', `${pairs[0]!.path}.pub`], { encoding: 'utf8' });
    expect(shown).toContain(` ${fingerprint(ed)} `);
    expect(keyTypeOf(ed)).toBe('ssh-ed25519');
    expect(keyTypeOf(ecdsa)).toBe('ecdsa-sha2-nistp256');
  });

  it('finds plain names, lists, ports and patterns', () => {
    const known = hosts(
      [
        '# comment',
        '',
        `Alpha,192.0.2.1 ${edLine} a comment`,
        `[beta]:2222 ${edLine}`,
        `*.example.com,!bad.example.com ${edLine}`,
        `h?st ${edLine}\r`,
      ].join('\n'),
    );
    for (const [host, port] of [
      ['alpha', 22],
      ['ALPHA', 22],
      ['192.0.2.1', 22],
      ['beta', 2222],
      ['x.example.com', 22],
      ['host', 22],
    ] as const) {
      expect(known.check(host, port, ed).status, host).toBe('known');
    }
    for (const [host, port] of [
      ['beta', 22],
      ['bad.example.com', 22],
      ['example.com', 22],
      ['hoost', 22],
      ['alph', 22],
    ] as const) {
      expect(known.check(host, port, ed), host).toEqual({
        status: 'unknown',
        otherTypes: [],
        authorities: [],
      });
    }
  });

  it('accepts for another port the key on file without one, but nothing else', () => {
    const known = hosts(`alpha ${edLine}`);
    expect(known.check('alpha', 2222, ed).status).toBe('known');
    expect(known.check('alpha', 2222, ed2)).toEqual({ status: 'unknown', otherTypes: [], authorities: [] });
  });

  it('tells a changed key from one of another type, and says where', () => {
    const known = hosts(`# x\nalpha ${edLine}\nalpha ${rsaLine}`);
    expect(known.check('alpha', 22, ed2)).toEqual({
      status: 'changed',
      at: 'kh:2',
      places: [{ file: 'kh', line: 2 }],
    });
    expect(known.check('alpha', 22, ecdsa)).toEqual({
      status: 'unknown',
      otherTypes: ['ssh-ed25519', 'ssh-rsa'],
      authorities: [],
    });
    expect(known.keyTypes('alpha', 22)).toEqual(['ssh-ed25519', 'ssh-rsa']);
  });

  it('takes any of several keys of one type', () => {
    const known = hosts(`alpha ${edLine}\nalpha ${lines[3]}`);
    expect(known.check('alpha', 22, ed2)).toEqual({ status: 'known', at: 'kh:2' });
  });

  it('refuses a revoked key, also where another line vouches for it', () => {
    const known = hosts(`alpha ${edLine}\n@revoked * ${edLine}`);
    expect(known.check('alpha', 22, ed)).toEqual({ status: 'revoked', at: 'kh:2' });
    expect(known.check('alpha', 22, ed2)).toMatchObject({ status: 'changed' });
  });

  it('does not use certificate authorities, and says so', () => {
    const trace: string[] = [];
    const known = hosts(`@cert-authority * ${edLine}`);
    expect(known.check('alpha', 22, ed, (line) => trace.push(line))).toEqual({
      status: 'unknown',
      otherTypes: [],
      authorities: ['kh:1'],
    });
    expect(trace.join()).toContain('kh:1: host certificates are not supported');
  });

  it('passes over lines that make no sense, and says which', () => {
    const trace: string[] = [];
    const known = new KnownHosts();
    const wrongType = edLine.replace('ssh-ed25519', 'ssh-rsa');
    known.add(
      [
        'alpha',
        'alpha ssh-ed25519',
        'alpha ssh-ed25519 !!!!',
        `@odd\u001b alpha ${edLine}`,
        `alpha ${wrongType}`,
        'alpha 1024 35 1234567890',
        `alpha ${edLine.slice(0, 20)}`,
        `alpha ${ecdsaLine}`,
      ].join('\n'),
      'kh',
      (line) => trace.push(line),
    );
    expect(known.keyTypes('alpha', 22)).toEqual(['ecdsa-sha2-nistp256']);
    expect(trace.map((line) => /kh:(\d+)/.exec(line)?.[1])).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect(trace.join('')).not.toContain('\u001b');
  });

  it('reads files with CRLF, a byte order mark, in UTF-16, and with very long lines', () => {
    const text = `alpha ${edLine}\r\nbeta ${rsaLine}\r\n`;
    const names = Array.from({ length: 60_000 }, (_, i) => `host${i}`).join(',');
    const files = {
      crlf: Buffer.from(text),
      bom: Buffer.from(`\uFEFF${text}`),
      // Windows PowerShell: ssh-keyscan alpha > known_hosts
      utf16: Buffer.from(`\uFEFF${text}`, 'utf16le'),
      long: Buffer.from(`${names},alpha ${edLine}\nbeta ${rsaLine}`),
    };
    for (const [name, content] of Object.entries(files)) {
      const file = join(dir, `form-${name}`);
      writeFileSync(file, content);
      const known = KnownHosts.read([file]);
      expect(known.check('alpha', 22, ed), name).toEqual({ status: 'known', at: `${file}:1` });
      expect(known.check('beta', 22, rsa), name).toEqual({ status: 'known', at: `${file}:2` });
    }
    expect(() => appendKnownHost(join(dir, 'form-utf16'), 'gamma', 22, ed)).toThrow(/UTF-16/);
    // ... and >> after a line of another program.
    const trace: string[] = [];
    const mixed = new KnownHosts();
    mixed.add(
      `alpha ${edLine}\n${Buffer.from(`beta ${rsaLine}\n`, 'utf16le').toString('latin1')}`,
      'kh',
      (line) => trace.push(line),
    );
    expect(mixed.check('alpha', 22, ed).status).toBe('known');
    expect(trace[0]).toMatch(/kh:2: .*UTF-16/);
  });

  it('matches as ssh-keygen -F does', () => {
    const file = join(dir, 'matching');
    const patterns = [
      'alpha',
      'Alpha',
      '*',
      '*.example.com',
      '*.example.com,!bad.example.com',
      '!bad.example.com,*.example.com',
      'h?st',
      '[beta]:2222',
      '[*]:2222',
      '[*.example.com]:*',
      '192.0.2.*',
      '::1',
      'a,b,alpha',
      '!alpha,*',
    ];
    const hosts = [
      ['alpha', 22],
      ['bad.example.com', 22],
      ['x.example.com', 22],
      ['example.com', 22],
      ['host', 22],
      ['beta', 2222],
      ['x.example.com', 2222],
      ['192.0.2.17', 22],
      ['::1', 22],
      ['b', 22],
    ] as const;
    for (const pattern of patterns) {
      writeFileSync(file, `${pattern} ${edLine}\n`);
      const known = KnownHosts.read([file]);
      for (const [host, port] of hosts) {
        const name = port === 22 ? host : `[${host}]:${port}`;
        const found = spawnSync('ssh-keygen', ['-f', file, '-F', name]).status === 0;
        expect(known.keyTypes(host, port).length === 1, `${pattern} for ${name}`).toBe(found);
      }
    }
  });

  it('reads what ssh-keygen -H has hashed', () => {
    const file = join(dir, 'hashed');
    writeFileSync(file, `alpha ${edLine}\n[beta]:2222 ${rsaLine}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'pipe' });
    const textNow = readFileSync(file, 'utf8');
    expect(textNow).toMatch(/^\|1\|/);
    expect(textNow).not.toContain('alpha');
    const known = KnownHosts.read([file]);
    expect(known.check('alpha', 22, ed).status).toBe('known');
    expect(known.check('beta', 2222, rsa).status).toBe('known');
    expect(known.check('gamma', 22, ed).status).toBe('unknown');
  });

  it('writes lines that ssh-keygen finds', () => {
    const file = join(dir, 'new', 'sub', 'known_hosts');
    appendKnownHost(file, 'Alpha', 22, ed);
    appendKnownHost(file, 'beta', 2222, rsa, true);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    const find = (name: string) => execFileSync('ssh-keygen', ['-f', file, '-F', name], { encoding: 'utf8' });
    expect(find('alpha')).toContain(edLine);
    expect(find('[beta]:2222')).toContain(rsaLine.split(' ')[1]);
    expect(readFileSync(file, 'utf8')).not.toContain('beta');
    expect(KnownHosts.read([file]).check('beta', 2222, rsa).status).toBe('known');
  });

  it('ends an unfinished last line before it adds one', () => {
    const file = join(dir, 'unfinished');
    writeFileSync(file, `alpha ${edLine}`);
    appendKnownHost(file, 'beta', 22, rsa);
    expect(readFileSync(file, 'utf8')).toBe(`alpha ${edLine}\nbeta ${rsaLine}\n`);
  });

  it('keeps a symlink, and makes folder and file for the owner alone', () => {
    const folder = join(dir, 'dotssh');
    const target = join(dir, 'elsewhere');
    mkdirSync(folder);
    writeFileSync(target, '');
    symlinkSync(target, join(folder, 'known_hosts'));
    appendKnownHost(join(folder, 'known_hosts'), 'alpha', 22, ed);
    expect(lstatSync(join(folder, 'known_hosts')).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe(`alpha ${edLine}\n`);
    const fresh = join(dir, 'made', '.ssh', 'known_hosts');
    appendKnownHost(fresh, 'alpha', 22, ed);
    expect(statSync(fresh).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'made', '.ssh')).mode & 0o777).toBe(0o700);
  });

  it('never tears a line of another process', async () => {
    const file = join(dir, 'shared');
    const module = new URL('../../../../dist/transport/ssh/host/known-hosts-append.js', import.meta.url).href;
    const writer = (number: number): Promise<void> =>
      new Promise((resolve, reject) => {
        const program = `import { appendKnownHost } from ${JSON.stringify(module)};
          const key = Buffer.from(${JSON.stringify(rsaLine.split(' ')[1])}, 'base64');
          for (let i = 0; i < 200; i++) appendKnownHost(${JSON.stringify(file)}, 'h${number}-' + i, 2200, key);`;
        execFile(process.execPath, ['--input-type=module', '-e', program], (error) =>
          error === null ? resolve() : reject(error),
        );
      });
    await Promise.all([1, 2, 3, 4].map(writer));
    const trace: string[] = [];
    const known = KnownHosts.read([file], (line) => trace.push(line));
    expect(trace).toEqual([]);
    for (const number of [1, 2, 3, 4]) {
      for (let i = 0; i < 200; i++) expect(known.check(`h${number}-${i}`, 2200, rsa).status).toBe('known');
    }
    // Whoever sees the beginning of another's line may add an empty one.
    const written = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    expect(written).toHaveLength(800);
  });

  it.each(['*', 'a,b', 'a b', '!a', 'a\nb', '@revoked'])('never writes the name %j', (name) => {
    const file = join(dir, 'never');
    expect(() => appendKnownHost(file, name, 22, ed)).toThrow(/plain host name/);
    expect(existsSync(file)).toBe(false);
  });

  it('fails closed if a file can not be read', async () => {
    const file = join(dir, 'is-a-directory');
    mkdirSync(file);
    const error = await failure((async () => KnownHosts.read([file]))());
    expect(error).toMatchObject({ code: 'RSYNC_HOST_KEY', exitCode: 255, path: file });
    if (process.getuid?.() !== 0 && process.platform !== 'win32') {
      const secret = join(dir, 'secret');
      writeFileSync(secret, '');
      chmodSync(secret, 0);
      expect(await failure((async () => KnownHosts.read([secret]))())).toMatchObject({
        code: 'RSYNC_HOST_KEY',
      });
    }
  });

  it('takes missing files and the null device as empty', () => {
    const known = KnownHosts.read([
      join(dir, 'missing'),
      join(dir, 'k0', 'below-a-file'),
      '/dev/null',
      'none',
    ]);
    expect(known.check('alpha', 22, ed).status).toBe('unknown');
    appendKnownHost('/dev/null', 'alpha', 22, ed);
  });
});
