import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ageOf, isStale } from '../../../src/sync/state/ages.ts';
import { afterRun, newState, type ProfileState } from '../../../src/sync/state/profile-state.ts';
import {
  profileFiles,
  profileKey,
  readState,
  stateOf,
  writeState,
} from '../../../src/sync/state/state-file.ts';
import { temporaryFolder } from '../../support/peers.ts';

const IDENTITY = { profile: 'web', localRoot: '/home/me/web', remote: 'dev@server:/srv/web' };
const RUN = { direction: 'pull', startedAt: new Date('2026-01-02T03:04:05Z'), exitCode: 0 } as const;
const DONE = { counts: { transferred: 1200, deleted: 1, total: 5000 }, bytes: 10, literal: 4, matched: 6 };

function written(folder = temporaryFolder(), state: ProfileState = newState(IDENTITY)) {
  writeState(folder, state);
  return { folder, path: profileFiles(folder, IDENTITY).state };
}

describe('the state of a profile', () => {
  it('comes back as it was, private, and without a trace of how it was written', () => {
    const state: ProfileState = {
      ...afterRun(newState(IDENTITY), { ...RUN, success: DONE }),
      hostKey: 'SHA256:x',
      peer: { version: '3.2.7', protocol: 31, checksum: 'xxh128', compressor: 'zstd' },
      filterHash: 'f',
      baseDigest: 'd',
      clockSkew: -1.5,
    };
    const { folder, path } = written(temporaryFolder(), state);
    expect(readState(folder, IDENTITY)).toEqual({ kind: 'found', state });
    expect(readdirSync(dirname(path))).toEqual([`${profileKey(IDENTITY)}.json`]);
    if (process.platform === 'win32') return;
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  it('is another one for another profile, root or remote', () => {
    const { folder } = written();
    for (const field of ['profile', 'localRoot', 'remote'] as const) {
      expect(readState(folder, { ...IDENTITY, [field]: 'other' })).toEqual({ kind: 'none' });
    }
    // No two triples run together into one key.
    expect(profileKey({ profile: 'a', localRoot: 'b","c', remote: 'd' })).not.toBe(
      profileKey({ profile: 'a', localRoot: 'b', remote: 'c","d' }),
    );
  });

  it('cut short anywhere, or damaged, is as good as never synced, and kept aside', () => {
    const { folder, path } = written();
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length - 1; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      const read = readState(folder, IDENTITY);
      expect(read).toMatchObject({
        kind: 'unusable',
        reason: 'it is damaged or was cut short',
        keptAs: `${path}.bad`,
      });
      expect(stateOf(read, IDENTITY)).toEqual(newState(IDENTITY));
      expect([existsSync(path), readFileSync(`${path}.bad`).length]).toEqual([false, length]);
    }
  });

  it('of the wrong shape is unusable, and says what is wrong', () => {
    const { folder, path } = written();
    const broken = (change: object): string => {
      writeFileSync(path, JSON.stringify({ ...newState(IDENTITY), ...change }));
      const read = readState(folder, IDENTITY);
      return read.kind === 'unusable' ? read.reason : read.kind;
    };
    expect(broken({})).toBe('found');
    expect(broken({ future: 1 })).toBe('found');
    expect(broken({ schema: 0 })).toBe('it has no schema that is known');
    expect(broken({ pull: null })).toBe('its field pull is not what it should be');
    expect(broken({ push: { lastAttempt: { at: 'yesterday', exitCode: 0 } } })).toBe(
      'its field push.lastAttempt.at is not what it should be',
    );
    expect(broken({ clockSkew: '1' })).toBe('its field clockSkew is not what it should be');
    expect(broken({ identity: { ...IDENTITY, remote: 'x:/' } })).toBe(
      'it belongs to another profile: its remote is "x:/"',
    );
    writeFileSync(path, '[]');
    expect(readState(folder, IDENTITY)).toMatchObject({ kind: 'unusable' });
    writeFileSync(path, 'null');
    expect(readState(folder, IDENTITY)).toMatchObject({ kind: 'unusable' });
  });

  it('of a later release is left where it is by a reader, and kept aside by a writer', () => {
    const { folder, path } = written();
    const text = JSON.stringify({ schema: 2 });
    writeFileSync(path, text);
    expect(readState(folder, IDENTITY)).toMatchObject({ kind: 'unusable', newer: true, keptAs: undefined });
    expect(readFileSync(path, 'utf8')).toBe(text);
    written(folder);
    expect(readFileSync(`${path}.bad`, 'utf8')).toBe(text);
    expect(readState(folder, IDENTITY).kind).toBe('found');
  });

  it('that is huge, a folder or not readable is unusable, not a crash', () => {
    const { folder, path } = written();
    writeFileSync(path, Buffer.alloc((1 << 20) + 1, 0x20));
    expect(readState(folder, IDENTITY)).toMatchObject({ kind: 'unusable', newer: false });
    const other = temporaryFolder();
    mkdirSync(profileFiles(other, IDENTITY).state, { recursive: true });
    expect(readState(other, IDENTITY)).toMatchObject({ kind: 'unusable' });
    if (process.platform === 'win32' || process.getuid?.() === 0) return;
    written(other);
    chmodSync(path, 0);
    expect(readState(folder, IDENTITY)).toMatchObject({ kind: 'unusable' });
  });

  it('that can not be written leaves the old one, and a typed error', () => {
    const folder = join(temporaryFolder(), 'file');
    writeFileSync(folder, '');
    expect(() => written(folder)).toThrow(expect.objectContaining({ code: 'RSYNC_FILE_IO', exitCode: 11 }));
  });
});

describe('what a run leaves behind', () => {
  it('regression 12 (B2): a failed first run and a dry run leave it never synced', () => {
    const failed = afterRun(newState(IDENTITY), {
      ...RUN,
      exitCode: 255,
      stage: 'connect',
      error: 'refused',
    });
    expect(failed.pull).toEqual({
      lastAttempt: { at: '2026-01-02T03:04:05.000Z', exitCode: 255, stage: 'connect', error: 'refused' },
    });
    const dry = afterRun(failed, { ...RUN, dry: true, success: DONE });
    expect(dry.pull).toEqual({ lastAttempt: { at: '2026-01-02T03:04:05.000Z', dry: true, exitCode: 0 } });
    expect({ ...dry, pull: {} }).toEqual(newState(IDENTITY));
  });

  it('is of one direction, and a failure does not undo a success', () => {
    const endedAt = new Date(RUN.startedAt.getTime() + 1500);
    const synced = afterRun(newState(IDENTITY), { ...RUN, endedAt, success: DONE });
    expect(synced.pull.lastSuccess).toEqual({ at: '2026-01-02T03:04:06.500Z', duration: 1500, ...DONE });
    expect(synced.push).toEqual({});
    const failed = afterRun(synced, { ...RUN, exitCode: 12 });
    expect(failed.pull.lastSuccess).toEqual(synced.pull.lastSuccess);
    expect(failed.pull.lastAttempt?.exitCode).toBe(12);
    // A clock that was set back during the run.
    const back = afterRun(synced, { ...RUN, endedAt: new Date(0), success: DONE });
    expect(back.pull.lastSuccess?.duration).toBe(0);
  });

  it('regression 11 (B1): when it was is told by the state alone, not by any time of a file', () => {
    const { folder, path } = written(
      temporaryFolder(),
      afterRun(newState(IDENTITY), { ...RUN, success: DONE }),
    );
    utimesSync(path, 0, 0);
    utimesSync(dirname(path), 4e9, 4e9);
    const read = readState(folder, IDENTITY);
    const at = read.kind === 'found' ? read.state.pull.lastSuccess!.at : '';
    expect(ageOf(at, new Date('2026-01-02T05:04:05Z'))?.text).toBe('2h ago');
  });
});

describe('ages', () => {
  const now = new Date('2026-01-10T00:00:00Z');
  const secondsAgo = (seconds: number) => ageOf(new Date(now.getTime() - seconds * 1000).toISOString(), now);

  it('are in the largest unit', () => {
    expect([0, 59, 60, 3599, 3600, 86_399, 86_400, 9 * 86_400].map((s) => secondsAgo(s)!.text)).toEqual([
      'just now',
      'just now',
      '1m ago',
      '59m ago',
      '1h ago',
      '23h ago',
      '1d ago',
      '9d ago',
    ]);
  });

  it('regression 11 (B1): in the future are told as that, and are never fresh', () => {
    expect(secondsAgo(-3)).toEqual({ seconds: -3, inFuture: false, text: 'just now' });
    expect(secondsAgo(-6)).toEqual({ seconds: -6, inFuture: true, text: 'in the future (by 6s)' });
    expect(secondsAgo(-3 * 3600)?.text).toBe('in the future (by 3h)');
    const iso = (seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString();
    expect(isStale(iso(-3600), now, 60)).toBe(true);
    expect([isStale(iso(59), now, 60), isStale(iso(61), now, 60)]).toEqual([false, true]);
    expect([isStale(undefined, now, 60), isStale('never', now, 60)]).toEqual([true, true]);
    expect(ageOf('never', now)).toBeUndefined();
  });
});
