import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../src/options/resolve.ts';
import { parseSocketOptions } from '../../src/options/socket-options.ts';

describe('--sockopts', () => {
  it.each([
    ['', undefined, undefined],
    ['TCP_NODELAY', true, undefined],
    ['TCP_NODELAY=0, SO_KEEPALIVE', false, true],
    ['SO_KEEPALIVE=1\tTCP_NODELAY=7,,', true, true],
  ])('%j', (text, noDelay, keepAlive) => {
    expect(parseSocketOptions(text)).toEqual({ noDelay, keepAlive });
  });

  it.each(['SO_SNDBUF=65536', 'SO_RCVBUF', 'IPTOS_THROUGHPUT'])('%s is refused by name', (sockopts) => {
    expect(() => resolveOptions({ sockopts })).toThrow(
      expect.objectContaining({
        code: 'RSYNC_UNSUPPORTED',
        exitCode: 4,
        message: expect.stringContaining(sockopts.split('=')[0]!),
      }),
    );
  });

  it.each(['FOO', 'TCP_NODELAY=x', 'tcp_nodelay', '=1'])('%s is unknown', (sockopts) => {
    expect(() => resolveOptions({ sockopts })).toThrow(
      expect.objectContaining({
        code: 'RSYNC_USAGE',
        exitCode: 1,
        message: expect.stringContaining(sockopts),
      }),
    );
  });
});
