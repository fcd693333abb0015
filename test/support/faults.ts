import { spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fromText } from '../../src/core/bytes.ts';
import type { TransferEvent } from '../../src/core/events.ts';
import { WholeDisk } from '../../src/files/places.ts';
import type { TransferOptions } from '../../src/options/transfer-options.ts';
import { buildServerArgs, capabilityText, type ServerRole } from '../../src/protocol/server-args.ts';
import { runServerSession } from '../../src/session/server-session.ts';
import type { Channel, ChannelExit } from '../../src/transport/channel.ts';
import { createPipe } from '../../src/transport/pipe.ts';
import { MAIN, type Peer } from './peers.ts';

/** A server as its client sees it, with what a test can do to it. */
export interface FarEnd {
  input: Readable;
  output: Writable;
  exit: Promise<ChannelExit>;
  /** Kills it, as the system would; a server in this process is cut off. */
  kill(): void;
}

/** A real rsync as the server. */
export function realServer(peer: Peer, options: TransferOptions, role: ServerRole, path: string): FarEnd {
  const child = spawn(peer.path, [...buildServerArgs(options, role), '.', path], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // In a session of its own: its parts are killed together.
    detached: true,
  });
  for (const stream of [child.stdin, child.stdout, child]) stream.on('error', () => {});
  return {
    input: child.stdout,
    output: child.stdin,
    exit: new Promise((done) => child.on('close', (code, signal) => done({ code, signal }))),
    kill: () => {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // It has ended.
      }
    },
  };
}

/** Our server, in this process. */
export function ownServer(
  options: TransferOptions,
  role: ServerRole,
  path: string,
  onEvent: (event: TransferEvent) => void = () => {},
): FarEnd {
  const [near, far] = createPipe('own server');
  const exit = runServerSession({
    channel: far,
    role,
    options,
    capabilities: capabilityText(options, role),
    paths: [fromText(path)],
    places: new WholeDisk(),
    onEvent,
  }).then(({ exitCode }) => {
    far.finish(exitCode);
    return { code: exitCode, signal: null };
  });
  return { input: near.input, output: near.output, exit, kill: () => near.destroy() };
}

/** What happens when so many bytes have gone one way. */
export interface Fault {
  to: 'server' | 'client';
  bytes: number;
  act: 'cut' | 'kill';
}

export interface Relay {
  /** What the client speaks on. */
  channel: Channel;
  /** Bytes that went through. */
  passed: { server: number; client: number };
  /** The fault has happened. */
  struck: boolean;
}

/** Joins a client and a server until the fault happens: not a byte more goes through, in either direction. */
export function relay(far: FarEnd, fault: Fault | undefined): Relay {
  const [channel, near] = createPipe('relay');
  const joined: Relay = { channel, passed: { server: 0, client: 0 }, struck: false };
  const strike = (): void => {
    joined.struck = true;
    if (fault!.act === 'kill') far.kill();
    near.destroy();
    far.input.destroy();
    far.output.destroy();
  };
  const pump = (from: Readable, to: Writable, whom: 'server' | 'client'): void => {
    from.on('data', (chunk: Buffer) => {
      if (joined.struck) return;
      const left = fault?.to === whom ? fault.bytes - joined.passed[whom] : chunk.length;
      const part = chunk.subarray(0, left);
      joined.passed[whom] += part.length;
      if (part.length > 0 && !to.write(part)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
      if (fault?.to === whom && joined.passed[whom] >= fault.bytes) strike();
    });
    from.on('end', () => to.end());
    from.on('close', () => to.end());
    from.on('error', () => {});
    to.on('error', () => {});
  };
  pump(near.input, far.output, 'server');
  pump(far.input, near.output, 'client');
  void far.exit.then(({ code, signal }) => near.finish(code, signal));
  return joined;
}

export interface FaultShell {
  peer: Peer | 'ours';
  /** Bytes of one direction that go through before that direction ends. */
  cut?: { to: 'server' | 'client'; bytes: number };
}

/**
 * A remote shell for `-e` that starts a server which is told, and tells, so many bytes. Its process group is in
 * `FOLDER/server`.
 */
export function faultShell(folder: string, { peer, cut }: FaultShell): string {
  const path = join(folder, 'shell');
  let program: string;
  if (peer === 'ours') {
    program = join(folder, 'rsync');
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, { mode: 0o755 });
  }
  const home = peer === 'ours' ? folder : dirname(peer.path);
  // Not `head`, which keeps what it has until its buffer is full.
  const some = `dd bs=32k count=${cut?.bytes} iflag=count_bytes 2>/dev/null`;
  const before = cut?.to === 'server' ? `${some} | ` : '';
  // All of it has to go: whoever keeps the pipe open keeps the client waiting.
  const after = cut?.to === 'client' ? ` | { trap "" TERM; ${some}; kill -TERM 0; }` : '';
  writeFileSync(
    path,
    `#!/bin/sh
while :; do
  case $1 in
    -l|-p) shift 2 ;;
    -*) shift ;;
    *) break ;;
  esac
done
shift
PATH='${home}':$PATH
export PATH
exec 3<&0
setsid sh -c 'echo $$ >"$0/server"; ${before}sh -c "$1"${after}' '${folder}' "$*" <&3 &
exec 3<&-
wait $!
`,
  );
  chmodSync(path, 0o755);
  return path;
}
