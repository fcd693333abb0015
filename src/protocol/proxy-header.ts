import { type ByteString, fromBuffer } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { NEED_MORE, type Reader } from './reader.ts';

/**
 * The header that a proxy puts in front of a connection (the PROXY protocol, versions 1 and 2), which a daemon may be
 * told to expect before the greeting: docs/protocol/1-session.md, 1.10.
 *
 *     v1 = "PROXY " ("TCP4" | "TCP6") " " SOURCE " " DESTINATION " " PORT " " PORT CRLF      at most 107 bytes
 *        | "PROXY UNKNOWN" ... CRLF
 *     v2 = 0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a, 0x20 | command, family << 4 | transport, length (16 bits, big-endian),
 *          source, destination, port, port, extensions
 */
export interface ProxyHeader {
  /** Who has connected to the proxy; undefined: the proxy itself, or it does not say. */
  source: ProxyAddress | undefined;
  destination: ProxyAddress | undefined;
}

export interface ProxyAddress {
  /** IPv4 or IPv6, as text. */
  address: string;
  port: number;
}

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const V1 = Buffer.from('PROXY ', 'latin1');
const V1_LENGTH = 107;
const V2_HEAD = 16;
/** Bytes of the addresses of each family: IPv4, IPv6. */
const FAMILIES: Readonly<Record<number, number>> = { 1: 4, 2: 16 };
const STREAM = 1;
const UNKNOWN: ProxyHeader = { source: undefined, destination: undefined };

/**
 * Takes one header of either version, nothing after it. Throws NEED_MORE with nothing taken; RSYNC_PROTOCOL (exit 5) as
 * soon as the bytes can not be one.
 */
export function readProxyHeader(r: Reader): ProxyHeader {
  const bytes = Buffer.from(r.buffer.buffer, r.buffer.byteOffset + r.pos, r.remaining);
  if (startsLike(bytes, SIGNATURE)) return readBinary(r, bytes);
  if (startsLike(bytes, V1)) return readText(r, bytes);
  throw bad('no header of a proxy');
}

/** As far as both go. */
function startsLike(bytes: Buffer, wanted: Buffer): boolean {
  const length = Math.min(bytes.length, wanted.length);
  return bytes.subarray(0, length).equals(wanted.subarray(0, length));
}

function readText(r: Reader, bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, V1_LENGTH).indexOf('\r\n');
  if (end < 0) {
    if (bytes.length >= V1_LENGTH) throw bad('the header of the proxy has no end');
    throw NEED_MORE;
  }
  const header = parseText(fromBuffer(bytes, V1.length, end));
  r.pos += end + 2;
  return header;
}

const V1_FIELDS = /^TCP([46]) (\S+) (\S+) (\d{1,5}) (\d{1,5})$/;

function parseText(text: ByteString): ProxyHeader {
  if (/^UNKNOWN(?: |$)/.test(text)) return UNKNOWN;
  const [, family, from = '', to = '', fromPort, toPort] = V1_FIELDS.exec(text) ?? [];
  const isAddress = family === '4' ? isIpv4 : isIpv6;
  const [source, destination] = [
    { address: from, port: Number(fromPort) },
    { address: to, port: Number(toPort) },
  ];
  if (family === undefined || ![source, destination].every((a) => isAddress(a.address) && a.port <= 65535)) {
    throw bad('a malformed header of a proxy');
  }
  return { source, destination };
}

function readBinary(r: Reader, bytes: Buffer): ProxyHeader {
  if (bytes.length < V2_HEAD) throw NEED_MORE;
  const version = bytes[12]! >> 4;
  const command = bytes[12]! & 15;
  if (version !== 2 || command > 1) throw bad('an unknown header of a proxy');
  const length = bytes.readUInt16BE(14);
  const size = FAMILIES[bytes[13]! >> 4];
  const carriesAddresses = command === 1 && size !== undefined && (bytes[13]! & 15) === STREAM;
  if (carriesAddresses && length < 2 * size + 4) throw bad('a short header of a proxy');
  if (bytes.length < V2_HEAD + length) throw NEED_MORE;
  r.pos += V2_HEAD + length;
  if (!carriesAddresses) return UNKNOWN;
  const at = (offset: number): string =>
    addressText(bytes.subarray(V2_HEAD + offset, V2_HEAD + offset + size));
  return {
    source: { address: at(0), port: bytes.readUInt16BE(V2_HEAD + 2 * size) },
    destination: { address: at(size), port: bytes.readUInt16BE(V2_HEAD + 2 * size + 2) },
  };
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return new URL(`http://[${words.join(':')}]/`).hostname.slice(1, -1);
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}

function isIpv6(text: string): boolean {
  return /^[0-9a-f:.]{2,45}$/i.test(text) && text.includes(':') && URL.canParse(`http://[${text}]/`);
}

function bad(message: string): RsyncError {
  return new RsyncError('RSYNC_PROTOCOL', message, { exitCode: EXIT.STARTCLIENT, origin: 'remote' });
}
