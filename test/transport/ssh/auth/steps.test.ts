import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKey, type Sshd, sshdMissing, startSshd } from '../../../support/sshd.ts';
import { failure, open, script, temporaryFolder, text } from '../../support.ts';
import { type Account, accountsMissing, makeAccount } from './accounts.ts';

const dir = temporaryFolder();

// Skipped where no account with a password can be made: accountsMissing tells why.
describe.skipIf(sshdMissing() ?? accountsMissing())(
  'ssh login with passwords and in several steps, with sshd',
  () => {
    let account: Account;
    const servers: Sshd[] = [];
    const [first, second] = ['first', 'second'].map((name) => makeKey(join(dir, name)));
    beforeAll(() => {
      account = makeAccount('correct horse');
      for (const { publicKey } of [first!, second!]) account.authorize(publicKey);
    });
    afterAll(async () => {
      await Promise.all(servers.map((sshd) => sshd.stop()));
      account.remove();
    });

    const start = async (...config: string[]) => {
      const sshd = await startSshd({
        config: ['AuthorizedKeysFile .ssh/authorized_keys', 'PasswordAuthentication yes', ...config],
      });
      servers.push(sshd);
      return sshd;
    };
    const login = (sshd: Sshd, more: Parameters<typeof open>[3]) =>
      open(sshd, dir, 'id -un', { key: null, user: account.name, ...more });
    const expectIn = async (sshd: Sshd, more: Parameters<typeof open>[3]) => {
      const channel = await login(sshd, more);
      expect(await text(channel.input)).toBe(`${account.name}\n`);
    };

    it('asks for the password, again after a wrong one', async () => {
      const sshd = await start();
      const onPrompt = script(['wrong', 'correct horse']);
      await expectIn(sshd, { onPrompt });
      expect(onPrompt.requests).toEqual(
        [1, 2].map(() => ({
          kind: 'password',
          message: `${account.name}@127.0.0.1's password: `,
          secret: true,
          user: account.name,
          host: '127.0.0.1',
        })),
      );
    });

    it('asks as often as NumberOfPasswordPrompts says', async () => {
      const sshd = await start();
      for (const [args, asked] of [
        ['', 3],
        ['-o NumberOfPasswordPrompts=1', 1],
        ['-o NumberOfPasswordPrompts=5', 5],
      ] as const) {
        const onPrompt = script(Array(9).fill('wrong'));
        const error = await failure(login(sshd, { onPrompt, args }));
        expect(onPrompt.asked).toHaveLength(asked);
        expect(error.message).toContain(`passwords or answers refused: ${asked}`);
        expect(error.hint).toContain('user name and the password');
      }
    });

    it('takes a password that it is given, once', async () => {
      const sshd = await start();
      await expectIn(sshd, { ssh: { password: 'correct horse' } });
      const error = await failure(login(sshd, { ssh: { password: 'wrong one' } }));
      expect(error.message).toContain('passwords or answers refused: 1');
      expect(sshd.log().match(/Failed password/g)).toHaveLength(1);
      const onPrompt = script(['correct horse']);
      await expectIn(sshd, { ssh: { password: 'wrong one' }, onPrompt });
      expect(onPrompt.asked).toHaveLength(1);
    });

    it('goes on to a password after a key, which is not offered again', async () => {
      const sshd = await start('AuthenticationMethods publickey,password');
      const trace: string[] = [];
      const onPrompt = script(['correct horse']);
      await expectIn(sshd, { key: first!.path, onPrompt, trace: (line) => trace.push(line) });
      expect(trace.filter((line) => line.includes('offering'))).toHaveLength(1);
      expect(trace.join('\n')).toContain('publickey accepted as one step of several');
      await expectIn(sshd, { key: first!.path, ssh: { password: 'correct horse' } });
      const alone = await failure(login(sshd, { key: first!.path }));
      expect(alone.message).toMatch(/accepted so far: publickey; the server accepts: password$/);
      expect(alone.hint).toContain('further step');
      expect(alone.hint).toContain('terminal');
    });

    it('uses two keys where the server wants two', async () => {
      const sshd = await start('AuthenticationMethods publickey,publickey');
      const trace: string[] = [];
      const keys = [first!, second!].map(({ path }) => `-i ${path}`).join(' ');
      await expectIn(sshd, { args: keys, trace: (line) => trace.push(line) });
      expect(trace.filter((line) => line.includes('offering'))).toHaveLength(2);
      const one = await failure(login(sshd, { key: first!.path }));
      expect(one.message).toContain('accepted so far: publickey');
      expect(one.hint).toContain('further key');
    });

    it('starts with the password where the server wants that first', async () => {
      const sshd = await start('AuthenticationMethods password,publickey');
      await expectIn(sshd, { key: first!.path, onPrompt: script(['correct horse']) });
    });

    it('takes the methods in the order of PreferredAuthentications, and no others', async () => {
      const sshd = await start();
      const onPrompt = script(['correct horse']);
      const args = '-o PreferredAuthentications=gssapi-with-mic,password,publickey';
      await expectIn(sshd, { key: first!.path, onPrompt, args });
      expect(onPrompt.asked).toHaveLength(1);
      const none = script(['correct horse']);
      const error = await failure(
        login(sshd, { onPrompt: none, args: '-o PreferredAuthentications=publickey' }),
      );
      expect(none.asked).toEqual([]);
      expect(error.message).toContain('the server accepts: publickey, password');
      for (const args of [
        '-o PreferredAuthentications=gssapi-with-mic',
        '-o PubkeyAuthentication=no -o PasswordAuthentication=no',
      ]) {
        const nothing = await failure(login(sshd, { onPrompt: none, args }));
        expect(nothing.hint, args).toContain('The settings leave out every method');
      }
    });

    it('asks nobody in batch mode', async () => {
      const sshd = await start();
      const onPrompt = script(['correct horse']);
      await failure(login(sshd, { onPrompt, args: '-o BatchMode=yes' }));
      expect(onPrompt.asked).toEqual([]);
    });

    describe('that asks through PAM', () => {
      const pam = ['UsePAM yes', 'KbdInteractiveAuthentication yes'];

      it('answers keyboard-interactive, again after a wrong answer', async () => {
        const sshd = await start(...pam, 'AuthenticationMethods keyboard-interactive');
        const onPrompt = script(['wrong', 'correct horse']);
        await expectIn(sshd, { onPrompt });
        expect(onPrompt.requests[0]).toEqual({
          kind: 'keyboard-interactive',
          message: `(${account.name}@127.0.0.1) Password: `,
          secret: true,
          user: account.name,
          host: '127.0.0.1',
        });
      });

      it('takes a password that it is given for the question for one, once', async () => {
        const sshd = await start(...pam, 'AuthenticationMethods keyboard-interactive');
        await expectIn(sshd, { ssh: { password: 'correct horse' } });
        const error = await failure(login(sshd, { ssh: { password: 'wrong one' } }));
        expect(error.message).toContain('passwords or answers refused: 1');
      });

      it('never answers a second step with a password that it is given', async () => {
        const sshd = await start(...pam, 'AuthenticationMethods publickey,keyboard-interactive');
        const error = await failure(login(sshd, { key: first!.path, ssh: { password: 'correct horse' } }));
        expect(error.message).toContain('accepted so far: publickey');
        expect(error.message).not.toContain('passwords or answers');
        const onPrompt = script(['correct horse']);
        await expectIn(sshd, { key: first!.path, onPrompt, ssh: { password: 'something else' } });
        expect(onPrompt.asked).toHaveLength(1);
      });
    });
  },
);
