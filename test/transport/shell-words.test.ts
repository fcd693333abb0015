import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitWords } from '../../src/transport/shell-words.ts';
import { failure } from './support.ts';

describe('splitWords', () => {
  // docs/protocol/4-filters-and-options.md, E.1
  it.each([
    ['ssh', ['ssh']],
    ['  ssh   -p  22  ', ['ssh', '-p', '22']],
    ['ssh -i "a b"', ['ssh', '-i', 'a b']],
    ["ssh -i 'a b'", ['ssh', '-i', 'a b']],
    ['ssh -o"User Name"=x', ['ssh', '-oUser Name=x']],
    ['ssh "a""b"', ['ssh', 'a"b']],
    ["ssh 'it''s'", ['ssh', "it's"]],
    ['ssh "it\'s"', ['ssh', "it's"]],
    ['ssh a\\ b', ['ssh', 'a\\', 'b']],
    ['ssh C:\\keys\\id', ['ssh', 'C:\\keys\\id']],
    ['ssh ""', ['ssh', '']],
    ['ssh\ta\nb', ['ssh\ta\nb']],
    ['', []],
  ])('%j', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  it.each(['ssh "a', "ssh 'a", 'ssh "a""'])('refuses the unclosed quote in %j', async (text) => {
    const error = await failure((async () => splitWords(text))());
    expect(error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 1 });
  });

  it('gives back any words that were quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.constantFrom('"', "'"), (words, quote) => {
        const quoted = words.map((word) => quote + word.replaceAll(quote, quote + quote) + quote);
        expect(splitWords(quoted.join(' '))).toEqual(words);
      }),
    );
  });
});
