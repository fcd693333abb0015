import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRsyncError } from '../../../../src/core/errors.ts';
import { makeKey, type Sshd, sshdMissing, startSshd } from '../../../support/sshd.ts';
import { open, script, ssh2Key, temporaryFolder, text } from '../../support.ts';
import { agentMessage, agentMissing, identitiesAnswer, listen, realAgent } from './agent-support.ts';
import { askInRounds, type WordsServer, wordsServer } from './words-server.ts';

const dir = temporaryFolder();
const environment = { setEnv: 'planted-setenv-Xc05', sendEnv: 'planted-sendenv-Tn66' };
const secrets = {
  password: 'planted-password-Kf83',
  wrong: 'planted-mistyped-Qz11',
  passphrase: 'planted-passphrase-Lw92',
  answer: 'planted-answer-Vb47',
  agent: 'planted-agent-bytes-Rd38',
};

/** Everything that a person could be shown of a login, or put into a bug report. */
interface Shown {
  texts: string[];
  failed: boolean;
}

function everythingOf(error: unknown): string[] {
  const texts = [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error) ?? ''];
  for (let at = error; at instanceof Error; at = at.cause) {
    texts.push(
      at.message,
      at.stack ?? '',
      String(at),
      JSON.stringify(at) ?? '',
      JSON.stringify(Object.entries(at)),
    );
    if (isRsyncError(at)) texts.push(at.hint ?? '', at.path ?? '');
  }
  return texts;
}

/** In the clear, and as base64 and hexadecimal at any offset of the surrounding bytes. */
function formsOf(secret: string): string[] {
  const inner = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)])
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  );
  return [secret, Buffer.from(secret).toString('hex'), ...inner];
}

function expectClean({ texts }: Shown, bodies: string[], planted: Record<string, string> = secrets): void {
  const all = texts.join('\n');
  for (const [name, secret] of Object.entries(planted)) {
    for (const form of formsOf(secret)) expect(all.includes(form), `${name} is shown`).toBe(false);
  }
  for (const line of bodies) expect(all.includes(line), 'a line of a private key is shown').toBe(false);
}

/** Lines of the private half: not the public one, which OpenSSH's format has in its first lines. */
function bodyOf(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line.length >= 40 && !line.startsWith('-')).slice(2);
}

describe.skipIf(sshdMissing() ?? agentMissing())('no secret is shown', () => {
  const agent = realAgent(dir);
  const plain = makeKey(join(dir, 'plain'), 'rsa', { format: 'PEM' });
  const locked = makeKey(join(dir, 'locked'), 'rsa', { passphrase: secrets.passphrase });
  const held = makeKey(join(dir, 'held'), 'ecdsa');
  const bodies = [plain, locked, held].flatMap(({ path }) => bodyOf(path));
  let sshd: Sshd;
  let words: WordsServer;
  let accepts = true;
  beforeAll(async () => {
    sshd = await startSshd({ config: ['AcceptEnv *'] });
    for (const key of [plain, locked, held]) sshd.authorize(key.publicKey);
    agent.add(held.path);
    words = await wordsServer((context) => {
      if (context.method === 'password') {
        if (context.password === secrets.password && accepts) context.accept();
        else context.reject(['password', 'keyboard-interactive']);
      } else if (context.method === 'keyboard-interactive') {
        const questions = [{ prompt: 'Code: ', echo: true }];
        askInRounds(context, [{ questions }], ([answers]) =>
          answers![0] === secrets.answer && accepts
            ? context.accept()
            : context.reject(['keyboard-interactive']),
        );
      } else context.reject(['keyboard-interactive', 'password']);
    });
  });
  afterAll(async () => {
    await sshd.stop();
    words.stop();
  });

  /** A login, with ssh -v, and all that there is to see of it. */
  const watch = async (server: object, more: Parameters<typeof open>[3] = {}): Promise<Shown> => {
    const texts: string[] = [];
    const args = `-v -o SetEnv=TOKEN=${environment.setEnv} -o SendEnv=PLANTED ${more.args ?? ''}`;
    try {
      const channel = await open(server as Sshd, dir, 'echo "$TOKEN$PLANTED" | wc -c', {
        key: null,
        ...more,
        args,
        env: { HOME: dir, PLANTED: environment.sendEnv, ...more.env },
        trace: (line) => texts.push(line),
      });
      await text(channel.input);
      const exit = await channel.exit;
      texts.push(inspect(channel.details), inspect(exit), channel.label);
      channel.destroy();
      // The trace is there at all, the library's own log included.
      expect(texts.some((line) => line.startsWith('ssh2:'))).toBe(true);
      return { texts, failed: false };
    } catch (error) {
      texts.push(...everythingOf(error));
      return { texts, failed: true };
    }
  };

  const keys: [string, Parameters<typeof open>[3]][] = [
    ['a key file', { key: plain.path }],
    ['a key as text', { ssh: { privateKey: readFileSync(plain.path, 'utf8') } }],
    ['a passphrase that is given', { key: locked.path, ssh: { passphrase: secrets.passphrase } }],
    [
      'a passphrase that is typed',
      { key: locked.path, onPrompt: script([secrets.wrong, secrets.passphrase]) },
    ],
    ['an agent', { env: { SSH_AUTH_SOCK: agent.socket } }],
  ];
  it.each(keys)('of %s that lets one in', async (_, more) => {
    const shown = await watch(sshd, more);
    expect(shown.failed).toBe(false);
    expectClean(shown, bodies);
  });

  it.each([
    ...keys,
    ['a key that is cut', { ssh: { privateKey: readFileSync(plain.path, 'utf8').slice(0, -200) } }],
    [
      'a key with a hole',
      { ssh: { privateKey: readFileSync(locked.path, 'utf8').replace(/\n.{30}/, '\n') } },
    ],
    ['a key under a wrong name', { ssh: { privateKey: bodyOf(plain.path).join('\n') } }],
    ['a passphrase that is wrong', { key: locked.path, ssh: { passphrase: secrets.wrong } }],
    ['wrong passphrases', { key: locked.path, onPrompt: script(Array(3).fill(secrets.wrong)) }],
  ] as typeof keys)('of %s that does not', async (_, more) => {
    const other = await startSshd({ config: ['PubkeyAuthentication no', 'PasswordAuthentication yes'] });
    const strict = await startSshd();
    for (const server of [other, strict]) {
      const shown = await watch(server, more);
      expect(shown.failed).toBe(true);
      expectClean(shown, bodies);
      await server.stop();
    }
  });

  it.each([true, false])('of passwords and answers (right: %s)', async (right) => {
    accepts = right;
    for (const more of [
      { ssh: { password: secrets.password } },
      { onPrompt: script([secrets.wrong, secrets.answer, secrets.answer, secrets.answer]) },
      {
        args: '-o PreferredAuthentications=password',
        onPrompt: script([secrets.wrong, secrets.password, secrets.wrong]),
      },
    ]) {
      const shown = await watch(words, more);
      expect(shown.failed).toBe(!right);
      expectClean(shown, bodies);
    }
  });

  it('of the environment that goes along', async () => {
    accepts = true;
    for (const server of [sshd, words]) {
      const shown = await watch(server, { key: plain.path, ssh: { password: secrets.password } });
      expect(shown.failed).toBe(false);
      expectClean(shown, bodies, environment);
    }
    expect(words.env).toMatchObject({ TOKEN: environment.setEnv, PLANTED: environment.sendEnv });
  });

  it('of what an agent says', async () => {
    const key = ssh2Key();
    const parsed = ssh2.utils.parseKey(key.public) as ssh2.ParsedKey;
    sshd.authorize(key.public);
    const odd = await listen(join(dir, 'odd.sock'), (socket) => {
      socket.on('data', (data: Buffer) => {
        socket.write(
          data[4] === 11
            ? identitiesAnswer([{ blob: parsed.getPublicSSH(), comment: 'fine' }])
            : agentMessage(14, Buffer.from(secrets.agent)),
        );
      });
    });
    const shown = await watch(sshd, { env: { SSH_AUTH_SOCK: odd.path } });
    expect(shown.failed).toBe(true);
    expect(shown.texts.join('\n')).toContain('the agent did not sign: its answer makes no sense');
    expectClean(shown, bodies);
    odd.close();
  });
});
