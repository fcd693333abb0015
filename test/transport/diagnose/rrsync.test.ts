import { describe, expect, it } from 'vitest';
import { recognise } from '../../../src/transport/diagnose/diagnose.ts';
import { ended, symptoms } from './symptoms.ts';

// Captured from rrsync 3.2.3 (Perl, status 255) and 3.2.7 to 3.5.1 (Python, status 1).
describe('rrsync', () => {
  it.each([
    [
      "/usr/bin/rrsync: SSH_ORIGINAL_COMMAND='ls -l' is not rsync",
      255,
      'ls -l --server .',
      'leave out --rsync-path="ls -l"',
    ],
    [
      '/usr/bin/rrsync error: SSH_ORIGINAL_COMMAND does not run rsync',
      1,
      '/usr/bin/rsync --server .',
      'leave out --rsync-path=/usr/bin/rsync',
    ],
    ['/usr/bin/rrsync: do not use .. in any path!', 255, undefined, 'relative to the directory'],
    [
      '/usr/bin/rrsync error: do not use .. in arg (anchor the path at the root of your restricted dir)',
      1,
      undefined,
      'relative to the directory',
    ],
    [
      '/usr/bin/rrsync error: post-realpath open failed (race detected): /etc/passwd No such file or directory',
      1,
      undefined,
      'relative to the directory',
    ],
    ['/usr/bin/rrsync sending to read-only server not allowed', 255, undefined, 'may only read'],
    ['/usr/bin/rrsync error: sending to read-only server is not allowed', 1, undefined, 'may only read'],
    ['/usr/bin/rrsync reading from write-only server not allowed', 255, undefined, 'may only write'],
    ['/usr/bin/rrsync error: reading from write-only server is not allowed', 1, undefined, 'may only write'],
    [
      '/usr/bin/rrsync: option -s has been disabled on this server.',
      255,
      undefined,
      'Leave out -s (--secluded-args',
    ],
    [
      '/usr/bin/rrsync error: option --delete has been disabled on this server.',
      1,
      undefined,
      'may delete nothing: leave out --delete',
    ],
    ['/usr/bin/rrsync error: option -L has been disabled on this server.', 1, undefined, 'Leave out -L.'],
    [
      '/usr/bin/rrsync error: invalid rsync-command syntax or options',
      1,
      undefined,
      'knows one of the options of this run not',
    ],
    ['/usr/bin/rrsync: Restricted directory does not exist!', 255, undefined, 'does not exist'],
  ] as [string, number, string | undefined, string][])('%s', (stderr, code, command, hint) => {
    const more = command === undefined ? {} : { command };
    const found = recognise(symptoms({ exit: ended(code), stderr: `${stderr}\n`, ...more }));
    expect(found).toMatchObject({ code: 'RSYNC_REMOTE_SHELL', exitCode: code === 255 ? 12 : 1 });
    expect(found!.what).toMatch(/^rrsync refused the request: /);
    expect(found!.hint).toContain(hint);
    // The same forced command would run again.
    expect(found!.ask).toBeUndefined();
  });

  it('a directory that is not there', () => {
    const stderr = `Traceback (most recent call last):
  File "/usr/bin/rrsync", line 376, in <module>
    lock_or_die(args.dir)
FileNotFoundError: [Errno 2] No such file or directory: '/srv/gone'
`;
    const found = recognise(symptoms({ exit: ended(1), stderr }));
    expect(found?.what).toContain("No such file or directory: '/srv/gone'");
    expect(found?.hint).toContain('does not exist');
  });

  it('a rrsync that finds no rsync', () => {
    const stderr = `Traceback (most recent call last):
  File "/usr/bin/rrsync", line 376, in <module>
FileNotFoundError: [Errno 2] No such file or directory: '/usr/bin/rsync'
`;
    expect(recognise(symptoms({ exit: ended(1), stderr }))?.hint).toContain('install rsync on that host');
  });

  it('is not seen in a path of a session that runs', () => {
    const s = symptoms({
      printed: '\x1f\0\0\0',
      phase: 'transfer',
      exit: ended(null, 'SIGKILL'),
      stderr: 'rsync: [sender] send_files failed to open "/x/rrsync error": Permission denied (13)',
    });
    expect(recognise(s)?.what).toContain('SIGKILL');
  });
});
