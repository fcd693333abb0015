import { afterEach, describe, expect, it } from 'vitest';
import { frame, type ScriptedPeer, TAG } from '../support/scripted-peer.ts';
import { snapshotTree } from '../support/tree.ts';
import { type Exchange, entriesOf, exchange, optionsOf, type Step } from './exchanges.ts';
import { meet, spaces } from './hostile.ts';
import { type Compression, expandTokens } from './reply-decoder.ts';

afterEach(() => {
  for (const space of spaces.splice(0)) space.remove();
});

const PUSHES: [string, string, Compression?][] = [
  ['full-push-p30', '-rlt --protocol=30'],
  ['full-push-p32', '-rlt'],
  ['delta-push-p29', '-t --protocol=29'],
  ['delta-push-p30', '-t --protocol=30'],
  ['delta-push-p32', '-t'],
  ['xxh64-delta-p31', '-t --protocol=31'],
  ['sha1-delta-p32', '-t --cc=sha1'],
  ['none-p32', '-t --cc=none'],
  ['redo-push-p30', '-t --protocol=30'],
  ['redo-push-p32', '-t'],
  ['redo-incremental-p32', '-rt'],
  ['inplace-swap-p32', '-t --inplace'],
  ['hardlinks-p30', '-rtHi --protocol=30'],
  ['hardlinks-p32', '-rtHi'],
  ['itemize-push-p29', '-rlpti --delete --protocol=29'],
  ['itemize-push-p30', '-rlpti --delete --protocol=30'],
  ['dryrun-itemize-push-p32', '-rlptiin --delete'],
  ['delete-delay-p32', '-rlpt --delete-delay'],
  ['append-push-p29', '-t --append --protocol=29'],
  ['append-push-p32', '-t --append'],
  ['append-verify-redo-p31', '-t --append-verify --protocol=31'],
  ['delay-updates-p32', '-t --delay-updates'],
  ['fuzzy-p32', '-ty'],
  ['inplace-backup-p32', '-tb --inplace'],
  ['partial-dir-p32', '-t --partial-dir=.pd'],
  ['remove-source-push-p30', '-rt --remove-source-files --protocol=30'],
  ['zlib-delta-p29', '-tz --protocol=29', 'zlib'],
  ['zlib-delta-p30', '-tz --protocol=30', 'zlib'],
  ['zlib-delta-p32', '-t --zc=zlib', 'zlib'],
  ['zlibx-delta-p31', '-t --zc=zlibx --protocol=31', 'zlibx'],
  ['zlibx-delta-p32', '-t --zc=zlibx', 'zlibx'],
];

/** What blocks refer to, where it is not the file itself. */
const BASES: Record<string, string> = { 'fuzzy-p32': 'file-1.tar', 'partial-dir-p32': '.pd/f' };

/** Everything that the receiver said, at once: a sender answers in the order of the requests. */
async function replay(peer: ScriptedPeer, vector: Exchange): Promise<void> {
  const { server_to_client: theirs, protocol } = vector;
  peer.isFramed = protocol >= 30;
  peer.handshakeLength = 4;
  const explicit = vector.server_argv.some((word) => word.startsWith('--checksum-choice'));
  if (vector.server_argv.join(' ').includes('CIv') && !explicit)
    peer.handshakeLength += 1 + vector.checksum.length;
  peer.raw(Buffer.from(theirs.handshake_hex, 'hex'));
  const stream = Buffer.from(theirs.demultiplexed_hex, 'hex');
  let at = 0;
  for (const message of theirs.messages) {
    peer.data(stream.subarray(at, message.at));
    at = message.at;
    // Nobody has a file before it has come.
    if (message.tag === 'SUCCESS') await peer.until(endOfFiles(vector));
    peer.raw(frame(TAG[message.tag], Buffer.from(message.hex, 'hex')));
  }
  peer.data(stream.subarray(at));
  peer.finish(vector.exit_code);
}

/** Bytes up to the end of the last file. */
function endOfFiles({ annotation }: Exchange): number {
  const last = annotation.replies_sender_to_receiver.findLast(({ what }) => what.startsWith('file sum'))!;
  return last.at! + last.len!;
}

/** Walks through what C's sender answered and holds our answer against it: all but the choice of tokens is equal. */
function compareReplies(stream: Buffer, name: string, vector: Exchange, compression: Compression): void {
  const steps = vector.annotation.replies_sender_to_receiver.filter(({ at }) => at !== undefined);
  const first = steps.findIndex(({ what }) => what.startsWith('rep '));
  const opening = steps
    .slice(first)
    .filter((step, k) => k === 0 || (k === 1 && step.what.startsWith('sumhead')))
    .map(({ hex }) => hex!)
    .join('');
  let at = stream.indexOf(Buffer.from(opening, 'hex'), 8);
  expect(at, 'the first reply').toBeGreaterThan(0);
  let file = '';
  const left = new Map<string, number>();
  for (const { what } of steps) {
    const name = /^rep ndx=-?\d+ (.*) iflags=.*TRANSFER/.exec(what)?.[1];
    if (name !== undefined) left.set(name, (left.get(name) ?? 0) + 1);
  }
  const asked = new Set<string>();
  // What a first try has left behind.
  const written = new Map<string, Buffer>();
  let head: Buffer = Buffer.alloc(16);
  const take = (step: Step): Buffer => {
    const bytes = stream.subarray(at, at + step.len!);
    expect(bytes.toString('hex'), step.what).toBe(step.hex);
    at += step.len!;
    return bytes;
  };
  for (const step of steps.slice(first)) {
    const reply = /^rep ndx=-?\d+ (.*) iflags=/.exec(step.what);
    if (reply) file = reply[1]!;
    if (step.what.startsWith('token stream')) {
      const blocks = {
        basis:
          written.get(file) ?? Buffer.from(vector.before.destination[BASES[name] ?? file]?.hex ?? '', 'hex'),
        count: head.readInt32LE(0),
        blength: head.readInt32LE(4),
        remainder: head.readInt32LE(12),
      };
      const { content, end } = expandTokens(stream, at, blocks, compression);
      at = end;
      // A first try that is asked for again went wrong on purpose: one of its blocks has the sums of another, or what
      // was to be continued does not begin like the source.
      const source = Buffer.from(vector.before.source[file]!.hex ?? '', 'hex');
      const appends = name.startsWith('append') && !asked.has(file);
      asked.add(file);
      if (appends) written.set(file, Buffer.concat([blocks.basis, content]));
      const expected = appends ? source.subarray(blocks.basis.length) : source;
      const equal = content.equals(expected) && !(appends && (left.get(file) ?? 1) > 1);
      const tries = (left.get(file) ?? 1) - 1;
      left.set(file, tries);
      expect(equal, file).toBe(tries === 0);
    } else {
      const bytes = take(step);
      if (step.what.startsWith('sumhead')) head = bytes;
    }
  }
  expect(stream.length - at, 'bytes after the goodbye').toBe(0);
}

describe('pushes captured from real receivers', () => {
  it.each(PUSHES)('%s', async (name, words, compression = 'none') => {
    const vector = exchange(name);
    const source = entriesOf(vector.before.source);
    if (name.startsWith('hardlinks')) {
      for (const entry of source.slice(1)) Object.assign(entry, { type: 'hardlink', target: 'a' });
    }
    const options = optionsOf(words);
    const sources =
      words.includes('r') && words.startsWith('-r') ? undefined : Object.keys(vector.before.source);
    const met = await meet(
      {
        direction: 'push',
        tree: source,
        ...(sources === undefined ? {} : { sources }),
        options: { recursive: false, links: false, checksumChoice: undefined, ...options },
      },
      (peer) => replay(peer, vector),
    );
    expect(met.error).toBeUndefined();
    expect(met.result?.exitCode).toBe(vector.exit_code);
    compareReplies(met.peer.dataStream, name, vector, compression);
    const left = [...snapshotTree(met.space.at('here')).keys()].filter((path) => path !== '.');
    const kept = name.startsWith('remove-source') ? [] : Object.keys(vector.before.source);
    expect(left.sort()).toEqual(kept.sort());
  });
});
