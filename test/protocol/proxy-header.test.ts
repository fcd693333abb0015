import { describe, expect, it } from 'vitest';
import { isRsyncError } from '../../src/core/errors.ts';
import { type ProxyHeader, readProxyHeader } from '../../src/protocol/proxy-header.ts';
import { NEED_MORE, Reader } from '../../src/protocol/reader.ts';

const text = (line: string): Buffer => Buffer.from(line, 'latin1');
const SIGNATURE = '0d0a0d0a000d0a515549540a';
/** The rest of a binary header: command, family, addresses and extensions in hex. */
const binary = (head: string, rest: string): Buffer => {
  const body = Buffer.from(rest, 'hex');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([Buffer.from(SIGNATURE + head, 'hex'), length, body]);
};
const UNKNOWN: ProxyHeader = { source: undefined, destination: undefined };
const pair = (from: string, fromPort: number, to: string, toPort: number): ProxyHeader => ({
  source: { address: from, port: fromPort },
  destination: { address: to, port: toPort },
});

const GOOD: readonly [name: string, bytes: Buffer, header: ProxyHeader][] = [
  [
    'TCP4',
    text('PROXY TCP4 192.0.2.1 198.51.100.7 56324 873\r\n'),
    pair('192.0.2.1', 56324, '198.51.100.7', 873),
  ],
  ['TCP6', text('PROXY TCP6 2001:db8::1 ::1 1 65535\r\n'), pair('2001:db8::1', 1, '::1', 65535)],
  ['UNKNOWN', text('PROXY UNKNOWN\r\n'), UNKNOWN],
  ['UNKNOWN with more', text('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'), UNKNOWN],
  ['binary IPv4', binary('2111', 'c0000201c6336407dc040369'), pair('192.0.2.1', 56324, '198.51.100.7', 873)],
  [
    'binary IPv4 with extensions',
    binary('2111', 'c0000201c6336407dc0403690300040a0b0c0d'),
    pair('192.0.2.1', 56324, '198.51.100.7', 873),
  ],
  [
    'binary IPv6',
    binary('2121', `20010db8${'00'.repeat(11)}01${'00'.repeat(15)}0100010369`),
    pair('2001:db8::1', 1, '::1', 873),
  ],
  ['binary, of the proxy itself', binary('2000', ''), UNKNOWN],
  ['binary, a local socket', binary('2131', '00'.repeat(216)), UNKNOWN],
  ['binary, datagrams', binary('2112', 'c0000201c6336407dc040369'), UNKNOWN],
];

const BAD: readonly [name: string, bytes: Buffer][] = [
  ['a greeting', text('@RSYNCD: 32.0 md5\n')],
  ['no family', text('PROXY 192.0.2.1 198.51.100.7 1 2\r\n')],
  ['a wrong family', text('PROXY TCP6 192.0.2.1 198.51.100.7 1 2\r\n')],
  ['an octet over 255', text('PROXY TCP4 192.0.2.256 198.51.100.7 1 2\r\n')],
  ['a port over 65535', text('PROXY TCP4 192.0.2.1 198.51.100.7 65536 2\r\n')],
  ['words after it', text('PROXY TCP4 192.0.2.1 198.51.100.7 1 2 x\r\n')],
  ['no end', text(`PROXY UNKNOWN ${'x'.repeat(200)}`)],
  ['an end too late', text(`PROXY UNKNOWN ${'x'.repeat(93)}\r\n`)],
  ['version 3', binary('3111', 'c0000201c6336407dc040369')],
  ['command 2', binary('2211', 'c0000201c6336407dc040369')],
  ['too short for its family', binary('2111', 'c0000201c6336407dc04')],
];

describe('the header of a proxy', () => {
  it.each(GOOD)('%s, with every prefix', (_, bytes, header) => {
    const r = new Reader(Buffer.concat([bytes, text('rest')]));
    expect(readProxyHeader(r)).toEqual(header);
    expect(r.remaining).toBe(4);
    for (let end = 0; end < bytes.length; end++) {
      const part = new Reader(bytes.subarray(0, end));
      expect(() => readProxyHeader(part)).toThrow();
      try {
        readProxyHeader(part);
      } catch (error) {
        expect(error).toBe(NEED_MORE);
      }
      expect(part.pos).toBe(0);
    }
  });

  it.each(BAD)('refuses %s', (_, bytes) => {
    try {
      readProxyHeader(new Reader(bytes));
      expect.unreachable();
    } catch (error) {
      expect(isRsyncError(error) && `${error.code} ${error.exitCode}`).toBe('RSYNC_PROTOCOL 5');
    }
  });
});
