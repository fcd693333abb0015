/** Sessions between our daemon and its client, from the greeting on. */
import type { TransferSettings } from '../../src/client/api.ts';
import { EXIT } from '../../src/core/errors.ts';
import { resolveOptions } from '../../src/options/resolve.ts';
import { createPipe } from '../../src/transport/pipe.ts';
import { splice, Workspace } from '../support/pair.ts';
import { askDaemon, type DaemonRequest, makeDaemonFiles, serveAsDaemon } from './daemon-end.ts';
import { DESTINATION, SOURCE } from './option-sets.ts';
import { endsOf, framesOf, type Recording } from './recording.ts';

/** Names, and what is asked for. */
function requests(): [string, DaemonRequest][] {
  const found: [string, DaemonRequest][] = [
    ['modules', { direction: 'list', path: '', settings: {}, early: false }],
  ];
  for (const protocol of [29, 30, 31, 32]) {
    const settings: TransferSettings = {
      recursive: true,
      links: true,
      times: true,
      checksumSeed: 7,
      protocol,
    };
    if (protocol >= 30) settings.checksumChoice = 'md5';
    for (const direction of ['pull', 'push'] as const) {
      const add = (name: string, path: string, more: TransferSettings = {}, early = false): void =>
        void found.push([
          `${name}, ${direction}, protocol ${protocol}`,
          { direction, path, settings: { ...settings, ...more }, early },
        ]);
      add('module', 'open/', { delete: 'during' });
      add('a module with a password', 'closed/');
      add('early input, -s', 'narrow/', { secludedArgs: true, backup: true, backupDir: 'kept' }, true);
    }
  }
  return found;
}

/** Where a client's dialogue ends, or a daemon's. */
function dialogueOf(told: Buffer, isDaemon: boolean, protocol: number): number {
  const end = isDaemon ? (protocol >= 30 ? '\0\0' : '\n\n') : '@RSYNCD: OK\n';
  const at = told.indexOf(end);
  return at < 0 ? told.length : at + end.length;
}

export async function daemonRecordings(): Promise<Recording[]> {
  const found: Recording[] = [];
  for (const [name, request] of requests()) {
    const space = new Workspace();
    try {
      const folder = space.make('files', []);
      makeDaemonFiles(folder);
      const src = space.make('src', SOURCE);
      const dst = space.make('dst', DESTINATION);
      const told = { server: [] as Buffer[], client: [] as Buffer[] };
      const order: { to: string; length: number }[] = [];
      const [client, nearServer] = createPipe('daemon');
      const [nearClient, server] = createPipe('daemon');
      splice(nearServer, nearClient, (to, chunk) => {
        told[to].push(Buffer.from(chunk));
        order.push({ to, length: chunk.length });
      });
      const pushes = request.direction === 'push';
      const serving = serveAsDaemon(server, folder, pushes ? dst : src).then((ended) => {
        server.finish(ended.exitCode);
        return ended;
      });
      const exitCode = await askDaemon(client, request, folder, pushes ? src : dst, () => {});
      client.finish(exitCode);
      const served = await serving;
      client.destroy();
      if (exitCode !== 0 || served.exitCode !== 0)
        throw new Error(`${name}: ${exitCode}, ${served.exitCode}, ${served.lines.join('\n')}`);
      const options = resolveOptions({ protocol: request.settings.protocol });
      for (const side of ['client', 'server'] as const) {
        const bytes = Buffer.concat(told[side]);
        const isDaemon = side === 'server';
        const dialogue = dialogueOf(bytes, isDaemon, options.protocol);
        const isFramed = dialogue < bytes.length && (!isDaemon || options.protocol >= 30);
        const isAsked = request.path.startsWith('closed');
        found.push({
          name: `daemon: ${name}`,
          victim: `daemon ${isDaemon ? '' : 'client '}${isDaemon === pushes ? 'receiver' : 'sender'}`,
          options,
          told: bytes,
          ends: endsOf(order, side),
          dialogue,
          request,
          // The daemon has another challenge every time: what answered the old one does not let a client in.
          exitCode: isAsked && isDaemon ? EXIT.STARTCLIENT : EXIT.OK,
          ...framesOf(bytes, isFramed, dialogue),
          sources: [''],
          source: SOURCE,
          destination: DESTINATION,
        });
      }
    } finally {
      space.remove();
    }
  }
  return found;
}
