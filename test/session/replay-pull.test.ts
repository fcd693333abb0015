import { utimesSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { deletedNames } from '../support/pair.ts';
import { frame, type ScriptedPeer, TAG } from '../support/scripted-peer.ts';
import { compareTrees, snapshotTree } from '../support/tree.ts';
import { type Exchange, entriesOf, exchange, optionsOf, type Step } from './exchanges.ts';
import { meet, spaces } from './hostile.ts';

afterEach(() => {
  for (const space of spaces.splice(0)) space.remove();
});

/** Exchange, client options, source arguments, names that the client deletes. */
const PULLS: [string, string, string[], string[]?][] = [
  ['full-pull-p29', '-rlt --protocol=29', ['src/']],
  ['full-pull-p32', '-rlt', ['src/']],
  ['delta-pull-p29', '-t --protocol=29', ['src/f']],
  ['delta-pull-p31', '-t --protocol=31', ['src/f']],
  ['redo-pull-p29', '-t --protocol=29', ['src/f']],
  ['zlib-delta-pull-p31', '-tz --protocol=31', ['src/f', 'src/g']],
  ['dryrun-itemize-pull-p32', '-rlptiin --delete', ['src/'], ['gone', 'gonedir', 'gonedir/y']],
  ['stats-delete-pull-p31', '-rt --stats --delete --protocol=31', ['src/']],
  ['delete-after-pull-p30', '-rlpt --delete-after --protocol=30', ['src/']],
  ['remove-source-pull-p29', '-rt --remove-source-files --protocol=29', ['src/']],
  ['remove-source-pull-p32', '-rt --remove-source-files', ['src/']],
  ['vanished-pull-p29', '-t --protocol=29', ['src/a', 'src/b']],
  ['vanished-pull-p30', '-t --protocol=30', ['src/a', 'src/b']],
  ['vanished-pull-p32', '-t', ['src/a', 'src/b']],
];

const isAnchor = (step: Step): boolean => /^(req|rep) ndx|^NDX_DONE/.test(step.what) && step.at !== undefined;

/**
 * How much of our stream must have come before a byte of theirs may: a reply comes after its request, an echo after
 * the DONE that it echoes.
 */
function pace({ annotation }: Exchange): { at: number; needs: number }[] {
  const asked = annotation.requests_receiver_to_sender.filter(isAnchor);
  const found: { at: number; needs: number }[] = [];
  for (const step of annotation.replies_sender_to_receiver.filter(isAnchor)) {
    const key = step.what.split(' ').slice(0, 2).join(' ').replace('rep', 'req');
    const at = asked.findIndex((request) => request.what.startsWith(key) && request.what[key.length] !== '0');
    const [request] = at < 0 ? [undefined] : asked.splice(at, 1);
    if (request !== undefined) found.push({ at: step.at!, needs: request.at! + (request.len ?? 0) });
  }
  return found;
}

/**
 * A time for the destination's root. The captures tell only that of the source's root, which the list opens with, and
 * whether the two differed.
 */
function rootTime({ annotation, protocol, server_to_client }: Exchange): number {
  const { requests_receiver_to_sender: requests } = annotation;
  if (requests.some(({ what }) => /^req ndx=0 (<dir|\. ).*REPORT_TIME/.test(what))) return 1_500_000_000;
  const stream = Buffer.from(server_to_client.demultiplexed_hex, 'hex');
  const name = stream.indexOf(Buffer.from([1, 0x2e]));
  if (name < 0 || name > 2) return 0;
  // An int each at protocol 29.
  if (protocol < 30) return stream.readInt32LE(name + 2 + 4);
  // varlong(3) length, then varlong(4) time: the highest byte first.
  const at = name + 2 + 3;
  return stream.readUIntLE(at + 1, 3) + stream[at]! * 2 ** 24;
}

/** Their stream again, frame by frame, no faster than our requests allow. */
async function replay(peer: ScriptedPeer, vector: Exchange): Promise<void> {
  const { server_to_client: theirs, client_to_server: ours } = vector;
  peer.handshakeLength = 4;
  peer.isFramed = ours.multiplexed;
  peer.raw(Buffer.from(theirs.handshake_hex, 'hex'));
  if (vector.protocol >= 30 && vector.server_argv.join(' ').includes('CIvu')) {
    // We answer their lists with one name of each.
    peer.handshakeLength += 1 + vector.checksum.length;
  }
  const stream = Buffer.from(theirs.demultiplexed_hex, 'hex');
  const stops = [
    ...pace(vector),
    ...theirs.messages.map(({ at, tag, hex }) => ({
      at,
      needs: 0,
      message: frame(TAG[tag], Buffer.from(hex, 'hex')),
    })),
    { at: stream.length, needs: Buffer.from(ours.demultiplexed_hex, 'hex').length },
  ].sort((a, b) => a.at - b.at);
  let at = 0;
  for (const stop of stops) {
    if (stop.at > at) peer.data(stream.subarray(at, stop.at));
    at = Math.max(at, stop.at);
    await peer.until(stop.needs);
    if ('message' in stop && stop.message instanceof Buffer) peer.raw(stop.message);
  }
  peer.finish(vector.exit_code);
}

/** Ends of phases in a run, docs/protocol/1-session.md, 1.9; further DONEs, before them, are ends of lists. */
const phases = (protocol: number): number => (protocol >= 31 ? 5 : 4);

/** The pieces of the captured stream, and how many ends of lists are among them. */
function captured({ annotation, client_to_server, protocol }: Exchange): {
  pieces: string[];
  listEnds: number;
} {
  const stream = client_to_server.demultiplexed_hex;
  const steps = annotation.requests_receiver_to_sender.filter(({ at }) => at !== undefined);
  const pieces = steps.map(({ at, len }) => stream.slice(2 * at!, 2 * (at! + len!)));
  const dones = steps.filter(({ what }) => what.startsWith('NDX_DONE')).length;
  return { pieces: [stream.slice(0, 2 * steps[0]!.at!), ...pieces], listEnds: dones - phases(protocol) };
}

const LIST_END = '00';

/**
 * Our stream, with each end of a list where the capture has it. When a list is closed depends on when its files are on
 * the disk, so its DONE may stand between any two requests; everything else has its order.
 */
function inCapturedOrder(ours: string, vector: Exchange): string {
  const { pieces, listEnds } = captured(vector);
  let left = ours;
  let early = 0;
  let due = listEnds;
  let ordered = '';
  for (const piece of pieces) {
    if (piece === LIST_END && due > 0) {
      due--;
      if (early > 0) early--;
      else if (left.startsWith(LIST_END)) left = left.slice(LIST_END.length);
      else early--;
      ordered += LIST_END;
      continue;
    }
    for (; !left.startsWith(piece) && left.startsWith(LIST_END) && early < due; early++) {
      left = left.slice(LIST_END.length);
    }
    if (!left.startsWith(piece)) break;
    ordered += piece;
    left = left.slice(piece.length);
  }
  return ordered + left;
}

describe('pulls captured from real servers', () => {
  it.each(PULLS)('%s', async (name, words, asks, deletes) => {
    const vector = exchange(name);
    const options = optionsOf(words);
    const met = await meet(
      {
        asks,
        tree: entriesOf(vector.before.destination),
        options: { recursive: false, links: false, checksumChoice: undefined, ...options },
      },
      (peer, space) => {
        const time = rootTime(vector);
        utimesSync(space.at('here'), time, time);
        return replay(peer, vector);
      },
    );
    expect(met.error).toBeUndefined();
    expect(met.result?.exitCode).toBe(vector.exit_code);
    // The same decisions, and the same bytes for them.
    const ours = inCapturedOrder(met.peer.dataStream.toString('hex'), vector);
    expect(ours).toBe(vector.client_to_server.demultiplexed_hex);
    const expected = met.space.make('expected', entriesOf(vector.destination_after));
    const shape = { times: options.times === true };
    const ignore = options.perms === true ? [] : (['mode'] as const);
    const skip = (path: string): boolean => path === '.';
    expect(
      compareTrees(snapshotTree(expected, shape), snapshotTree(met.space.at('here'), shape), {
        skip,
        ignore,
      }),
    ).toEqual([]);
    if (deletes !== undefined) expect(deletedNames(met.events).sort()).toEqual(deletes.sort());
  });
});
