import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { transfer } from '../../src/client/transfer.ts';
import { isRsyncError, type RsyncError } from '../../src/core/errors.ts';
import { WholeDisk } from '../../src/files/places.ts';
import { resolveOptions } from '../../src/options/resolve.ts';
import { capabilityText } from '../../src/protocol/server-args.ts';
import { runServerSession } from '../../src/session/server-session.ts';
import { createPipe } from '../../src/transport/pipe.ts';
import { runPair, temporaries, Workspace } from '../support/pair.ts';
import { noise } from '../support/tree.ts';

/**
 * A good session between our two ends is recorded; then each end alone gets every prefix of what it was told. It must
 * end by itself, with a typed error, and leave the old file or the new one.
 */

let space: Workspace;
beforeEach(() => {
  space = new Workspace();
});
afterEach(() => space.remove());

const OLD = noise(800, 1);
const NEW = Buffer.concat([OLD.subarray(0, 700), Buffer.from('changed')]);

/**
 * A stream that ends too early is 12. All of it came at once here, so that answers may overtake what they answer, which
 * is 2.
 */
const CODES = [12, 2];
const TOO_EARLY = /phase that is under way|which was not asked for/;

const OPTIONS = resolveOptions({
  recursive: true,
  checksumSeed: 7,
  checksumChoice: 'md5',
  ignoreTimes: true,
});

function source(): string {
  return space.make('src', [
    { path: 'f', content: NEW },
    { path: 'd/g', content: 'new' },
  ]);
}

/** The destination as it is before every run. */
function fresh(): string {
  const dst = space.at('dst');
  rmSync(dst, { recursive: true, force: true });
  mkdirSync(dst);
  writeFileSync(`${dst}/f`, OLD);
  return dst;
}

function expectWhole(dst: string): void {
  const f = readFileSync(`${dst}/f`);
  expect(f.equals(OLD) || f.equals(NEW)).toBe(true);
  if (existsSync(`${dst}/d/g`)) expect(readFileSync(`${dst}/d/g`, 'latin1')).toBe('new');
  expect(temporaries(dst)).toEqual([]);
}

describe.each(['pull', 'push'] as const)('%s cut at every byte', (direction) => {
  const record = async (): Promise<{ src: string; toClient: Buffer; toServer: Buffer }> => {
    const src = source();
    const dst = fresh();
    const good = await runPair({
      direction,
      options: OPTIONS,
      sources: [`${src}/`],
      destination: dst,
      record: true,
    });
    expect(good.result?.exitCode).toBe(0);
    expect(readFileSync(`${dst}/f`).equals(NEW)).toBe(true);
    return { src, toClient: good.toClient, toServer: good.toServer };
  };

  it('the client', async () => {
    const { src, toClient } = await record();
    const run = async (bytes: Buffer, dst: string): Promise<RsyncError | undefined> => {
      const [client, server] = createPipe('cut');
      server.input.resume();
      server.output.write(bytes);
      server.finish(0);
      try {
        const { exitCode } = await transfer({
          options: OPTIONS,
          direction,
          remote: { user: undefined, host: 'cut' },
          remotePaths: [direction === 'pull' ? 'src/' : 'dst'],
          localPaths: [direction === 'pull' ? dst : `${src}/`],
          channel: client,
        });
        expect(exitCode).toBe(0);
        return undefined;
      } catch (error) {
        if (isRsyncError(error)) return error;
        throw error;
      }
    };
    for (let length = 0; length < toClient.length; length++) {
      const dst = fresh();
      const error = await run(toClient.subarray(0, length), dst);
      expect(CODES, `${length} of ${toClient.length} bytes`).toContain(error?.exitCode);
      if (error?.exitCode === 2) expect(error.message).toMatch(TOO_EARLY);
      if (direction === 'pull') expectWhole(dst);
      // All files are through: only last words are missing. (On a pull some of them overtake, see above.)
      if (direction === 'push' && length === toClient.length - 1) expect(error?.message).toContain('goodbye');
    }
  });

  it('the server', async () => {
    const { src, toServer } = await record();
    for (let length = 0; length < toServer.length; length++) {
      const dst = fresh();
      const [client, server] = createPipe('cut');
      client.input.resume();
      client.output.write(toServer.subarray(0, length));
      client.output.end();
      const { exitCode: code } = await runServerSession({
        channel: server,
        options: OPTIONS,
        role: direction === 'pull' ? 'sender' : 'receiver',
        paths: [direction === 'pull' ? `${src}/` : dst],
        places: new WholeDisk(),
        capabilities: capabilityText(OPTIONS, direction === 'pull' ? 'sender' : 'receiver'),
      });
      expect(CODES, `${length} of ${toServer.length} bytes`).toContain(code);
      if (direction === 'push') expectWhole(dst);
    }
  });
});
