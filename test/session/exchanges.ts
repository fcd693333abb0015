import { readFileSync } from 'node:fs';
import type { OptionsInput } from '../../src/options/resolve.ts';
import type { TAG } from '../support/scripted-peer.ts';
import type { EntrySpec } from '../support/tree.ts';

export interface Step {
  at?: number;
  what: string;
  len?: number;
  hex?: string;
}

interface Stream {
  handshake_hex: string;
  multiplexed: boolean;
  demultiplexed_hex: string;
  messages: { at: number; tag: keyof typeof TAG; hex: string }[];
}

type VectorTree = Record<
  string,
  { mode: string; mtime: number; size?: number; hex?: string; target?: string }
>;

/** A session captured between two real rsyncs: fixtures/vectors/transfer. */
export interface Exchange {
  protocol: number;
  checksum: string;
  server_argv: string[];
  before: { source: VectorTree; destination: VectorTree };
  destination_after: VectorTree;
  client_to_server: Stream;
  server_to_client: Stream;
  annotation: { requests_receiver_to_sender: Step[]; replies_sender_to_receiver: Step[] };
  exit_code: number;
}

export function exchange(name: string): Exchange {
  const file = new URL(`../../fixtures/vectors/transfer/exchange-${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Exchange;
}

export function entriesOf(tree: VectorTree): EntrySpec[] {
  return Object.entries(tree).map(([path, { mode, mtime, hex, target }]): EntrySpec => {
    const bits = Number.parseInt(mode, 8);
    const type = bits >> 12 === 4 ? 'dir' : bits >> 12 === 10 ? 'symlink' : 'file';
    return {
      path: Buffer.from(path).toString('latin1'),
      type,
      mode: bits & 0o7777,
      mtime,
      ...(type === 'file' ? { content: Buffer.from(hex ?? '', 'hex') } : {}),
      ...(target === undefined ? {} : { target }),
    };
  });
}

/** Options by the letters and words of a capture. */
export function optionsOf(words: string): OptionsInput {
  const options: Record<string, unknown> = { checksumSeed: 123456 };
  const letters: Record<string, object> = {
    r: { recursive: true },
    l: { links: true },
    p: { perms: true },
    t: { times: true },
    H: { hardLinks: true },
    n: { dryRun: true },
    z: { compress: true },
    b: { backup: true },
    y: { fuzzy: 1 },
  };
  const long: Record<string, object> = {
    '--delete': { deleteMode: 'default' },
    '--delete-after': { deleteMode: 'after' },
    '--delete-during': { deleteMode: 'during' },
    '--delete-delay': { deleteMode: 'delay' },
    '--append': { append: 1 },
    '--append-verify': { append: 2 },
    '--delay-updates': { delayUpdates: true },
    '--remove-source-files': { removeSourceFiles: true },
    '--inplace': { inplace: true },
    '--stats': { stats: true },
    '--list-only': { listOnly: true },
  };
  for (const word of words.split(' ')) {
    const [key = '', value] = word.split('=');
    if (key === '--protocol') options.protocol = Number(value);
    else if (key === '--cc') options.checksumChoice = value;
    else if (key === '--zc') options.compressChoice = value;
    else if (key === '--link-dest') options.linkDest = [value];
    else if (key === '--partial-dir') options.partialDir = value;
    else if (word.startsWith('--')) Object.assign(options, known(long[word], word));
    else {
      for (const letter of word.slice(1)) {
        if (letter === 'i') options.itemize = Number(options.itemize ?? 0) + 1;
        else Object.assign(options, known(letters[letter], letter));
      }
    }
  }
  return options;
}

function known(value: object | undefined, word: string): object {
  if (value === undefined) throw new Error(`the vector has an option that this test does not know: ${word}`);
  return value;
}
