/** What a client may ask a restricted account to run: an rsync server, which is recognised and never started. */
import type { ByteString } from '../../core/bytes.ts';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { type ShellWord, splitShellWords } from './shell-words.ts';

/** `rsync`, `/opt/bin/rsync-3.5.1`, `rsyncjs.cmd`. */
const PROGRAM = /(?:^|[/\\])rsync[\w.-]*$/i;

/**
 * The words of a server's command line, from `--server` on. What is in front of them, a path or `sudo rsync`, only
 * says how the client thinks that rsync is started.
 * @throws RsyncError RSYNC_USAGE, exit 1: it is something else
 */
export function serverWords(command: ByteString): ShellWord[] {
  const words = splitShellWords(command);
  const at = words.findIndex(({ text }) => text === '--server');
  const program = words[at - 1];
  if (program === undefined || !PROGRAM.test(program.text)) throw notRsync();
  const rest = words.slice(at);
  const pathsAt = rest.findIndex(({ text }) => text === '.');
  if (rest.slice(0, pathsAt < 0 ? rest.length : pathsAt).some(({ text }) => text === '--daemon'))
    throw daemon();
  return rest;
}

function notRsync(): RsyncError {
  return new RsyncError('RSYNC_USAGE', 'refused: this account serves rsync and nothing else', {
    exitCode: EXIT.SYNTAX,
    origin: 'remote',
    hint: 'Use rsync or rsyncjs with a remote path, as in "rsync -a HOST: copy/".',
  });
}

function daemon(): RsyncError {
  return new RsyncError('RSYNC_USAGE', 'refused: there is no rsync daemon behind this account', {
    exitCode: EXIT.SYNTAX,
    origin: 'remote',
    hint: 'Write HOST:PATH with one colon.',
  });
}
