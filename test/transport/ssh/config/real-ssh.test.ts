import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ACCEPTED, type Case, REFUSED } from './corpus.ts';
import { type Answer, askSsh, askUs, caseFolder, comparable, inWordsOfSsh, sshMissing } from './support.ts';

const missing = sshMissing();

describe.skipIf(missing !== undefined)(
  `as ssh -G resolves it ${missing ? `(skipped: ${missing})` : ''}`,
  () => {
    const folder = caseFolder();

    function prepare({ config, files = {}, env = {} }: Case) {
      const dir = folder({ ...files, config });
      // Without an agent and other settings of whoever runs the tests.
      return { file: join(dir, 'config'), env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } };
    }

    function defaultsFor(host: string, env: NodeJS.ProcessEnv): Answer {
      const { answer, stderr } = askSsh('none', host, [], env);
      if (answer === undefined) throw new Error(`ssh -G without configuration: ${stderr}`);
      return answer;
    }

    it('has a corpus worth the name', () => {
      expect(ACCEPTED.length + REFUSED.length).toBeGreaterThan(200);
    });

    it.each(ACCEPTED.map((entry) => [entry.config, entry.args ?? [], entry] as const))(
      'accepts %j with %j',
      async (_config, args, entry) => {
        const { file, env } = prepare(entry);
        for (const host of entry.hosts ?? ['a']) {
          const real = askSsh(file, host, args, env);
          if (real.answer === undefined) throw new Error(`ssh refuses it: ${real.stderr}`);
          const us = await askUs(file, host, args, env);
          if (us.error !== undefined) throw us.error;
          const ours = inWordsOfSsh(us, defaultsFor(host, env));
          expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(comparable(real.answer, ours)));
        }
      },
    );

    it.each(REFUSED.map((entry) => [entry.config, entry] as const))('refuses %j', async (_config, entry) => {
      const { file, env } = prepare(entry);
      const real = askSsh(file, 'a', [], env);
      expect(real.answer).toBeUndefined();
      const us = await askUs(file, 'a', [], env);
      // What stands in the name of a file is found out when the name is needed.
      const expand = () => us.settings?.userKnownHostsFiles?.map((name) => us.names.expand('', name));
      if (us.error === undefined) expect(expand).toThrow();
      else expect(us.error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 255, origin: 'local' });
    });
  },
);
