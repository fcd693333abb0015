import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticator } from '../../../../src/transport/ssh/auth/authenticator.ts';
import { collectIdentities } from '../../../../src/transport/ssh/auth/identities.ts';
import { makeKey, type Sshd, sshdMissing, startSshd } from '../../../support/sshd.ts';
import { failure, open, temporaryFolder, text } from '../../support.ts';

const dir = temporaryFolder();

describe.skipIf(sshdMissing())('the signatures of an RSA key', () => {
  const key = makeKey(join(dir, 'rsa'), 'rsa');
  const servers: Sshd[] = [];
  afterAll(() => Promise.all(servers.map((sshd) => sshd.stop())));
  const start = async (accepted?: string) => {
    const config = ['LogLevel DEBUG2'];
    if (accepted !== undefined) config.push(`PubkeyAcceptedAlgorithms ${accepted}`);
    const sshd = await startSshd({ config });
    servers.push(sshd);
    sshd.authorize(key.publicKey);
    return sshd;
  };
  /** What sshd says the key was offered with, in order. */
  const offered = (sshd: Sshd) =>
    [...sshd.log().matchAll(/pkalg (\S+)/g)]
      .map(([, algorithm]) => algorithm)
      .filter((name) => /rsa/.test(name!));
  const login = (sshd: Sshd, args = '') => open(sshd, dir, 'echo in', { key: key.path, args });
  const expectIn = async (sshd: Sshd, args = '') =>
    expect(await text((await login(sshd, args)).input)).toBe('in\n');

  it('are the strongest that the server tells of', async () => {
    const sshd = await start('rsa-sha2-512');
    await expectIn(sshd);
    expect(new Set(offered(sshd))).toEqual(new Set(['rsa-sha2-512']));
  });

  it('are what PubkeyAcceptedAlgorithms says', async () => {
    const sshd = await start('ssh-ed25519,rsa-sha2-256');
    await expectIn(sshd, '-o PubkeyAcceptedAlgorithms=rsa-sha2-256');
    expect(new Set(offered(sshd))).toEqual(new Set(['rsa-sha2-256']));
    const none = await failure(login(sshd, '-o PubkeyAcceptedAlgorithms=-rsa-*'));
    expect(none.message).toContain('PubkeyAcceptedAlgorithms leaves RSA out');
    const other = await failure(
      open(sshd, dir, 'true', { args: '-o PubkeyAcceptedAlgorithms=rsa-sha2-512' }),
    );
    expect(other.message).toContain('PubkeyAcceptedAlgorithms leaves ssh-ed25519 out');
  });

  it('are made with SHA-1 only if that is asked for by name', async () => {
    const sshd = await start('ssh-rsa');
    expect((await failure(login(sshd))).code).toBe('RSYNC_AUTH');
    expect(offered(sshd)).not.toContain('ssh-rsa');
    const before = offered(sshd).length;
    await expectIn(sshd, '-o PubkeyAcceptedAlgorithms=ssh-rsa');
    expect(new Set(offered(sshd).slice(before))).toEqual(new Set(['ssh-rsa']));
  });

  it('come from keys that are long enough', async () => {
    const sshd = await start();
    await expectIn(sshd, '-o RequiredRSASize=2048');
    const error = await failure(login(sshd, '-o RequiredRSASize=2049'));
    expect(error.message).toMatch(/RSA SHA256:\S+ \(\S+rsa\): 2048 bits, and RequiredRSASize is 2049/);
  });

  describe('with a server that tells', () => {
    let identities: Awaited<ReturnType<typeof collectIdentities>>;
    beforeAll(async () => {
      identities = await collectIdentities({
        files: [key.path],
        explicit: true,
        agent: undefined,
        agentExplicit: false,
        identitiesOnly: false,
        ask: undefined,
        trace: () => {},
      });
    });
    const authenticator = (pubkeyAcceptedAlgorithms?: string, server?: string) =>
      new Authenticator({
        username: 'ann',
        host: 'h',
        identities: { ...identities, skipped: [] },
        settings: {
          identityFiles: [],
          ...(pubkeyAcceptedAlgorithms === undefined ? {} : { pubkeyAcceptedAlgorithms }),
        },
        ask: undefined,
        trace: () => {},
        server: () => server,
      });
    const first = async (auth: Authenticator) => {
      expect(await auth.next()).toEqual({ type: 'none', username: 'ann' });
      auth.rejected(['publickey'], false);
      return (await auth.next())?.type;
    };

    it('nothing: none but SHA-1 can be right', async () => {
      const auth = authenticator();
      expect(await first(auth)).toBeUndefined();
      expect(auth.failure().message).toContain('with SHA-1 only');
      expect(await first(authenticator('+ssh-rsa'))).toBe('agent');
      expect(await first(authenticator(undefined, 'SSH-2.0-OpenSSH_7.2'))).toBeUndefined();
    });

    it('too little, as OpenSSH 7.4 does', async () => {
      expect(await first(authenticator(undefined, 'SSH-2.0-OpenSSH_7.4p1 Debian-10'))).toBe('agent');
      expect(await first(authenticator('rsa-sha2-512', 'SSH-2.0-OpenSSH_7.4'))).toBeUndefined();
    });

    it('all: the library hears of one, so that the key costs one attempt', async () => {
      const told = ['ssh-ed25519', 'ssh-rsa', 'rsa-sha2-256', 'rsa-sha2-512', 'x\u001b'];
      expect(authenticator().serverAlgorithms(told)).toEqual(['ssh-ed25519', 'x\u001b', 'rsa-sha2-512']);
      expect(authenticator('rsa-sha2-256').serverAlgorithms(told)).toContain('rsa-sha2-256');
      expect(authenticator('^ssh-rsa').serverAlgorithms(told)).toContain('ssh-rsa');
      expect(authenticator('-rsa-*').serverAlgorithms(told)).toEqual(['ssh-ed25519', 'x\u001b']);
      const auth = authenticator();
      auth.serverAlgorithms(['rsa-sha2-256']);
      expect(await first(auth)).toBe('agent');
    });
  });
});
