import type { ChecksumName, CompressorName } from '../core/algorithms.ts';
import { packageVersion } from '../files/package-version.ts';
import { NEWEST_PROTOCOL, OLDEST_PROTOCOL } from '../options/limits.ts';

export { packageVersion };

/** In the order of preference: docs/protocol/1-session.md, 1.5. */
const CHECKSUMS: readonly ChecksumName[] = ['xxh128', 'xxh3', 'xxh64', 'md5', 'md4', 'sha1', 'none'];

/** `--version`; twice: as JSON. The first line is laid out like rsync's, for scripts that read it. */
export async function versionText(json: boolean): Promise<string> {
  const zlib = await import('node:zlib');
  const version = packageVersion();
  // Node has zstd from 22.15 and 23.8 on.
  const zstd: CompressorName[] = 'createZstdCompress' in zlib ? ['zstd'] : [];
  const compressors: CompressorName[] = [...zstd, 'lz4', 'zlibx', 'zlib', 'none'];
  const node = `${process.version} ${process.platform} ${process.arch}`;
  if (json) {
    const facts = {
      program: 'rsyncjs',
      version,
      protocol: NEWEST_PROTOCOL,
      oldest_protocol: OLDEST_PROTOCOL,
      node,
      checksum_list: CHECKSUMS,
      compress_list: compressors,
      license: 'MIT',
    };
    return `${JSON.stringify(facts, undefined, 2)}\n`;
  }
  return [
    `rsyncjs  version ${version}  protocol version ${NEWEST_PROTOCOL}`,
    `Speaks the rsync protocol ${OLDEST_PROTOCOL} to ${NEWEST_PROTOCOL} by itself; no rsync is needed on this machine.`,
    `Node.js: ${node}`,
    'Checksum list:',
    `    ${CHECKSUMS.join(' ')}`,
    'Compress list:',
    `    ${compressors.join(' ')}`,
    'License: MIT',
    '',
  ].join('\n');
}
