import { integer, set, text } from './apply.ts';
import type { OptionEntry } from './entry.ts';

export const COMPRESSION: readonly OptionEntry[] = [
  {
    long: 'compress',
    short: 'z',
    negations: ['no-compress', 'no-z'],
    group: 'compression',
    help: 'compress the data on the wire',
    repeat: 'twice: the same as --compress-choice=zlibx',
    keys: ['compress'],
    apply: ({ options }) => {
      options.compress = true;
      options.compressCount = (options.compressCount ?? 0) + 1;
    },
    negate: ({ options }) => {
      options.compress = false;
      options.compressCount = 0;
      options.compressChoice = undefined;
      options.compressLevel = undefined;
    },
  },
  {
    long: 'compress-choice',
    aliases: ['zc'],
    group: 'compression',
    argument: 'NAME',
    help: 'compress with zstd, lz4, zlibx or zlib (none, auto)',
    keys: ['compressChoice', 'compress'],
    apply: text('compressChoice'),
  },
  {
    long: 'old-compress',
    group: 'compression',
    help: 'the same as --compress-choice=zlib',
    keys: ['compressChoice', 'compress'],
    apply: set('compressChoice', 'zlib'),
  },
  {
    long: 'new-compress',
    group: 'compression',
    help: 'the same as --compress-choice=zlibx',
    keys: ['compressChoice', 'compress'],
    apply: set('compressChoice', 'zlibx'),
  },
  {
    long: 'compress-level',
    aliases: ['zl'],
    group: 'compression',
    argument: 'NUM',
    help: 'how hard to compress; turns compression on',
    keys: ['compressLevel', 'compress'],
    apply: integer('compressLevel'),
  },
  {
    long: 'compress-threads',
    aliases: ['zt'],
    group: 'compression',
    argument: 'NUM',
    help: 'threads for zstd',
    refused: true,
  },
  {
    long: 'skip-compress',
    group: 'compression',
    argument: 'LIST',
    help: 'suffixes of files that are sent uncompressed',
    refused: true,
  },
];
