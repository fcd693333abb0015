import { type Frame, frame, frames, TAG } from '../support/scripted-peer.ts';
import type { Random } from './random.ts';
import type { Recording } from './recording.ts';

const BYTES = [0, 1, 2, 0x1f, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xf0, 0xfe, 0xff];
const INTS = [0, 1, -1, -2, -3, -101, 255, 256, 4095, 4096, 65_535, 65_536, 131_072, 131_073, 1 << 20]
  .concat([1 << 24, 1 << 29, 2 ** 29 + 1, 2 ** 30, 2 ** 31 - 1, -(2 ** 31), 0xfffff, 5119, 5120])
  .map((value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value | 0);
    return bytes;
  });
/** Longest prefixes of varint and varlong, and the largest values of an index. */
const LONG = [
  'f0ffffff7f',
  'f0ffffffff',
  'fcffffffffffffffff',
  'f8ffffffffffffff',
  'fe80000000',
  'fe8fffffff',
]
  .concat(['fffe00ff', 'ff00', 'ffff', 'ffffffffffffffffffffffff', '2e2e2f', '2f', '00'])
  .map((hex) => Buffer.from(hex, 'hex'));

type Change = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

const splice = (bytes: Buffer, at: number, remove: number, put: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + remove)]);

const range = (bytes: Buffer, random: Random): [number, number] => {
  const at = random.below(bytes.length);
  const most = Math.min(bytes.length - at, random.oneIn(4) ? bytes.length : 24);
  return [at, random.below(most + 1)];
};

const CHANGES: readonly Change[] = [
  (bytes, random) => {
    bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
    return bytes;
  },
  (bytes, random) => {
    bytes[random.below(bytes.length)] = random.pick(BYTES);
    return bytes;
  },
  (bytes, random) => {
    bytes[random.below(bytes.length)]! += random.oneIn(2) ? 1 : -1;
    return bytes;
  },
  (bytes, random) => {
    const put = random.pick(INTS);
    return splice(bytes, random.below(bytes.length), random.oneIn(3) ? 0 : 4, put);
  },
  (bytes, random) => {
    const put = random.pick(LONG);
    return splice(bytes, random.below(bytes.length), random.oneIn(3) ? 0 : put.length, put);
  },
  (bytes, random) => splice(bytes, ...range(bytes, random), Buffer.alloc(0)),
  (bytes, random) => {
    const [at, length] = range(bytes, random);
    return splice(bytes, random.below(bytes.length), 0, bytes.subarray(at, at + length));
  },
  (bytes, random) => {
    const [at, length] = range(bytes, random);
    const copies = Array.from({ length: 2 + random.below(40) }, () => bytes.subarray(at, at + length));
    return splice(bytes, at, length, Buffer.concat(copies).subarray(0, 100_000));
  },
  (bytes, random) => splice(bytes, random.below(bytes.length), 0, random.bytes(1 + random.below(12))),
  (bytes, random) => splice(bytes, ...range(bytes, random), random.bytes(random.below(12))),
  (bytes, random, other) => {
    const [at, length] = range(other, random);
    return splice(bytes, ...range(bytes, random), other.subarray(at, at + length));
  },
  (bytes, random, other) => Buffer.concat([bytes.subarray(0, random.below(bytes.length)), other]),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
];

function change(bytes: Buffer, random: Random, other: Buffer): Buffer {
  let changed: Buffer = Buffer.from(bytes);
  // Most changes are small ones: a stream that is broken everywhere is refused at once.
  for (let count = random.oneIn(3) ? 1 + random.below(4) : 1; count > 0; count--) {
    if (changed.length > 0) changed = random.pick(CHANGES)(changed, random, other);
  }
  return changed;
}

const MESSAGES = Object.values(TAG).filter((tag) => tag !== TAG.DATA);

function message(random: Random): Frame {
  const tag = random.oneIn(8) ? random.below(256) : random.pick(MESSAGES);
  const payload = random.oneIn(3)
    ? random.bytes(random.below(40))
    : random.oneIn(2)
      ? random.pick(INTS)
      : Buffer.alloc(random.pick([0, 1, 4, 5119, 5120]), 'x');
  return { tag, payload };
}

/** The frames of a stream, with messages added, left out, repeated and moved. */
function changeFrames(list: Frame[], random: Random): Frame[] {
  const changed = [...list];
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(changed.length + 1);
    const found = changed[at];
    const what = found === undefined ? 0 : random.below(6);
    if (found === undefined || what < 3) {
      const put = message(random);
      changed.splice(at, 0, ...Array.from({ length: random.oneIn(6) ? 300 : 1 }, () => put));
    } else if (what === 3) changed.splice(at, 1);
    else if (what === 4) changed.splice(random.below(changed.length), 0, found);
    else changed[at] = { tag: found.tag, payload: Buffer.from(change(found.payload, random, found.payload)) };
  }
  return changed;
}

/**
 * One more version of what was told. Half of them keep the frames whole and change what is in them, so that the change
 * is seen by the code behind.
 * @param other  from which foreign parts are taken
 */
export function mutate(recording: Recording, other: Recording, random: Random): Buffer[] {
  const { told, raw, framed, dialogue = 0 } = recording;
  if (dialogue > 0 && random.oneIn(2)) {
    const said = change(told.subarray(0, dialogue), random, other.told.subarray(0, other.dialogue ?? 64));
    return cut(Buffer.concat([said, told.subarray(dialogue)]), recording, random);
  }
  const otherData = dataOf(other);
  if (!framed || random.oneIn(4)) {
    const head = random.oneIn(4) ? 0 : raw;
    const changed = Buffer.concat([told.subarray(0, head), change(told.subarray(head), random, otherData)]);
    return cut(changed, recording, random);
  }
  const list = frames(told.subarray(raw));
  if (random.oneIn(6)) return cut(join(told.subarray(0, raw), changeFrames(list, random)), recording, random);
  const data = change(dataOf(recording), random, otherData);
  // Messages stay where they were; the first frames keep their lengths, the last one takes what is left.
  const found: Frame[] = [];
  let at = 0;
  const last = list.findLastIndex(({ tag }) => tag === TAG.DATA);
  for (const [k, { tag, payload }] of list.entries()) {
    if (tag !== TAG.DATA) found.push({ tag, payload });
    else {
      const end = k === last ? data.length : Math.min(data.length, at + payload.length);
      for (; at < end || payload.length === 0; at += 0xffffff) {
        found.push({ tag, payload: data.subarray(at, Math.min(end, at + 0xffffff)) });
        if (at >= end) break;
      }
      at = end;
    }
  }
  return cut(join(told.subarray(0, raw), found), recording, random);
}

/** The recording as it was. */
export function asTold(recording: Recording): Buffer[] {
  return cut(recording.told, recording, undefined);
}

function dataOf({ told, raw, framed }: Recording): Buffer {
  const rest = told.subarray(raw);
  if (!framed) return rest;
  return Buffer.concat(
    frames(rest)
      .filter(({ tag }) => tag === TAG.DATA)
      .map(({ payload }) => payload),
  );
}

function join(head: Buffer, list: readonly Frame[]): Buffer {
  return Buffer.concat([head, ...list.map(({ tag, payload }) => frame(tag, payload))]);
}

/** Pieces as they were told, or small ones where that is not known. */
function cut(bytes: Buffer, { ends }: Recording, random: Random | undefined): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const end of [...ends.slice(0, -1), ends.length > 0 ? bytes.length : 0]) {
    if (end > at) pieces.push(bytes.subarray(at, end));
    at = Math.max(at, end);
  }
  while (at < bytes.length) {
    const length = random === undefined ? 16 : 1 + random.below(random.oneIn(8) ? 1000 : 32);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}
