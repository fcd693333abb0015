/** The last line on standard error, which scripts read: docs/protocol/1-session.md, 1.9. */
import { EXIT } from '../core/errors.ts';

const PHRASES: Readonly<Record<number, string>> = {
  [EXIT.SYNTAX]: 'usage or option error',
  [EXIT.PROTOCOL]: 'incompatible protocol',
  [EXIT.FILESELECT]: 'cannot select input/output paths',
  [EXIT.UNSUPPORTED]: 'requested action unavailable',
  [EXIT.STARTCLIENT]: 'could not start the client-server dialogue',
  [EXIT.SOCKETIO]: 'network I/O error',
  [EXIT.FILEIO]: 'file I/O error',
  [EXIT.STREAMIO]: 'corrupt or truncated protocol stream',
  [EXIT.MESSAGEIO]: 'output could not be written',
  [EXIT.IPC]: 'helper process failure',
  [EXIT.CRASHED]: 'internal failure',
  [EXIT.TERMINATED]: 'helper process killed',
  [EXIT.SIGNAL1]: 'interrupted',
  [EXIT.SIGNAL]: 'interrupted',
  [EXIT.WAITCHILD]: 'waiting for a helper process failed',
  [EXIT.MALLOC]: 'out of memory',
  [EXIT.PARTIAL]: 'some files or attributes not transferred',
  [EXIT.VANISHED]: 'some source files vanished',
  [EXIT.DEL_LIMIT]: 'deletion limit reached',
  [EXIT.TIMEOUT]: 'timed out',
  [EXIT.CONTIMEOUT]: 'connect timed out',
  [EXIT.GUARD]: 'stopped: a decision is needed',
  [EXIT.BUSY]: 'busy: another run holds the lock',
  [EXIT.CMD_FAILED]: 'remote shell failed',
  [EXIT.CMD_KILLED]: 'remote shell killed',
  [EXIT.CMD_RUN]: 'remote command could not be run',
  [EXIT.CMD_NOTFOUND]: 'remote command not found',
  255: 'connection failed',
};

/** Who speaks: as rsync names it, or `client` or `server` as long as nothing is decided. */
export type ExitRole = 'client' | 'server' | 'sender' | 'Receiver';

/** `rsync error: PHRASE (code N) at rsyncjs [ROLE=VERSION]`; a warning for 24. */
export function exitLine(code: number, role: ExitRole, version: string): string {
  const kind = code === EXIT.VANISHED ? 'warning' : 'error';
  return `rsync ${kind}: ${PHRASES[code] ?? 'unexplained error'} (code ${code}) at rsyncjs [${role}=${version}]`;
}
