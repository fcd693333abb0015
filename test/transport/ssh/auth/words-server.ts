import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type AuthContext, type KeyboardAuthContext } from 'ssh2';
import type { Sshd } from '../../../support/sshd.ts';
import { ssh2Key } from '../../support.ts';

export interface WordsServer extends Pick<Sshd, 'host' | 'port' | 'knownHostsPath'> {
  /** Names and values of the environment that the client has sent. */
  env: Record<string, string>;
  stop(): void;
}

/** An ssh server of another implementation, whose login is up to the test: for what sshd would need accounts or PAM for. */
export async function wordsServer(
  authenticate: (context: AuthContext, attempt: number) => void,
): Promise<WordsServer> {
  const dir = mkdtempSync(join(tmpdir(), 'rsyncjs-words-'));
  const hostKey = ssh2Key();
  const env: Record<string, string> = {};
  const server = new ssh2.Server({ hostKeys: [hostKey.private] }, (client) => {
    let attempt = 0;
    client.on('error', () => {});
    client.on('authentication', (context) => authenticate(context, attempt++));
    client.on('session', (accept) => {
      const session = accept();
      session.on('env', (accepted, _reject, info) => {
        env[info.key] = info.val;
        accepted?.();
      });
      session.on('exec', (acceptExec) => {
        const stream = acceptExec();
        stream.write('in\n');
        stream.exit(0);
        stream.end();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const knownHostsPath = join(dir, 'known_hosts');
  writeFileSync(knownHostsPath, `[127.0.0.1]:${port} ${hostKey.public}\n`);
  return {
    host: '127.0.0.1',
    port,
    knownHostsPath,
    env,
    stop: () => {
      server.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Rounds of questions, one after the other, then the verdict on all answers. */
export function askInRounds(
  context: KeyboardAuthContext,
  rounds: { questions: { prompt: string; echo: boolean }[]; name?: string; instructions?: string }[],
  verdict: (answers: string[][]) => void,
): void {
  const given: string[][] = [];
  const round = (): void => {
    const next = rounds[given.length];
    if (next === undefined) {
      verdict(given);
      return;
    }
    context.prompt(next.questions, next.name ?? '', next.instructions ?? '', (answers) => {
      given.push(answers);
      round();
    });
  };
  round();
}
