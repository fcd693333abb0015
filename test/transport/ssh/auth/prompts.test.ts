import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { promptsOn, visible } from '../../../../src/transport/ssh/auth/prompts.ts';
import type { Terminal } from '../../../../src/transport/ssh/auth/terminal-line.ts';
import { failure } from '../../support.ts';

/** A terminal that types the given keys once it is in raw mode. */
function fakeTerminals(typed: (string | null)[]) {
  const log = { shown: '', opened: 0, closed: 0, modes: [] as boolean[] };
  const open = (): Terminal => {
    log.opened++;
    const input = Object.assign(new PassThrough(), {
      setRawMode: (mode: boolean) => {
        log.modes.push(mode);
        if (!mode) return;
        const keys = typed.shift();
        // Byte by byte, so that characters are split.
        setImmediate(() => {
          if (keys === null) input.end();
          else for (const byte of Buffer.from(keys ?? '')) input.write(Buffer.from([byte]));
        });
      },
    });
    const output = new PassThrough();
    output.on('data', (chunk: Buffer) => {
      log.shown += chunk.toString();
    });
    return { input, output, close: () => log.closed++ };
  };
  const ask = promptsOn(open);
  return {
    log,
    secret: (message: string) => Promise.resolve(ask({ kind: 'password', message, secret: true })),
    shown: (message: string) =>
      Promise.resolve(ask({ kind: 'keyboard-interactive', message, secret: false })),
    hostKey: (message: string, fingerprint?: string) =>
      Promise.resolve(
        ask({
          kind: 'host-key',
          message,
          secret: false,
          ...(fingerprint === undefined ? {} : { fingerprint }),
        }),
      ),
  };
}

describe('promptsOn', () => {
  it('reads a secret without showing it', async () => {
    const { log, secret } = fakeTerminals(['päß\r']);
    expect(await secret('Password: ')).toBe('päß');
    expect(log.shown).toBe('Password: \n');
    expect(log.modes).toEqual([true, false]);
    expect(log.closed).toBe(1);
  });

  it('lets keys be taken back', async () => {
    const { secret } = fakeTerminals(['abé\u007f\bc\n', 'wrong\u0015right\n', '\u007f\u001bx\n']);
    expect(await secret('')).toBe('ac');
    expect(await secret('')).toBe('right');
    expect(await secret('')).toBe('x');
  });

  it('takes Ctrl-D and the end of the terminal for a refusal', async () => {
    const { secret } = fakeTerminals(['\u0004', null]);
    expect(await secret('')).toBeUndefined();
    expect(await secret('')).toBeUndefined();
  });

  it('takes Ctrl-C for an interrupt', async () => {
    const { log, secret } = fakeTerminals(['a\u0003']);
    expect(await failure(secret(''))).toMatchObject({ code: 'RSYNC_ABORTED', exitCode: 20 });
    expect(log.modes.at(-1)).toBe(false);
    expect(log.closed).toBe(1);
  });

  it('shows what is typed if it is no secret', async () => {
    const { log, shown } = fakeTerminals(['12\u007f3\n']);
    expect(await shown('Code: ')).toBe('13');
    expect(log.shown).toBe('Code: 12\b \b3\n');
  });

  it('asks about a host key until it gets yes, no or the fingerprint', async () => {
    const { log, hostKey } = fakeTerminals([
      'y\n',
      'YES\n',
      'no\n',
      '\u0004',
      'SHA256:x\n',
      ' SHA256:abc\n',
      'SHA256:x\n',
    ]);
    expect(await hostKey('Sure? ')).toBe('YES');
    expect(log.shown).toBe("Sure? y\nPlease type 'yes' or 'no': YES\n");
    expect(await hostKey('Sure? ')).toBe('no');
    expect(await hostKey('Sure? ')).toBeUndefined();
    log.shown = '';
    expect(await hostKey('Sure? ', 'SHA256:abc')).toBe('SHA256:abc');
    expect(log.shown).toBe("Sure? SHA256:x\nPlease type 'yes', 'no' or the fingerprint:  SHA256:abc\n");
    expect(log.opened).toBe(log.closed);
  });

  it('does not take arrow keys for a part of the answer', async () => {
    const { secret } = fakeTerminals(['a\u001b[Db\u001bOCc\u001b[1;5Dd\n', 'x\u001b[\u0003']);
    expect(await secret('')).toBe('abcd');
    expect(await failure(secret(''))).toMatchObject({ code: 'RSYNC_ABORTED' });
  });

  it('asks one question at a time', async () => {
    const { log, secret } = fakeTerminals(['one\n', 'two\n']);
    expect(await Promise.all([secret('1'), secret('2')])).toEqual(['one', 'two']);
    expect(log.shown).toBe('1\n2\n');
  });

  it('shows no control characters of others', async () => {
    expect(visible('a\u001b[2Jb\rc\nd\u009b')).toBe('a[2Jbc\nd');
    expect(visible('a\u202eb\u2066c\u2028d')).toBe('abcd');
  });
});
