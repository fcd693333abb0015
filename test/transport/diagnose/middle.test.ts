/** Sessions that end in the middle: signals, lost connections, full disks. */
import { describe, expect, it } from 'vitest';
import { RsyncError } from '../../../src/core/errors.ts';
import { recognise } from '../../../src/transport/diagnose/diagnose.ts';
import { explainLocalDisk } from '../../../src/transport/diagnose/disk.ts';
import { toError } from '../../../src/transport/diagnose/finding.ts';
import { COMMAND, ended, symptoms, VERSION } from './symptoms.ts';

const middle = { printed: VERSION, phase: 'transfer', receivedBytes: 5000, sentBytes: 700 } as const;

describe('the far end is gone', () => {
  it.each([
    [ended(null, 'SIGKILL'), 'SIGKILL', 'memory', 12],
    [ended(137), 'SIGKILL', 'memory', 137],
    [ended(null, 'SIGTERM'), 'SIGTERM', 'shutdown', 12],
    [ended(null, 'SIGPIPE'), 'SIGPIPE', 'wrapper', 12],
    [ended(null, 'SIGSEGV'), 'SIGSEGV', 'crashed', 12],
  ])('%j', (exit, signal, hint, exitCode) => {
    const found = recognise(symptoms({ ...middle, exit }));
    expect(found).toMatchObject({
      code: 'RSYNC_REMOTE_EXIT',
      exitCode,
      what: `the remote rsync was killed by ${signal}`,
    });
    expect(found!.hint).toContain(hint);
    expect(found!.hint).toContain('Run it again');
  });

  it('says that nothing was changed while there is but a list', () => {
    const found = recognise(symptoms({ ...middle, phase: 'file list', exit: ended(null, 'SIGKILL') }));
    expect(found?.hint).toContain('Nothing was changed yet');
  });

  it('the connection is gone', () => {
    const details = { kind: 'ssh' as const, command: COMMAND, lost: 'silent for 60 seconds' };
    const s = symptoms({ ...middle, exit: ended(null), details });
    const error = toError(recognise(s)!, s);
    expect(error).toMatchObject({ code: 'RSYNC_CONNECT', exitCode: 255, origin: 'transport' });
    expect(error.message).toBe(
      `ssh ann@far: the connection was lost (in the transfer; "${COMMAND}" gave no exit status; 5000 bytes in, 700 out; connection: silent for 60 seconds)`,
    );
    expect(error.hint).toContain('ServerAliveInterval');
  });

  it('a spawned remote shell has failed', () => {
    const s = symptoms({
      details: { kind: 'spawn' },
      exit: ended(255),
      stderr: 'Connection closed by 192.0.2.1\n',
    });
    const error = toError(recognise(s)!, s);
    expect(error).toMatchObject({ code: 'RSYNC_CONNECT', exitCode: 255 });
    expect(error.message).toContain('it said: Connection closed by 192.0.2.1');
    expect(error.hint).toContain('by hand');
  });

  it('255 of a command over the built-in ssh is its own', () => {
    expect(recognise(symptoms({ exit: ended(255) }))).toMatchObject({
      code: 'RSYNC_REMOTE_EXIT',
      exitCode: 255,
    });
  });

  it('ended as if all were done, or with another status', () => {
    expect(recognise(symptoms({ ...middle, exit: ended(0), complaint: 'early' }))).toMatchObject({
      code: 'RSYNC_STREAM',
      exitCode: 12,
      what: 'early',
    });
    expect(recognise(symptoms({ ...middle, exit: ended(23) }))).toMatchObject({ exitCode: 23 });
  });

  it('nothing is made up about a session whose end is not known', () => {
    expect(recognise(symptoms({ ...middle }))).toBeUndefined();
  });
});

describe('a disk without room', () => {
  // rsync 3.5.1 on a tmpfs of 1 MiB; the quota and the limit by the same form.
  it.each([
    [
      'write failed on "/srv/big": No space left on device (28)',
      'the disk there is full: "/srv/big"',
      'Free some space there',
    ],
    [
      'write failed on "/srv/big": Disk quota exceeded (122)',
      'the disk quota there is used up',
      'quota raised',
    ],
    [
      'mkdir "/srv/x" failed: Read-only file system (30)',
      'the file system there is read-only',
      'Choose another destination',
    ],
    ['write failed on "/srv/big": File too large (27)', 'too large for the file system there', '--max-size'],
  ])('%s', (text, what, hint) => {
    const lines = [
      `rsync: [receiver] ${text}`,
      'rsync error: error in file IO (code 11) at receiver.c(660) [receiver=3.5.1]',
    ];
    for (const s of [
      symptoms({ ...middle, exit: ended(11), messages: lines }),
      symptoms({ ...middle, exit: ended(11), stderr: `${lines.join('\n')}\n` }),
      symptoms({
        ...middle,
        messages: lines.slice(0, 1),
        complaint: 'the peer ended with an error (code 11)',
      }),
    ]) {
      const found = recognise(s);
      expect(found).toMatchObject({
        code: 'RSYNC_REMOTE_EXIT',
        exitCode: 11,
        path: /"([^"]+)"/.exec(text)![1],
      });
      expect(found!.what).toContain(what);
      expect(found!.hint).toContain(hint);
    }
  });

  it('a single file that failed for it is not why the run ended', () => {
    const messages = ['rsync: [receiver] mkstemp "/srv/.a.Y5IEbf" failed: Read-only file system (30)'];
    expect(recognise(symptoms({ ...middle, exit: ended(null, 'SIGKILL'), messages }))?.what).toContain(
      'SIGKILL',
    );
  });

  it('here', () => {
    const fileError = (message: string, options: { origin?: 'local' | 'remote' } = {}) =>
      new RsyncError('RSYNC_FILE_IO', message, { exitCode: 11, origin: 'local', ...options });
    const error = explainLocalDisk(fileError('write failed on "x": No space left on device (28)'));
    expect(error).toMatchObject({ code: 'RSYNC_FILE_IO', exitCode: 11, origin: 'local' });
    expect(error?.message).toBe('write failed on "x": No space left on device (28)');
    expect(error?.hint).toMatch(/^The disk here is full\. Free some space here/);
    expect(explainLocalDisk(fileError('write failed on "x": Input/output error (5)'))).toBeUndefined();
    expect(explainLocalDisk(fileError('No space left on device', { origin: 'remote' }))).toBeUndefined();
    expect(explainLocalDisk(new Error('No space left on device'))).toBeUndefined();
  });
});
