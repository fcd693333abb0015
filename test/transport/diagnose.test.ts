import { describe, expect, it } from 'vitest';
import { diagnose, escapeBytes, type Symptoms } from '../../src/transport/diagnose.ts';

const base: Symptoms = {
  exit: undefined,
  receivedBytes: 0,
  firstBytes: new Uint8Array(),
  stderrTail: '',
  label: 'ssh ann@far',
};
const ended = (code: number | null, signal: string | null = null) => ({ code, signal });

describe('diagnose', () => {
  // docs/protocol/4-filters-and-options.md, D.1 and E.4
  it.each([
    [127, 'bash: rsync: command not found\n', 'RSYNC_REMOTE_SHELL', 127, '--rsync-path'],
    [126, 'sh: /opt/rsync: Permission denied\n', 'RSYNC_REMOTE_SHELL', 126, '--rsync-path'],
    [255, 'Connection closed by 192.0.2.1\n', 'RSYNC_CONNECT', 255, 'remote shell'],
    [0, '', 'RSYNC_REMOTE_EXIT', 12, 'forced command'],
    [1, 'sudo: a password is required\n', 'RSYNC_REMOTE_EXIT', 1, 'NOPASSWD'],
  ])('status %i', (code, stderrTail, name, exitCode, hint) => {
    const error = diagnose({ ...base, exit: ended(code), stderrTail });
    expect(error).toMatchObject({ code: name, exitCode });
    expect(error?.hint).toContain(hint);
    expect(error?.message).toContain('ssh ann@far');
    expect(error?.message).toContain(stderrTail.trim());
  });

  it('takes the status of another failure as it is', () => {
    const error = diagnose({ ...base, exit: ended(23), receivedBytes: 99, command: 'rsync --server' });
    expect(error).toMatchObject({ code: 'RSYNC_REMOTE_EXIT', exitCode: 23, hint: undefined });
    expect(error?.message).toBe('ssh ann@far: "rsync --server" ended with status 23 after 99 bytes');
  });

  it('names the signal, and a lost connection', () => {
    expect(diagnose({ ...base, exit: ended(null, 'SIGKILL') })?.message).toContain('killed by SIGKILL');
    const lost = diagnose({ ...base, exit: ended(null), receivedBytes: 7 });
    expect(lost).toMatchObject({ code: 'RSYNC_CONNECT', exitCode: 255, origin: 'transport' });
    expect(lost?.message).toContain('connection lost after 7 bytes');
  });

  it('shows what a shell printed before the version', () => {
    const firstBytes = Buffer.from('Welcome\tto\r\n"far"\\\u001b[0m\xff', 'latin1');
    for (const exit of [undefined, ended(0), ended(127)]) {
      const error = diagnose({ ...base, exit, firstBytes, receivedBytes: firstBytes.length });
      expect(error).toMatchObject({ code: 'RSYNC_PROTOCOL', exitCode: 2 });
      expect(error?.message).toContain(
        'is your shell clean? It printed "Welcome\\tto\\r\\n\\"far\\"\\\\\\x1b[0m\\xff"',
      );
      expect(error?.hint).toContain('.bashrc');
    }
  });

  it.each([
    [[31, 0, 0, 0], true],
    [[20, 0, 0, 0, 99], true],
    [[40, 0, 0, 0], true],
    [[31, 0], true],
    [[19, 0, 0, 0], false],
    [[41, 0, 0, 0], false],
    [[31, 0, 0, 1], false],
    [[10, 31, 0, 0], false],
    [[0], false],
  ])('takes the first bytes %j for a version: %s', (bytes, isVersion) => {
    const error = diagnose({ ...base, firstBytes: Uint8Array.from(bytes), receivedBytes: bytes.length });
    expect(error === undefined).toBe(isVersion);
  });

  it('has nothing to say of a session that runs or ended well', () => {
    expect(diagnose(base)).toBeUndefined();
    expect(diagnose({ ...base, exit: ended(0), receivedBytes: 4 })).toBeUndefined();
  });

  it('shows the last lines of standard error, harmless and short', () => {
    const stderrTail = 'one\ntwo\r\n\nthree\u001b[31m\nfour\n';
    expect(diagnose({ ...base, exit: ended(5), stderrTail })?.message).toMatch(
      /it said: two \| three\[31m \| four$/,
    );
    expect(escapeBytes(Buffer.alloc(100, 'x'))).toBe(`"${'x'.repeat(60)}"...`);
  });
});
