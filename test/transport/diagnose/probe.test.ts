import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RsyncError } from '../../../src/core/errors.ts';
import type { Channel, ProbeResult } from '../../../src/transport/channel.ts';
import { diagnose } from '../../../src/transport/diagnose/diagnose.ts';
import { askHost, parseAnswer, probeCommand } from '../../../src/transport/diagnose/probe.ts';
import { ended, symptoms, VERSION } from './symptoms.ts';

const home = mkdtempSync(join(tmpdir(), 'rsyncjs-probe-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
mkdirSync(join(home, 'bin'));
writeFileSync(join(home, '.bashrc'), '');
writeFileSync(join(home, 'bin/rsync'), '#!/bin/sh\n');
chmodSync(join(home, 'bin/rsync'), 0o755);

function runs(argv: string[]): boolean {
  try {
    execFileSync(argv[0]!, [...argv.slice(1), 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A channel whose probe answers as `run` does. */
function host(run: (command: string) => Promise<ProbeResult | undefined>): Channel {
  return { probe: run } as unknown as Channel;
}

function inShell(argv: string[]): Channel {
  return host(
    (command) =>
      new Promise((done) => {
        const env = { HOME: home, PATH: '/usr/bin:/bin', SHELL: argv[0]! };
        execFile(argv[0]!, [...argv.slice(1), command], { env }, (error, stdout, stderr) => {
          done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        });
      }),
  );
}

const SHELLS = [
  ['bash', '-c'],
  ['dash', '-c'],
  ['zsh', '-c'],
  ['fish', '-c'],
  ['tcsh', '-c'],
  ['busybox', 'sh', '-c'],
];

describe.skipIf(process.platform === 'win32')('one question to any login shell', () => {
  for (const argv of SHELLS) {
    it.skipIf(!runs(argv))(`${argv.join(' ')} (skipped if it is not installed)`, async () => {
      const answer = await askHost(inShell(argv), join(home, 'bin/rsync'));
      expect(answer).toMatchObject({
        kind: 'facts',
        facts: { shell: argv[0], exists: true, noisy: false, files: expect.arrayContaining(['~/.bashrc']) },
      });
      if (answer.kind !== 'facts') return;
      expect(answer.facts.found).toContain(join(home, 'bin/rsync'));
      expect(answer.facts.system).toBe(execFileSync('uname', ['-s'], { encoding: 'utf8' }).trim());
    });
  }

  it('text of start-up files is seen, with and without a line feed', async () => {
    for (const text of ['hello\n', 'hello']) {
      const noisy = host(async (command) => {
        const result = await inShell(['sh', '-c']).probe!(command);
        return { ...result!, stdout: text + result!.stdout };
      });
      expect(await askHost(noisy, undefined)).toMatchObject({ kind: 'facts', facts: { noisy: true } });
    }
  });

  it('a program that is not a plain path is left out of the question', () => {
    const { command } = probeCommand("/x/$(touch /tmp/x)'; rm -rf ~; '");
    expect(command).not.toContain('touch');
    expect(probeCommand('/x/rsync').command).toContain('[ -e /x/rsync ]');
    // What csh and fish change inside single quotes.
    expect(command.slice("sh -c '".length, -1)).not.toMatch(/['!\n\\]/);
  });
});

describe('answers', () => {
  const answer = (result: Partial<ProbeResult> | undefined) =>
    askHost(
      host(async () => (result === undefined ? undefined : { code: 0, stdout: '', stderr: '', ...result })),
      undefined,
    );

  it('a forced command has another answer, also if it repeats the question', async () => {
    expect(await answer({ stdout: 'Welcome to the backup menu\n' })).toEqual({ kind: 'forced' });
    const echo = host(async (command) => ({ code: 0, stdout: `${command}\n`, stderr: '' }));
    expect(await askHost(echo, undefined)).toEqual({ kind: 'forced' });
    expect(
      await answer({ code: 1, stderr: 'rrsync error: SSH_ORIGINAL_COMMAND does not run rsync' }),
    ).toEqual({
      kind: 'forced',
    });
  });

  it('no answer, no shell, no second command: nothing is known', async () => {
    expect(await answer(undefined)).toEqual({ kind: 'nothing' });
    expect(await answer({ code: null })).toEqual({ kind: 'nothing' });
    expect(
      await answer({ code: 1, stderr: "'sh' is not recognized as an internal or external command," }),
    ).toEqual({
      kind: 'nothing',
    });
    expect(await askHost({} as Channel, undefined)).toEqual({ kind: 'nothing' });
    expect(
      await askHost(
        host(() => Promise.reject(new Error('gone'))),
        undefined,
      ),
    ).toEqual({ kind: 'nothing' });
  });

  it('what a host says is bounded and harmless', () => {
    const lines = [
      'M',
      ...Array.from({ length: 500 }, (_, i) => `file=~/\u001b[31m${i}`),
      'found=/x/$(boom)/rsync',
    ];
    const facts = parseAnswer(lines.join('\n'), 'M');
    expect(facts?.files).toHaveLength(50);
    expect(facts?.files[0]).toBe('~/0');
    expect(facts?.found).toEqual([]);
  });
});

describe('diagnose', () => {
  const error = new RsyncError('RSYNC_STREAM', 'connection unexpectedly closed', {
    exitCode: 12,
    origin: 'transport',
  });
  const nobody = host(() => Promise.reject(new Error('asked')));

  it('puts place, circumstances and last words into the message', async () => {
    const s = symptoms({
      exit: ended(1),
      stderr: 'sudo: a password is required\n',
      command: 'sudo rsync --server .',
    });
    const told = await diagnose(s, error, nobody);
    expect(told.message).toBe(
      'ssh ann@far: sudo there wants a password (starting rsync; "sudo rsync --server ." ended with status 1; 0 bytes in, 4 out); it said: sudo: a password is required',
    );
    expect(told.cause).toBe(error);
  });

  it('keeps the error of the session if nothing better is known, and adds the circumstances', async () => {
    const s = symptoms({ printed: VERSION, phase: 'file list' });
    const told = await diagnose(s, error, nobody);
    expect(told).toMatchObject({ code: 'RSYNC_STREAM', exitCode: 12, origin: 'transport' });
    expect(told.message).toMatch(
      /^ssh ann@far: connection unexpectedly closed \(in the file list; .* had not ended; /,
    );
  });

  it('does not ask where a forced command may be in force', async () => {
    let asked = 0;
    const counting = host(async () => {
      asked++;
      return undefined;
    });
    const forced = [
      symptoms({ exit: ended(1), stderr: 'rrsync error: do not use .. in arg\n' }),
      symptoms({ exit: ended(0), printed: 'menu\n' }),
      symptoms({ exit: ended(0) }),
      symptoms({ exit: ended(1) }),
      symptoms({ exit: ended(127) }),
      symptoms({ printed: 'Please login as the user "a" rather than the user "b".\n' }),
      symptoms({ printed: 'Welcome\n' }),
    ];
    for (const s of forced) await diagnose(s, error, counting);
    expect(asked).toBe(0);
    await diagnose(symptoms({ exit: ended(127), stderr: 'sh: 1: rsync: not found' }), error, counting);
    await diagnose(symptoms({ printed: `Welcome\n${VERSION}` }), error, counting);
    expect(asked).toBe(2);
  });

  it('shows no secret and no control character of the remote command', async () => {
    const s = symptoms({ exit: ended(3), command: `rsync --server . \u001b[2J${'x'.repeat(500)}` });
    const { message } = await diagnose(s, error, nobody);
    expect(message).not.toMatch(/[\u0000-\u001f]/);
    expect(message.length).toBeLessThan(500);
  });
});
