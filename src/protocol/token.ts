import * as zlib from 'node:zlib';
import type { CompressorName } from '../core/algorithms.ts';
import { RsyncError } from '../core/errors.ts';
import { DeflatedDecoder, DeflatedEncoder } from './token-deflated.ts';
import { FramedTokenReader, FramedTokenWriter } from './token-framed.ts';
import { Lz4Decoder, Lz4Encoder } from './token-lz4.ts';
import { PlainTokenReader, PlainTokenWriter } from './token-plain.ts';
import type { TokenReader, TokenWriter } from './token-types.ts';
import { ZstdDecoder, ZstdEncoder } from './token-zstd.ts';

export { TOKEN, type TokenReader, type TokenWriter } from './token-types.ts';

/**
 * Levels, docs/protocol/3-transfer.md, 7.6. Out-of-range values are clamped; the level is not on the wire, except
 * that level 0 of zlib and zlibx turns compression off at both ends.
 */
const ZLIB_LEVEL = { min: 1, max: 9, default: 6 };
const ZSTD_LEVEL = { min: -131072, max: 22, default: 3 };

export interface TokenWriterOptions {
  compressor: CompressorName;
  /** `--compress-level`; undefined: the compressor's own default. */
  level: number | undefined;
  protocol: number;
}

export interface TokenReaderOptions {
  compressor: CompressorName;
  /** Needed for one thing: level 0 of zlib and zlibx means plain tokens. */
  level?: number | undefined;
  protocol: number;
}

/** A writer for all files of a session. Throws RSYNC_UNSUPPORTED if this Node lacks the compressor. */
export function createTokenWriter({ compressor, level, protocol }: TokenWriterOptions): TokenWriter {
  if (isPlain(compressor, level)) return new PlainTokenWriter();
  switch (compressor) {
    case 'zlib':
    case 'zlibx':
      return new FramedTokenWriter(
        new DeflatedEncoder({
          level: clamp(level ?? ZLIB_LEVEL.default, ZLIB_LEVEL),
          history: compressor === 'zlib',
          repeatsPieces: protocol < 31,
        }),
      );
    case 'lz4':
      return new FramedTokenWriter(new Lz4Encoder());
    case 'zstd':
      requireZstd();
      return new FramedTokenWriter(new ZstdEncoder(clamp(level || ZSTD_LEVEL.default, ZSTD_LEVEL)));
    case 'none':
      return new PlainTokenWriter();
  }
}

/** A reader for all files of a session. Throws RSYNC_UNSUPPORTED if this Node lacks the compressor. */
export function createTokenReader({ compressor, level, protocol }: TokenReaderOptions): TokenReader {
  if (isPlain(compressor, level)) return new PlainTokenReader();
  switch (compressor) {
    case 'zlib':
    case 'zlibx':
      return new FramedTokenReader(
        new DeflatedDecoder({ history: compressor === 'zlib', repeatsPieces: protocol < 31 }),
      );
    case 'lz4':
      return new FramedTokenReader(new Lz4Decoder());
    case 'zstd':
      requireZstd();
      return new FramedTokenReader(new ZstdDecoder());
    case 'none':
      return new PlainTokenReader();
  }
}

/** What this Node can do, in the order of preference that rsync offers. */
export function availableCompressors(): CompressorName[] {
  return hasZstd() ? ['zstd', 'lz4', 'zlibx', 'zlib'] : ['lz4', 'zlibx', 'zlib'];
}

function isPlain(compressor: CompressorName, level: number | undefined): boolean {
  return compressor === 'none' || (level === 0 && (compressor === 'zlib' || compressor === 'zlibx'));
}

function clamp(level: number, range: { min: number; max: number }): number {
  return Math.min(range.max, Math.max(range.min, Math.trunc(level)));
}

/** Node has zstd from 22.15 and 23.8 on. */
function hasZstd(): boolean {
  return 'createZstdCompress' in zlib;
}

function requireZstd(): void {
  if (hasZstd()) return;
  throw new RsyncError('RSYNC_UNSUPPORTED', `zstd is not in Node ${process.versions.node}`, {
    exitCode: 4,
    origin: 'local',
    hint: 'Use Node 22.15 or newer, or choose another compressor (--compress-choice=zlibx).',
  });
}
