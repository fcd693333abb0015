import type { AuthContext } from 'ssh2';
import { afterAll, describe, expect, it } from 'vitest';
import { KeyboardInteractive } from '../../../../src/transport/ssh/auth/keyboard-interactive.ts';
import type { OnPrompt } from '../../../../src/transport/ssh/auth/prompts.ts';
import { failure, open, script, temporaryFolder, text } from '../../support.ts';
import { askInRounds, type WordsServer, wordsServer } from './words-server.ts';

const dir = temporaryFolder();

describe('keyboard-interactive', () => {
  const servers: WordsServer[] = [];
  afterAll(() => {
    for (const server of servers) server.stop();
  });
  const start = async (authenticate: (context: AuthContext, attempt: number) => void) => {
    const server = await wordsServer(authenticate);
    servers.push(server);
    return server;
  };
  /** A server that asks in these rounds and takes these answers. */
  const asking = (rounds: Parameters<typeof askInRounds>[1], right: (answers: string[][]) => boolean) =>
    start((context) => {
      if (context.method !== 'keyboard-interactive') context.reject(['keyboard-interactive']);
      else {
        askInRounds(context, rounds, (answers) =>
          right(answers) ? context.accept() : context.reject(['keyboard-interactive']),
        );
      }
    });
  const login = (server: WordsServer, more: Parameters<typeof open>[3]) =>
    open(server as never, dir, 'x', { key: null, user: 'ann', ...more });
  const expectIn = async (server: WordsServer, more: Parameters<typeof open>[3]) =>
    expect(await text((await login(server, more)).input)).toBe('in\n');

  it('passes on several questions, with or without echo, in several rounds', async () => {
    const server = await asking(
      [
        {
          name: 'Bank\u001b]0;title\u0007',
          instructions: 'First line\r\nSecond line\n',
          questions: [
            { prompt: 'Name: ', echo: true },
            { prompt: 'PIN: ', echo: false },
          ],
        },
        { instructions: 'Nothing to answer', questions: [] },
        { questions: [{ prompt: 'Co\u202ede: ', echo: false }] },
      ],
      (answers) => JSON.stringify(answers) === '[["Ann Lee","1234"],[],["987"]]',
    );
    const onPrompt = script(['Ann Lee', '1234', '987']);
    await expectIn(server, { onPrompt });
    expect(onPrompt.requests.map(({ secret }) => secret)).toEqual([false, true, true]);
    // Every line of the server's words tells where it is from.
    expect(onPrompt.asked).toEqual([
      '(ann@127.0.0.1) Bank]0;title\n(ann@127.0.0.1) First line\n(ann@127.0.0.1) Second line\n(ann@127.0.0.1) Name: ',
      '(ann@127.0.0.1) PIN: ',
      '(ann@127.0.0.1) Nothing to answer\n(ann@127.0.0.1) Code: ',
    ]);
  });

  it('shows with the next question what the server said without asking', async () => {
    const ask = script(['x']);
    const round = new KeyboardInteractive({ username: 'ann', host: 'h', ask, takePassword: () => undefined });
    for (let i = 0; i < 20; i++) round.informed('', `Note ${i}\u0007`);
    round.informed('Welcome', 'Your password\nexpires soon');
    const questions = [{ prompt: 'Code: ', echo: false }];
    await new Promise<string[]>((resolve) => round.method.prompt('', 'Now', '', questions, resolve));
    expect(ask.asked[0]!.split('\n').slice(-6)).toEqual([
      '(ann@h) Note 19',
      '(ann@h) Welcome',
      '(ann@h) Your password',
      '(ann@h) expires soon',
      '(ann@h) Now',
      '(ann@h) Code: ',
    ]);
    expect(ask.asked[0]).not.toContain('Note 10');
  });

  it('gives each question an answer, also if nobody wants to', async () => {
    const given: string[][][] = [];
    const questions = ['a', 'b', 'c'].map((prompt) => ({ prompt, echo: false }));
    const server = await asking([{ questions }], (answers) => {
      given.push(answers);
      return false;
    });
    const onPrompt = script(['one', undefined, 'three']);
    const error = await failure(login(server, { onPrompt }));
    expect(given).toEqual([[['one', '', '']]]);
    expect(onPrompt.asked).toHaveLength(2);
    expect(error.message).toContain('passwords or answers refused: 1');
  });

  it('is tried once with a server that asks nothing', async () => {
    let attempts = 0;
    const server = await start((context) => {
      if (context.method === 'keyboard-interactive') attempts++;
      context.reject(['keyboard-interactive']);
    });
    await failure(login(server, { onPrompt: script([]) }));
    expect(attempts).toBe(1);
  });

  it('shows no more of a flood than a screenful, and asks no endless list', async () => {
    const questions = Array.from({ length: 100 }, (_, i) => ({
      prompt: `${i}${'x'.repeat(100)}`,
      echo: false,
    }));
    const server = await asking([{ questions }], () => false);
    const onPrompt = script([]);
    await failure(login(server, { onPrompt }));
    expect(onPrompt.asked).toEqual([]);
    const long = await asking(
      [{ questions: [{ prompt: 'y'.repeat(20_000), echo: false }], instructions: 'z'.repeat(10_000) }],
      () => true,
    );
    const once = script(['x']);
    await expectIn(long, { onPrompt: once });
    expect(once.asked[0]!.length).toBeLessThan(9000);
  });

  it('comes to an end with a server that asks for ever', async () => {
    const endless = { questions: [{ prompt: 'More: ', echo: false }] };
    const server = await asking(
      Array.from({ length: 40 }, () => endless),
      () => false,
    );
    let asked = 0;
    const onPrompt: OnPrompt = () => String(asked++);
    await failure(login(server, { onPrompt }));
    expect(asked).toBe(32);
  });

  it('never gets a password that the caller gave for anything but the first question for one', async () => {
    const answersTo = async (prompt: string, echo = false, more: string[] = []): Promise<string[][]> => {
      let given: string[][] = [];
      const questions = [prompt, ...more].map((text) => ({ prompt: text, echo }));
      const server = await asking([{ questions }, { questions }], (answers) => {
        given = answers;
        return true;
      });
      await expectIn(server, { ssh: { password: 'hunter2' } });
      return given;
    };
    expect(await answersTo('Password: ')).toEqual([['hunter2'], ['']]);
    expect(await answersTo('Mot de passe : ')).toEqual([['hunter2'], ['']]);
    expect(await answersTo('Verification code: ')).toEqual([[''], ['']]);
    expect(await answersTo('Password: ', true)).toEqual([[''], ['']]);
    expect(await answersTo('Password: ', false, ['Again: '])).toEqual([
      ['', ''],
      ['', ''],
    ]);
  });

  it('comes after a password that the caller gave, which is not used twice', async () => {
    const words: string[] = [];
    const server = await start((context) => {
      if (context.method === 'password') {
        words.push(context.password);
        context.reject(['password', 'keyboard-interactive']);
      } else if (context.method === 'keyboard-interactive') {
        askInRounds(context, [{ questions: [{ prompt: 'Password: ', echo: false }] }], ([answers]) => {
          words.push(...answers!);
          context.accept();
        });
      } else context.reject(['keyboard-interactive', 'password']);
    });
    await expectIn(server, { ssh: { password: 'hunter2' }, onPrompt: script([undefined, 'other']) });
    expect(words).toEqual(['hunter2', 'other']);
  });

  it('does not go on for ever with a server that finds ever further steps', async () => {
    let attempts = 0;
    const server = await start((context) => {
      if (context.method !== 'none') attempts++;
      context.reject(['password'], context.method !== 'none');
    });
    let asked = 0;
    const onPrompt: OnPrompt = () => String(asked++);
    const error = await failure(login(server, { onPrompt }));
    expect(attempts).toBe(11);
    expect(error.message).toContain('accepted so far: password');
  });

  it('takes from a server no names of methods that are none', async () => {
    const server = await start((context) => context.reject(['pass\u001b[2Jword', 'x'.repeat(1000)] as never));
    const error = await failure(login(server, { onPrompt: script([]) }));
    expect(error.message).toMatch(/the server accepts: $/);
    expect(error.hint).toContain('--rsh-spawn');
  });

  it('says that the password has expired', async () => {
    const server = await start((context) => {
      if (context.method === 'password') context.requestChange('Choose a new one', () => context.reject());
      else context.reject(['password']);
    });
    const error = await failure(login(server, { ssh: { password: 'old' } }));
    expect(error.message).toContain('has expired');
  });
});
