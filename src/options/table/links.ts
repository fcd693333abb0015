import { set } from './apply.ts';
import type { OptionEntry } from './entry.ts';

export const LINKS: readonly OptionEntry[] = [
  {
    long: 'links',
    short: 'l',
    negations: ['no-links', 'no-l'],
    group: 'links',
    help: 'copy symlinks as symlinks',
    keys: ['links'],
    apply: set('links', true),
    negate: set('links', false),
  },
  {
    long: 'copy-links',
    short: 'L',
    group: 'links',
    help: 'copy what symlinks lead to',
    refused: true,
  },
  {
    long: 'copy-unsafe-links',
    group: 'links',
    help: 'copy what symlinks out of the tree lead to',
    refused: true,
  },
  { long: 'safe-links', group: 'links', help: 'skip symlinks that lead out of the tree', refused: true },
  {
    long: 'munge-links',
    negations: ['no-munge-links'],
    group: 'links',
    help: 'store symlinks so that they lead nowhere',
    refused: true,
  },
  {
    long: 'insecure-links',
    negations: ['no-insecure-links'],
    group: 'links',
    help: 'follow symlinks of other owners in the paths given',
    refused: true,
  },
  {
    long: 'confine-root',
    group: 'links',
    argument: 'DIR',
    help: 'refuse paths that lead out of DIR',
    refused: true,
  },
  {
    long: 'copy-dirlinks',
    short: 'k',
    group: 'links',
    help: 'the sender takes a symlink to a directory as a directory',
    refused: true,
  },
  {
    long: 'keep-dirlinks',
    short: 'K',
    group: 'links',
    help: 'the receiver takes a symlink to a directory as a directory',
    refused: true,
  },
  {
    long: 'hard-links',
    short: 'H',
    negations: ['no-hard-links', 'no-H'],
    group: 'links',
    help: 'keep hard links within the transfer',
    keys: ['hardLinks'],
    apply: set('hardLinks', true),
    negate: set('hardLinks', false),
  },
];
