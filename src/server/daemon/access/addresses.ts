/** Addresses as bytes, and nets that contain them. */
import { isIP } from 'node:net';

/** Four or sixteen bytes. A scope (`fe80::1%eth0`) is no part of them. */
export type AddressBytes = Uint8Array;

/** An IPv4 address in IPv6's clothes (`::ffff:10.0.0.1`), as a socket of both families gives it, is that address. */
export function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

/** Undefined: this is no address. */
export function addressBytes(text: string): AddressBytes | undefined {
  const address = text.replace(/%.*$/s, '');
  switch (isIP(address)) {
    case 4:
      return Uint8Array.from(address.split('.'), Number);
    case 6:
      return ipv6Bytes(address);
    default:
      return undefined;
  }
}

/** `address` is one that `isIP` takes for version 6. */
function ipv6Bytes(address: string): AddressBytes {
  const words = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const hex = (high: string, low: string): string => ((Number(high) << 8) | Number(low)).toString(16);
    return `${hex(a, b)}:${hex(c, d)}`;
  });
  const [head = '', tail] = words.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const all = [...before, ...new Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return Uint8Array.from(
    all.flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 255]),
  );
}

/** Addresses that agree with `address` in the bits of `mask`. */
export interface Net {
  address: AddressBytes;
  mask: AddressBytes;
}

/** `ADDRESS/BITS` or `ADDRESS/MASK`; undefined if it is neither. */
export function parseNet(text: string): Net | undefined {
  const slash = text.indexOf('/');
  const address = addressBytes(text.slice(0, slash));
  const suffix = text.slice(slash + 1);
  if (slash < 0 || address === undefined) return undefined;
  if (!/^\d{1,3}$/.test(suffix)) {
    const mask = addressBytes(suffix);
    return mask?.length === address.length ? { address, mask } : undefined;
  }
  const bits = Number(suffix);
  if (bits > address.length * 8) return undefined;
  const mask = address.map((_, at) => 0xff00 >> Math.max(0, Math.min(8, bits - at * 8)));
  return { address, mask };
}

export function isInNet(address: AddressBytes, net: Net): boolean {
  if (address.length !== net.address.length) return false;
  return address.every((byte, at) => ((byte ^ net.address[at]!) & net.mask[at]!) === 0);
}

export function sameAddress(a: AddressBytes, b: AddressBytes): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
