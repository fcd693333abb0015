import type { ClientChannel } from 'ssh2';
import { fromText } from '../../core/bytes.ts';
import type { ProbeResult } from '../channel.ts';
import type { SshConnection } from './connection.ts';

/** Bytes of each stream of a probe that are kept, and milliseconds that it may take. */
const OUTPUT = 64 * 1024;
const TIME = 5000;

/** Runs one more command over a connection, without input. Undefined if that can not be done, or takes too long. */
export async function runProbe(connection: SshConnection, command: string): Promise<ProbeResult | undefined> {
  let stream: ClientChannel | undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), TIME);
  });
  const run = connection
    .exec(fromText(command), (opened) => {
      stream = opened;
      return collect(opened);
    })
    .catch(() => undefined);
  const gone = connection.closed.then(() => undefined);
  try {
    return await Promise.race([run, late, gone]);
  } finally {
    clearTimeout(timer);
    stream?.close();
  }
}

function collect(stream: ClientChannel): Promise<ProbeResult> {
  let stdout = '';
  let stderr = '';
  let code: number | null = null;
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    stdout = (stdout + chunk.toString('utf8')).slice(0, OUTPUT);
  });
  stream.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(0, OUTPUT);
  });
  stream.on('exit', (status: number | null) => {
    code = status;
  });
  stream.end();
  return new Promise((resolve) => {
    stream.on('close', () => resolve({ code, stdout, stderr }));
  });
}
