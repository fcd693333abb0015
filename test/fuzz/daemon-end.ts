/** Our daemon and its client, on a channel in this process. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { list, pull, push, type TransferSettings } from '../../src/client/api.ts';
import { type ByteString, toText } from '../../src/core/bytes.ts';
import { serveConnection } from '../../src/server/daemon/connection.ts';
import { DaemonLog } from '../../src/server/daemon/log/daemon-log.ts';
import { loneSupervision } from '../../src/server/daemon/process/supervisor.ts';
import type { PipeEnd } from '../../src/transport/pipe.ts';

/** What a client of a daemon asks for. */
export interface DaemonRequest {
  direction: 'pull' | 'push' | 'list';
  /** `MODULE/PATH`; '' for the list of modules. */
  path: string;
  settings: TransferSettings;
  /** `--early-input`. */
  early: boolean;
}

export const PASSWORD = 's3cret';
const EARLY = 'early input of a client';

/** Puts a configuration, its secrets and a client's early input into a folder. */
export function makeDaemonFiles(folder: string): void {
  const root = process.getuid?.() === 0 ? ['uid = 0', 'gid = 0'] : [];
  const module = (name: string, ...lines: string[]): string[] => [
    `[${name}]`,
    'path = %TREE%',
    'read only = no',
    'comment = a module',
    ...lines,
  ];
  const lines = [
    'use chroot = no',
    'reverse lookup = no',
    ...root,
    ...module('open'),
    ...module('closed', 'auth users = joe', `secrets file = ${join(folder, 'secrets')}`),
    ...module('narrow', 'exclude = surplus', 'refuse options = delete-after', 'munge symlinks = yes'),
  ];
  writeFileSync(join(folder, 'rsyncd.conf'), `${lines.join('\n')}\n`);
  writeFileSync(join(folder, 'secrets'), `joe:${PASSWORD}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'early'), EARLY);
}

/** A log that is heard. */
class HeardLog extends DaemonLog {
  readonly lines: string[] = [];

  override open(): void {}

  override line(text: ByteString): void {
    this.lines.push(toText(text));
  }
}

/**
 * Serves one client.
 * @param folder  of makeDaemonFiles
 * @param tree    what every module shows
 */
export async function serveAsDaemon(
  { input, output }: PipeEnd,
  folder: string,
  tree: string,
): Promise<{ exitCode: number; lines: string[] }> {
  const log = new HeardLog({ file: undefined, hasTerminal: true });
  const exitCode = await serveConnection({
    input,
    output,
    address: '127.0.0.1',
    settings: {
      config: join(folder, 'rsyncd.conf'),
      overrides: [],
      bwlimit: 0,
      verbose: 0,
      version: '0',
      hasTerminal: true,
    },
    supervisor: loneSupervision(),
    log,
    env: { TREE: tree },
    signal: new AbortController().signal,
  });
  return { exitCode, lines: log.lines };
}

/** @param tree  the destination of a pull, the source of a push */
export async function askDaemon(
  channel: PipeEnd,
  { direction, path, settings, early }: DaemonRequest,
  folder: string,
  tree: string,
  onEvent: TransferSettings['onEvent'],
): Promise<number> {
  const all: TransferSettings = {
    ...settings,
    ...(early ? { earlyInput: join(folder, 'early') } : {}),
    channel: Object.assign(channel, { details: { kind: 'tcp' as const } }),
    env: {},
    password: PASSWORD,
    onEvent,
  };
  const url = `rsync://joe@fuzz/${path}`;
  if (direction === 'list') return (await list(url, all)).exitCode;
  const { exitCode } = await (direction === 'pull' ? pull(url, tree, all) : push(`${tree}/`, url, all));
  return exitCode;
}
