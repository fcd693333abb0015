import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { promptsOn, type Terminal, visible } from '../../../../src/transport/ssh/auth/prompts.ts';
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
  return { log, prompts: promptsOn(open) };
}

describe('promptsOn', () => {
  it('reads a secret without showing it', async () => {
    const { log, prompts } = fakeTerminals(['päß\r']);
    expect(await prompts.secret('Password: ')).toBe('päß');
    expect(log.shown).toBe('Password: \n');
    expect(log.modes).toEqual([true, false]);
    expect(log.closed).toBe(1);
  });

  it('lets keys be taken back', async () => {
    const { prompts } = fakeTerminals(['abé\u007f\bc\n', 'wrong\u0015right\n', '\u007f\u001bx\n']);
    expect(await prompts.secret('')).toBe('ac');
    expect(await prompts.secret('')).toBe('right');
    expect(await prompts.secret('')).toBe('x');
  });

  it('takes Ctrl-D and the end of the terminal for a refusal', async () => {
    const { prompts } = fakeTerminals(['\u0004', null]);
    expect(await prompts.secret('')).toBeUndefined();
    expect(await prompts.secret('')).toBeUndefined();
  });

  it('takes Ctrl-C for an interrupt', async () => {
    const { log, prompts } = fakeTerminals(['a\u0003']);
    expect(await failure(prompts.secret(''))).toMatchObject({ code: 'RSYNC_ABORTED', exitCode: 20 });
    expect(log.modes.at(-1)).toBe(false);
    expect(log.closed).toBe(1);
  });

  it('asks until it gets yes or no', async () => {
    const { log, prompts } = fakeTerminals(['y\n', 'YES\n', 'no\n', '\u0004']);
    expect(await prompts.confirm('Sure?')).toBe(true);
    expect(log.shown).toBe("Sure? (yes/no) y\nPlease type 'yes' or 'no': YES\n");
    expect(await prompts.confirm('Sure?')).toBe(false);
    expect(await prompts.confirm('Sure?')).toBe(false);
  });

  it('asks one question at a time', async () => {
    const { log, prompts } = fakeTerminals(['one\n', 'two\n']);
    expect(await Promise.all([prompts.secret('1'), prompts.secret('2')])).toEqual(['one', 'two']);
    expect(log.shown).toBe('1\n2\n');
  });

  it('shows no control characters of others', async () => {
    expect(visible('a\u001b[2Jb\rc\nd\u009b')).toBe('a[2Jbc\nd');
  });
});
