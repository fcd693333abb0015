import type { AddressInfo } from 'node:net';
import ssh2, { type Client, type ClientChannel, type Server } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  serverIdentification,
  stopLog,
  tapAuthentication,
  widenWindow,
} from '../../../src/transport/ssh/ssh2-tap.ts';
import { ssh2Key } from '../support.ts';

// What src/transport/ssh/ssh2-tap.ts takes for granted of the pinned ssh2. A new release must pass here first.
describe('the tap into ssh2', () => {
  let server: Server;
  let port: number;
  /** Bytes that the server was allowed to send and has sent before it was stopped. */
  let sent = 0;
  beforeAll(async () => {
    const key = ssh2Key();
    server = new ssh2.Server({ hostKeys: [key.private], ident: 'tapped' }, (client) => {
      client.on('error', () => {});
      client.on('authentication', (context) => {
        if (context.method === 'password' && context.password === 'right') context.accept();
        else if (context.method === 'keyboard-interactive') {
          context.prompt([], 'Maintenance', 'at noon', () => context.reject(['password']));
        } else if (context.method === 'password') context.reject(['password', 'publickey'], true);
        else context.reject(['password']);
      });
      client.on('session', (accept) => {
        accept().on('exec', (acceptExec) => {
          const stream = acceptExec();
          const block = Buffer.alloc(1 << 20);
          const more = (): void => {
            // Called once the block has been handed to the connection: the window was large enough.
            stream.write(block, () => {
              sent += block.length;
              if (sent < 64 << 20) more();
            });
          };
          more();
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.close();
  });

  interface Answers {
    rejected: unknown[];
    log: string[];
    words?: string[];
  }

  /** Passwords to try; an empty one stands for keyboard-interactive. */
  function login(answers: Answers, passwords: string[]): Promise<Client> {
    const client = new ssh2.Client();
    return new Promise((resolve, reject) => {
      client.on('ready', () => resolve(client));
      client.on('error', reject);
      client.connect({
        host: '127.0.0.1',
        port,
        username: 'ann',
        debug: (line) => answers.log.push(line),
        authHandler: ((_left: unknown, _partial: unknown, next: (method: unknown) => void) => {
          const password = passwords.shift();
          if (password === '') next({ type: 'keyboard-interactive', username: 'ann', prompt: () => {} });
          else next(password === undefined ? false : { type: 'password', username: 'ann', password });
        }) as never,
      });
      tapAuthentication(client, {
        rejected: (methods, partial) => answers.rejected.push([methods, partial]),
        serverAlgorithms: (names) => [...names],
        informed: (name, instructions) => answers.words?.push(name, instructions),
      });
    });
  }

  it('is told of every refusal, with the methods left and partial success', async () => {
    const answers = { rejected: [] as unknown[], log: [] as string[] };
    const client = await login(answers, ['wrong', 'wrong again', 'right']);
    expect(answers.rejected).toEqual([
      [['password', 'publickey'], true],
      [['password', 'publickey'], true],
    ]);
    expect(serverIdentification(client)).toBe('SSH-2.0-tapped');
    client.end();
  });

  it('is told of words that come without a question', async () => {
    const answers = { rejected: [] as unknown[], log: [] as string[], words: [] as string[] };
    const client = await login(answers, ['', 'right']);
    expect(answers.words).toEqual(['Maintenance', 'at noon']);
    client.end();
  });

  it('stops the log of packets', async () => {
    const answers = { rejected: [] as unknown[], log: [] as string[] };
    const client = await login(answers, ['right']);
    stopLog(client);
    const before = answers.log.length;
    await new Promise((resolve) =>
      client.exec('x', (_error, stream) => resolve(stream.once('data', resolve))),
    );
    expect(before).toBeGreaterThan(10);
    // Lines of the client itself, not of its packets, may still come.
    expect(answers.log.slice(before).filter((line) => /^(In|Out)bound/.test(line))).toEqual([]);
    client.end();
  });

  it('widens the window, and still stops a server that is too far ahead', async () => {
    const answers = { rejected: [] as unknown[], log: [] as string[] };
    const client = await login(answers, ['right']);
    sent = 0;
    const stream = await new Promise<ClientChannel>((resolve, reject) =>
      client.exec('x', (error, opened) => (error ? reject(error) : resolve(opened))),
    );
    widenWindow(stream, 8 << 20);
    // Nobody reads: what the server gets rid of is the window, and the block that is under way.
    let last = -1;
    await expect
      .poll(
        () => {
          const still = sent === last && sent > 0;
          last = sent;
          return still;
        },
        { interval: 300, timeout: 20_000 },
      )
      .toBe(true);
    expect(sent).toBeGreaterThanOrEqual(6 << 20);
    expect(sent).toBeLessThan(16 << 20);
    stream.on('data', () => {});
    await expect.poll(() => sent, { timeout: 20_000 }).toBeGreaterThan(32 << 20);
    client.end();
  });
});
