import { readFileSync } from 'node:fs';
import { DIGEST_LENGTH } from '../core/algorithms.ts';

/** The version of this package. Read when asked for: most runs never ask. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

const PROTOCOL = 32;
const OLDEST_PROTOCOL = 29;

/** `--version`; twice: as JSON. The first line is laid out like rsync's, for scripts that read it. */
export async function versionText(json: boolean): Promise<string> {
  const zlib = await import('node:zlib');
  const version = packageVersion();
  // In the order of preference: docs/protocol/1-session.md, 1.5.
  const checksums = ['xxh128', 'xxh3', 'xxh64', 'md5', 'md4', 'sha1', 'none'].filter((name) =>
    Object.hasOwn(DIGEST_LENGTH, name),
  );
  // Node has zstd from 22.15 and 23.8 on.
  const compressors = [...('createZstdCompress' in zlib ? ['zstd'] : []), 'lz4', 'zlibx', 'zlib', 'none'];
  const node = `${process.version} ${process.platform} ${process.arch}`;
  if (json) {
    const facts = {
      program: 'rsyncjs',
      version,
      protocol: PROTOCOL,
      oldest_protocol: OLDEST_PROTOCOL,
      node,
      checksum_list: checksums,
      compress_list: compressors,
      license: 'MIT',
    };
    return `${JSON.stringify(facts, undefined, 2)}\n`;
  }
  return [
    `rsyncjs  version ${version}  protocol version ${PROTOCOL}`,
    `Speaks the rsync protocol ${OLDEST_PROTOCOL} to ${PROTOCOL} by itself; no rsync is needed on this machine.`,
    `Node.js: ${node}`,
    'Checksum list:',
    `    ${checksums.join(' ')}`,
    'Compress list:',
    `    ${compressors.join(' ')}`,
    'License: MIT',
    '',
  ].join('\n');
}
