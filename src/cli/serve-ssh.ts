/** `rsyncjs serve --ssh`: starts the server, says how to reach it, and tells what it does until a signal ends it. */

import { type ByteString, fromText } from '../core/bytes.ts';
import { EXIT } from '../core/errors.ts';
import { recordLine } from '../server/restricted/session-record.ts';
import type { SshServerEvent } from '../server/ssh/settings.ts';
import { openSshServer } from '../server/ssh/ssh-server.ts';
import { escapeLine } from '../text/escape.ts';
import type { ServeArguments } from './serve-arguments.ts';
import { SessionLog } from './session-log.ts';

/** @returns 0, when a signal has ended it */
export async function serveSsh(given: ServeArguments, signal: AbortSignal): Promise<number> {
  const log = given.logFile === undefined ? undefined : SessionLog.open(given.logFile);
  const say = (line: ByteString): void => {
    process.stdout.write(Buffer.from(`${line}\n`, 'latin1'));
    log?.write(line);
  };
  const { root, readOnly, writeOnly, noDelete, munge, port, address, hostKey } = given;
  const server = openSshServer({
    root,
    readOnly,
    writeOnly,
    noDelete,
    munge,
    authorizedKeys: given.authorizedKeys ?? '',
    ...(port === undefined ? {} : { port }),
    ...(address === undefined ? {} : { address }),
    ...(hostKey === undefined ? {} : { hostKey }),
    onEvent: (event) => {
      for (const line of eventLines(event, new Date())) say(line);
    },
  });
  const bound = await server.listen();
  for (const line of welcome(given, server.hostKey, bound)) process.stdout.write(`${line}\n`);
  await ended(signal);
  await server.close();
  log?.close();
  return EXIT.OK;
}

function welcome(
  { root, readOnly, writeOnly, noDelete }: ServeArguments,
  hostKey: { typeName: string; fingerprint: string; publicKey: string; path: string; isNew: boolean },
  bound: { address: string; port: number },
): string[] {
  const rights = readOnly ? 'read only' : writeOnly ? 'write only' : 'read and write';
  const shown = bound.address.includes(':') ? `[${bound.address}]` : bound.address;
  // Listening everywhere is no name of a host.
  const host = /^(?:0\.0\.0\.0|::)$/.test(bound.address) ? 'HOST' : shown;
  const example = writeOnly ? `dir/ ${host}:` : `${host}: copy/`;
  return [
    `rsyncjs serves ${root} over ssh at ${shown} port ${bound.port} (${rights}${noDelete ? ', nothing is deleted' : ''})`,
    `Host key: ${hostKey.typeName} ${hostKey.fingerprint}${hostKey.isNew ? `, made now: ${hostKey.path}` : ''}`,
    `  for known_hosts: [${host.replace(/^\[|\]$/g, '')}]:${bound.port} ${hostKey.publicKey}`,
    `Try:  rsyncjs -av -e "ssh -p ${bound.port}" ${example}`,
    'Ctrl-C ends it.',
  ];
}

/** What a person who runs the server is told, escaped. */
export function eventLines(event: SshServerEvent, now: Date): ByteString[] {
  const line = (text: string): ByteString =>
    escapeLine(fromText(`${now.toISOString().replace(/\.\d+Z$/, 'Z')} ${text}`), true);
  switch (event.type) {
    case 'keys':
      return event.unusable.map(({ line: number, reason }) =>
        line(`${event.file}:${number} lets nobody in: ${reason}`),
      );
    case 'turned-away':
      return [line(`${event.from} turned away: ${event.reason}`)];
    case 'login':
      return [line(`${event.from} login with ${event.fingerprint} ${event.comment}`.trimEnd())];
    case 'session':
      return [recordLine(event, now)];
    case 'fault':
      return [line(event.error.message)];
  }
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
