import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dropbear, dropbearMissing, startDropbear } from '../../../support/dropbear.ts';
import { makeKey } from '../../../support/sshd.ts';
import { failure, open, script, temporaryFolder, text } from '../../support.ts';
import { type Account, accountsMissing, makeAccount } from './accounts.ts';
import { agentMissing, realAgent } from './agent-support.ts';

const dir = temporaryFolder();

// Dropbear looks for keys in the homes of accounts, so it needs some: accountsMissing tells why there are none.
describe.skipIf(dropbearMissing() ?? accountsMissing())('ssh login with dropbear', () => {
  const agent = realAgent(dir);
  let account: Account;
  const servers: Dropbear[] = [];
  beforeAll(() => {
    account = makeAccount('correct horse');
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    account.remove();
  });

  const start = async (...args: Parameters<typeof startDropbear>) => {
    const server = await startDropbear(...args);
    servers.push(server);
    return server;
  };
  const login = (
    server: Dropbear,
    more: Omit<Parameters<typeof open>[3] & object, 'key'> & { key?: string },
  ) => open(server as never, dir, 'id -un', { key: null, user: account.name, ...more });
  const expectIn = async (server: Dropbear, more: Parameters<typeof login>[1]) => {
    const channel = await login(server, more);
    expect(await text(channel.input)).toBe(`${account.name}\n`);
  };

  it.each(['ed25519', 'rsa', 'ecdsa'] as const)(
    'knows its %s host key and logs in with a key of that type',
    async (type) => {
      const server = await start([], [type]);
      const { path, publicKey } = makeKey(join(dir, `user-${type}`), type);
      account.authorize(publicKey);
      await expectIn(server, { key: path });
    },
  );

  it('offers an RSA key once', async () => {
    const server = await start(['-s']);
    const { path } = makeKey(join(dir, 'stranger'), 'rsa');
    const trace: string[] = [];
    const error = await failure(login(server, { key: path, args: '-v', trace: (line) => trace.push(line) }));
    expect(error.message).toContain('keys offered and refused: RSA SHA256:');
    expect(trace.filter((line) => line.includes('USERAUTH_REQUEST (publickey'))).toHaveLength(1);
  });

  it.skipIf(agentMissing())('uses an agent', async () => {
    const server = await start();
    const { path, publicKey } = makeKey(join(dir, 'agent-key'), 'ecdsa');
    account.authorize(publicKey);
    agent.add(path);
    await expectIn(server, { env: { HOME: dir, SSH_AUTH_SOCK: agent.socket } });
  });

  it('logs in with a password', async () => {
    const server = await start();
    await expectIn(server, { onPrompt: script(['wrong', 'correct horse']) });
    await expectIn(server, { ssh: { password: 'correct horse' } });
  });

  it('logs in with a key and a password where both are wanted', async () => {
    const server = await start(['-t']);
    const { path, publicKey } = makeKey(join(dir, 'with-password'));
    account.authorize(publicKey);
    const onPrompt = script(['correct horse']);
    await expectIn(server, { key: path, onPrompt });
    expect(onPrompt.asked).toHaveLength(1);
    const error = await failure(login(server, { key: path }));
    expect(error.message).toMatch(/accepted so far: publickey; the server accepts: password$/);
  });

  it('goes through many keys, for this server counts signatures and not offers', async () => {
    const server = await start(['-T', '2', '-s']);
    const keys = Array.from({ length: 8 }, (_, i) => makeKey(join(dir, `many-${i}`)));
    account.authorize(keys.at(-1)!.publicKey);
    await expectIn(server, { args: keys.map(({ path }) => `-i ${path}`).join(' ') });
  });
});
