import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

const CHUNK = 4 << 20;
const ZEROS = Buffer.alloc(CHUNK);

/** Bytes that no compressor shortens, the same for the same seed: the key stream of AES-128-CTR. */
export function randomStream(seed) {
  const key = createHash('sha256').update(`rsyncjs bench ${seed}`).digest();
  const cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16, 32));
  return (length) => {
    const parts = [];
    for (let left = length; left > 0; left -= CHUNK) {
      parts.push(cipher.update(ZEROS.subarray(0, Math.min(CHUNK, left))));
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts, length);
  };
}

/** Numbers from 0 up to 1, the same for the same seed (xorshift32). */
export function randomNumbers(seed) {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Writes a file piece by piece; `piece(length)` gives that many bytes. */
export function writeLargeFile(path, size, piece) {
  const fd = openSync(path, 'wx');
  try {
    for (let at = 0; at < size; at += CHUNK) {
      const bytes = piece(Math.min(CHUNK, size - at));
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    }
  } finally {
    closeSync(fd);
  }
}

const COMMON =
  `the of and to a in that is was he for it with as his on be at by had not are but from or have an they
which one you were her all she there would their we him been has when who will more no if out so said what up its
about into than them can only other new some could time these two may then do first any my now such like our over man
me even most made after also did many before must through back years where much your way well down should because each
just those people mr how too little state good very make world still own see men work long get here between both life
being under never day same another know while last might us great old year off come since against go came right used
take three`.split(/\s+/);

const ONSETS = 'b c d f g h l m n p r s t v w ch st tr pl br gr sh th qu cl fr sp'.split(' ');
const VOWELS = 'a e i o u ea ou ai io ee'.split(' ');
const CODAS = ' n r s t l d m nd st ng ck nt ss rt ly ed tion ment er'.split(' ');
const VOCABULARY = 12_000;

/**
 * Text like English for a compressor: common words first, made-up ones after them, drawn by Zipf's law, in sentences
 * and paragraphs. zlib makes about a third of it.
 */
export function textStream(seed) {
  const random = randomNumbers(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const words = [...COMMON];
  const known = new Set(words);
  while (words.length < VOCABULARY) {
    let word = '';
    for (let left = 1 + Math.floor(random() * 2.6); left > 0; left--) word += pick(ONSETS) + pick(VOWELS);
    word += pick(CODAS);
    if (known.has(word)) continue;
    known.add(word);
    words.push(word);
  }
  // A table of 65,536 slots shared out by rank, so that drawing a word is one look-up.
  const table = new Uint16Array(1 << 16);
  const harmonic = words.reduce((sum, _, rank) => sum + 1 / (rank + 1), 0);
  let filled = 0;
  let share = 0;
  words.forEach((_, rank) => {
    share += 1 / (rank + 1) / harmonic;
    const end = Math.round(share * table.length);
    table.fill(rank, filled, end);
    filled = end;
  });

  const sentence = () => {
    let text = '';
    for (let left = 5 + Math.floor(random() * 18); left > 0; left--) {
      const word = words[table[Math.floor(random() * table.length)]];
      text += text === '' ? word[0].toUpperCase() + word.slice(1) : word;
      if (left > 1) text += random() < 0.07 ? ', ' : ' ';
    }
    return text + (random() < 0.15 ? '.\n\n' : '. ');
  };
  let rest = '';
  return (length) => {
    const parts = [rest];
    let have = rest.length;
    while (have < length) {
      const next = sentence();
      parts.push(next);
      have += next.length;
    }
    const text = parts.join('');
    rest = text.slice(length);
    return Buffer.from(text.slice(0, length), 'latin1');
  };
}
