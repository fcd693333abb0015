import { expect, it } from 'vitest';
import { EXIT, RsyncError, usageError } from '../../src/core/errors.ts';
import { exitLine } from '../../src/text/exit.ts';
import { describeFailure } from '../../src/text/failure.ts';

it('ends with the line that scripts read', () => {
  expect(exitLine(23, 'sender', '1.2.3')).toBe(
    'rsync error: some files or attributes not transferred (code 23) at rsyncjs [sender=1.2.3]',
  );
  expect(exitLine(24, 'Receiver', '1.2.3')).toBe(
    'rsync warning: some source files vanished (code 24) at rsyncjs [Receiver=1.2.3]',
  );
  expect(exitLine(77, 'client', '1')).toBe('rsync error: unexplained error (code 77) at rsyncjs [client=1]');
});

it.each(Object.entries(EXIT).filter(([, code]) => code !== 0))('has words for %s', (_name, code) => {
  expect(exitLine(code, 'sender', '1')).not.toContain('unexplained');
});

it('names the program once, and what to do', () => {
  expect(describeFailure(usageError('rsyncjs: -x: no', 'Leave it.'), false, false)).toEqual({
    exitCode: 1,
    lines: ['rsyncjs: -x: no', 'Leave it.'],
  });
  expect(describeFailure(usageError('no'), false, false).lines).toEqual(['rsyncjs: no']);
});

it('takes names in messages for bytes where they are', () => {
  const lines = (message: string) => describeFailure(usageError(message), false, false).lines;
  expect(lines('caf\u00e9')).toEqual(['rsyncjs: caf\xc3\xa9']);
  expect(lines('caf\xc3\xa9')).toEqual(['rsyncjs: caf\xc3\xa9']);
  expect(lines('\u2026caf\u00e9')).toEqual(['rsyncjs: \xe2\x80\xa6caf\xc3\xa9']);
});

it('breaks a list of mistakes into lines, and no name of a peer', () => {
  const message = '2 mistakes:\n  a: wrong\n  b: wrong';
  expect(describeFailure(usageError(message), false, false).lines).toEqual([
    'rsyncjs: 2 mistakes:',
    '  a: wrong',
    '  b: wrong',
  ]);
  const broken = new RsyncError('RSYNC_PROTOCOL', 'no such name: x\n  y', { exitCode: 12, origin: 'remote' });
  expect(describeFailure(broken, false, false).lines).toEqual(['rsyncjs: no such name: x\n  y']);
});

it('says nothing of what an interrupt broke', () => {
  const broken = new RsyncError('RSYNC_STREAM', 'gone', { exitCode: 12, origin: 'transport' });
  expect(describeFailure(broken, true, true)).toEqual({ exitCode: 20, lines: [] });
});

it('tells errors of the system from faults of the program', () => {
  const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
  expect(describeFailure(full, false, false)).toEqual({
    exitCode: 11,
    lines: ['rsyncjs: ENOSPC: no space left'],
  });
  const fault = describeFailure(new TypeError('x is undefined'), false, false);
  expect(fault.exitCode).toBe(15);
  expect(fault.lines[0]).toBe('rsyncjs: x is undefined');
  expect(describeFailure(new TypeError('x'), false, true).lines.join('\n')).toContain('exit.test.ts');
  const node = Object.assign(new Error('bad'), { code: 'ERR_INVALID_ARG_TYPE' });
  expect(describeFailure(node, false, false).exitCode).toBe(15);
  expect(describeFailure('just text', false, false).lines[0]).toBe('rsyncjs: just text');
});
