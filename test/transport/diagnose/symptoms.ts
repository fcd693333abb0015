import type { Symptoms } from '../../../src/transport/diagnose/diagnose.ts';

export const COMMAND = 'rsync --server --sender -logDtpre.iLsfxCIvu . dir/';

/** Symptoms of a session over ssh that never began, with some things otherwise. */
export function symptoms(more: Partial<Symptoms> & { command?: string; printed?: string } = {}): Symptoms {
  const { command = COMMAND, printed, ...rest } = more;
  const firstBytes = Buffer.from(printed ?? '', 'latin1');
  return {
    label: 'ssh ann@far',
    details: { kind: 'ssh', command },
    phase: 'starting rsync',
    exit: undefined,
    receivedBytes: firstBytes.length,
    sentBytes: 4,
    firstBytes,
    stderr: '',
    messages: [],
    complaint: 'connection unexpectedly closed (0 bytes received so far) [Receiver]',
    ...rest,
  };
}

export function ended(code: number | null, signal: string | null = null) {
  return { code, signal };
}

/** The version of a server, as the first bytes of a session. */
export const VERSION = '\x1f\0\0\0';
