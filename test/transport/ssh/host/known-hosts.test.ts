import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  appendKnownHost,
  fingerprint,
  KnownHosts,
  keyTypeOf,
} from '../../../../src/transport/ssh/host/known-hosts.ts';
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
      expect(known.check(host, port, ed), host).toEqual({ status: 'unknown', otherTypes: [] });
    }
  });

  it('accepts for another port the key on file without one, but nothing else', () => {
    const known = hosts(`alpha ${edLine}`);
    expect(known.check('alpha', 2222, ed).status).toBe('known');
    expect(known.check('alpha', 2222, ed2)).toEqual({ status: 'unknown', otherTypes: [] });
  });

  it('tells a changed key from one of another type, and says where', () => {
    const known = hosts(`# x\nalpha ${edLine}\nalpha ${rsaLine}`);
    expect(known.check('alpha', 22, ed2)).toEqual({ status: 'changed', at: 'kh:2', file: 'kh' });
    expect(known.check('alpha', 22, ecdsa)).toEqual({
      status: 'unknown',
      otherTypes: ['ssh-ed25519', 'ssh-rsa'],
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
    });
    expect(trace.join()).toContain('kh:1: host certificates are not supported');
  });

  it('passes over lines that make no sense', () => {
    const known = hosts(
      `alpha\nalpha ssh-ed25519\nalpha ssh-ed25519 !!!!\n@odd alpha ${edLine}\nalpha ${ecdsaLine}`,
    );
    expect(known.keyTypes('alpha', 22)).toEqual(['ecdsa-sha2-nistp256']);
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
