import { expect, it } from 'vitest';
import { recognise } from '../../../src/transport/diagnose/diagnose.ts';
import { toError } from '../../../src/transport/diagnose/finding.ts';
import { ended, symptoms } from './symptoms.ts';

const STDERR = `rsyncjs: refused: this account may only be read from
Pull from this host; nobody may push to it this way.
rsync error: usage or option error (code 1) at rsyncjs [Receiver=0.1.0]
`;

it('passes on what a restricted server refuses, once', () => {
  const given = symptoms({ stderr: STDERR, exit: ended(1) });
  const finding = recognise(given)!;
  expect(finding).toMatchObject({
    code: 'RSYNC_REMOTE_SHELL',
    exitCode: 1,
    hint: 'Pull from this host; nobody may push to it this way.',
  });
  const { message } = toError(finding, given);
  expect(message).toMatch(
    /^ssh ann@far: the server refused the request: this account may only be read from \(/,
  );
  expect(message).not.toContain('it said');
});

it('has a hint of its own where there is none', () => {
  const stderr =
    'rsyncjs: refused: x\u001b[31m\nrsync error: usage or option error (code 1) at rsyncjs [server=1]\n';
  expect(recognise(symptoms({ stderr, exit: ended(1) }))).toMatchObject({
    what: 'the server refused the request: x',
    hint: 'What this key may do is for the server to say.',
  });
});
