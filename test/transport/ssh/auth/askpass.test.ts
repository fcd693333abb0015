import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askpassPrompts } from '../../../../src/transport/ssh/auth/askpass.ts';
import type { PromptRequest } from '../../../../src/transport/ssh/auth/prompts.ts';
import { failure, temporaryFolder } from '../../support.ts';

const dir = temporaryFolder();
const password: PromptRequest = { kind: 'password', message: "ann@host's password: ", secret: true };
const hostKey: PromptRequest = { kind: 'host-key', message: 'Is it?\nyes or no: ', secret: false };

/** A program that notes its arguments and SSH_ASKPASS_PROMPT, then does as told. */
function program(name: string, body: string): { SSH_ASKPASS: string; DISPLAY: string; PATH: string } {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\nprintf '%s' "$#|$1|\${SSH_ASKPASS_PROMPT-unset}" > "$0.log"\n${body}\n`);
  chmodSync(path, 0o700);
  return { SSH_ASKPASS: path, DISPLAY: ':0', PATH: process.env.PATH ?? '' };
}
const log = (name: string) => readFileSync(join(dir, `${name}.log`), 'utf8');

describe('askpassPrompts', () => {
  it('is there as in ssh: with a program and a display, or forced', () => {
    const SSH_ASKPASS = '/bin/x';
    const there = (env: NodeJS.ProcessEnv) => askpassPrompts(env) !== undefined;
    expect(there({ DISPLAY: ':0' })).toBe(false);
    expect(there({ SSH_ASKPASS })).toBe(false);
    expect(there({ SSH_ASKPASS, DISPLAY: '' })).toBe(false);
    expect(there({ SSH_ASKPASS, DISPLAY: ':0' })).toBe(true);
    expect(there({ SSH_ASKPASS, WAYLAND_DISPLAY: 'wayland-0' })).toBe(true);
    expect(there({ SSH_ASKPASS, DISPLAY: ':0', SSH_ASKPASS_REQUIRE: 'never' })).toBe(false);
    expect(there({ SSH_ASKPASS, SSH_ASKPASS_REQUIRE: 'prefer' })).toBe(false);
    expect(there({ SSH_ASKPASS, SSH_ASKPASS_REQUIRE: 'FORCE' })).toBe(true);
    expect(there({ SSH_ASKPASS: '', SSH_ASKPASS_REQUIRE: 'force' })).toBe(false);
  });

  // A script with #! is no program on Windows.
  describe.skipIf(process.platform === 'win32')('with a program', () => {
    it('passes the question as one argument, and takes the first line of the answer', async () => {
      const ask = askpassPrompts(program('plain', "printf 'se cret \\n$(more)\\n'"))!;
      expect(await ask(password)).toBe('se cret ');
      expect(log('plain')).toBe("1|ann@host's password: |unset");
      expect(await askpassPrompts(program('bare', "printf 'x'"))!(password)).toBe('x');
      expect(await askpassPrompts(program('empty', 'true'))!(password)).toBe('');
    });

    it('takes a non-zero status for a refusal', async () => {
      expect(await askpassPrompts(program('no', 'echo secret; exit 1'))!(password)).toBeUndefined();
      expect(await askpassPrompts(program('killed', 'kill -9 $$'))!(password)).toBeUndefined();
      expect(await askpassPrompts(program('no2', 'exit 1'))!(hostKey)).toBeUndefined();
    });

    it('asks for a confirmation of a host key, for which the status is enough', async () => {
      expect(await askpassPrompts(program('confirm', 'true'))!(hostKey)).toBe('yes');
      expect(log('confirm')).toBe('1|Is it?\nyes or no: |confirm');
      expect(await askpassPrompts(program('no3', 'echo no'))!(hostKey)).toBe('no');
      // One that has a password for every question.
      expect(await askpassPrompts(program('deaf', 'echo hunter2'))!(hostKey)).toBe('hunter2');
      const env = { ...program('inherited', 'echo x'), SSH_ASKPASS_PROMPT: 'confirm' };
      await askpassPrompts(env)!(password);
      expect(log('inherited')).toMatch(/unset$/);
    });

    it('asks one question at a time', async () => {
      const body = 'test -e "$0.busy" && echo overlap; : > "$0.busy"; sleep 0.05; rm "$0.busy"; echo fine';
      const ask = askpassPrompts(program('turns', body))!;
      expect(await Promise.all([ask(password), ask(password)])).toEqual(['fine', 'fine']);
    });

    it('does not swallow an endless answer', async () => {
      const body = 'head -c 1000000 /dev/zero | tr "\\0" a';
      expect(await askpassPrompts(program('endless', body))!(password)).toBeUndefined();
    });

    it('uses no shell, and says that the program can not be started', async () => {
      const env = { SSH_ASKPASS: `${join(dir, 'plain')}; echo`, DISPLAY: ':0' };
      const error = await failure(Promise.resolve(askpassPrompts(env)!(password)));
      expect(error).toMatchObject({ code: 'RSYNC_AUTH', exitCode: 255, path: env.SSH_ASKPASS });
      expect(error.hint).toContain('SSH_ASKPASS');
    });
  });
});
