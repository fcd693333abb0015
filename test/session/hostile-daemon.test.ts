import { afterEach, describe, expect, it } from 'vitest';
import { pull, push, type TransferSettings } from '../../src/client/api.ts';
import { isRsyncError, type RsyncError } from '../../src/core/errors.ts';
import { Workspace } from '../support/pair.ts';
import { frame, int, join, ScriptedPeer, TAG, varint } from '../support/scripted-peer.ts';

const spaces: Workspace[] = [];
afterEach(() => {
  for (const space of spaces.splice(0)) space.remove();
});

const GREETING = '@RSYNCD: 32.0 sha512 md5\n';
const text = (words: string): Buffer => Buffer.from(words, 'latin1');

interface Met {
  error: RsyncError | undefined;
  texts: string[];
  lines: string[];
  peer: ScriptedPeer;
  /** What our side has written. */
  said: string;
}

/** Our client against a daemon that says exactly this. */
async function meet(
  said: string | ((peer: ScriptedPeer) => void | Promise<void>),
  settings: TransferSettings = {},
  direction: 'pull' | 'push' = 'pull',
): Promise<Met> {
  const space = new Workspace();
  spaces.push(space);
  const here = space.make('here', [{ path: 'file', content: 'content' }]);
  const peer = new ScriptedPeer();
  const met: Met = { error: undefined, texts: [], lines: [], peer, said: '' };
  const all: TransferSettings = {
    // As a connection over TCP looks to the diagnosis.
    channel: Object.assign(peer.channel, { details: { kind: 'tcp' as const } }),
    recursive: true,
    checksumChoice: 'md5',
    env: {},
    onEvent: (event) => {
      if (event.type === 'daemon-text') met.texts.push(event.text);
    },
    trace: (line) => met.lines.push(line),
    ...settings,
  };
  if (typeof said === 'string') {
    peer.raw(text(said));
    peer.finish(null);
  }
  const acting = typeof said === 'string' ? undefined : said(peer);
  try {
    if (direction === 'pull') await pull('rsync://joe@host/mod/dir/', `${here}/out`, all);
    else await push(`${here}/`, 'rsync://joe@host/mod/dir/', all);
  } catch (error) {
    if (!isRsyncError(error)) throw error;
    met.error = error;
  }
  await acting;
  met.said = peer.bytes.toString('latin1');
  return met;
}

describe('a daemon that', () => {
  it.each<[string, string, string, number, RegExp]>([
    ['is an ssh server', 'SSH-2.0-OpenSSH_9.2\r\n', 'RSYNC_PROTOCOL', 5, /in place of a greeting/],
    ['says nothing', '', 'RSYNC_STREAM', 5, /did not see the greeting|without a word/],
    ['ends in its greeting', '@RSYNCD: 32.0 md', 'RSYNC_STREAM', 5, /did not see the greeting/],
    ['ends after its greeting', GREETING, 'RSYNC_STREAM', 5, /did not get the daemon's answer/],
    ['has an endless greeting', 'x'.repeat(6000), 'RSYNC_LIMIT', 5, /longer than 5119 bytes/],
    ['has an endless line', `${GREETING}${'x'.repeat(6000)}`, 'RSYNC_LIMIT', 5, /longer than 5119 bytes/],
    ['has a NUL in its greeting', '@RSYNCD: 32.0 md5\0\n', 'RSYNC_PROTOCOL', 5, /NUL/],
    ['has a NUL in a line', `${GREETING}wel\0come\n`, 'RSYNC_PROTOCOL', 5, /NUL/],
    ['leaves the subprotocol out', '@RSYNCD: 30\n', 'RSYNC_PROTOCOL', 5, /subprotocol/],
    ['leaves the digests out', '@RSYNCD: 32.0\n', 'RSYNC_PROTOCOL', 5, /digests/],
    ['is too old', '@RSYNCD: 28\n', 'RSYNC_PROTOCOL', 2, /older than 29/],
    ['has no version', '@RSYNCD: 99.0 md5\n', 'RSYNC_PROTOCOL', 2, /version mismatch/],
    [
      'floods with text',
      GREETING + `${'x'.repeat(1000)}\n`.repeat(1100),
      'RSYNC_LIMIT',
      5,
      /more than 1048576 bytes/,
    ],
    [
      'refuses',
      `${GREETING}Hi\n@ERROR: Unknown module 'mod'\n`,
      'RSYNC_DAEMON',
      5,
      /^@ERROR: Unknown module 'mod'$/,
    ],
    ['refuses with long words', `${GREETING}@ERROR ${'x'.repeat(6000)}\n`, 'RSYNC_LIMIT', 5, /longer/],
    ['has no challenge', `${GREETING}@RSYNCD: AUTHREQD \n`, 'RSYNC_PROTOCOL', 5, /without a challenge/],
    [
      'has no digest that we have',
      '@RSYNCD: 32.0 md7\n@RSYNCD: AUTHREQD abc\n',
      'RSYNC_UNSUPPORTED',
      4,
      /no digest/,
    ],
    [
      'turns us away',
      `${GREETING}@RSYNCD: AUTHREQD abc\n@ERROR: auth failed on module mod\n`,
      'RSYNC_AUTH',
      5,
      /auth failed/,
    ],
  ])('%s', async (_, said, code, exitCode, message) => {
    const { error } = await meet(said, { password: 's3cret' });
    expect({ code: error?.code, exitCode: error?.exitCode }, error?.message).toEqual({ code, exitCode });
    expect(error!.message).toMatch(message);
  });

  it('shows text gets it told as it came, and is answered line by line', async () => {
    const { texts, said, error } = await meet(`${GREETING}Hi \x1b[1m\xe4\r\n\n@RSYNCD: OKAY\n@RSYNCD: OK\n`);
    expect(texts).toEqual(['Hi \x1b[1m\xe4', '', '@RSYNCD: OKAY']);
    expect(said).toBe(
      '@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4\nmod\n--server\0--sender\0-re.iLsfxCIvu\0--checksum-choice=md5\0.\0mod/dir/\0\0',
    );
    expect(error).toMatchObject({ code: 'RSYNC_STREAM', exitCode: 12 });
  });

  it('asks again and again gets one answer each, and no password in the clear', async () => {
    let asked = 0;
    const { said, error, lines } = await meet(`${GREETING}${'@RSYNCD: AUTHREQD abc\n'.repeat(3)}`, {
      password: () => {
        asked++;
        return 's3cret';
      },
    });
    expect(asked).toBe(1);
    expect(error).toMatchObject({ code: 'RSYNC_PROTOCOL', exitCode: 5 });
    expect(said).toMatch(/^@RSYNCD: .*\nmod\njoe [\w+/]{86}\n$/);
    expect(said + lines.join('\n') + JSON.stringify(error) + error!.message).not.toContain('s3cret');
  });

  it('asks where nobody knows a password', async () => {
    const { error, said } = await meet(`${GREETING}@RSYNCD: AUTHREQD abc\n`);
    expect(error).toMatchObject({
      code: 'RSYNC_AUTH',
      exitCode: 5,
      origin: 'local',
      hint: expect.stringContaining('RSYNC_PASSWORD'),
    });
    expect(said).toMatch(/\nmod\n$/);
  });

  it('turns on incremental recursion that was not offered', async () => {
    const { error } = await meet(
      (peer) => void peer.raw(text(`${GREETING}@RSYNCD: OK\n`), varint(0x1ff), int(7)),
      { incRecurse: false },
    );
    expect(error).toMatchObject({ code: 'RSYNC_PROTOCOL', exitCode: 2 });
  });
});

describe('a zero byte in front of the first frame', () => {
  const opening = (...more: Uint8Array[]) =>
    join(text(`${GREETING}@RSYNCD: OK\n`), varint(0x1fe), int(7), ...more);
  const refusal = join(frame(TAG.ERROR, text('refused\n')), frame(TAG.ERROR_EXIT, int(4)));

  it.each([
    ['none', opening(refusal)],
    ['one', opening(Buffer.from([0]), refusal)],
    ['one, byte by byte', opening(Buffer.from([0]), refusal)],
  ])('%s: the reason gets through', async (name, bytes) => {
    const { error } = await meet(
      async (peer) => {
        if (!name.includes('byte by byte')) return void peer.raw(bytes);
        for (const byte of bytes) {
          peer.raw([byte]);
          await new Promise(setImmediate);
        }
      },
      {},
      'push',
    );
    expect(error).toMatchObject({
      code: 'RSYNC_REMOTE_EXIT',
      exitCode: 4,
      message: expect.stringContaining('refused'),
    });
  });

  it('two are garbage', async () => {
    const { error } = await meet((peer) => void peer.raw(opening(Buffer.from([0, 0]), refusal)), {}, 'push');
    expect(error).toMatchObject({ code: 'RSYNC_STREAM', exitCode: 12 });
  });
});
