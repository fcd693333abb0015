/** The far end, or the way to it, is gone: signals, cut connections, and every other early end. */
import { EXIT } from '../../core/errors.ts';
import { type Finding, signalOf } from './finding.ts';
import { hasNoise, type Phase, type Symptoms } from './symptoms.ts';
import { clean } from './words.ts';

const SIGNAL_HINTS: Readonly<Record<string, string>> = {
  SIGKILL:
    'The system there ends processes like that when memory runs out (dmesg there says so), and so do time limits and "kill -9".',
  SIGTERM: 'Somebody, a service manager or a shutdown ended it there.',
  SIGHUP: 'The session there was closed: a logout, a restart of sshd, a limit of the login manager.',
  SIGPIPE: 'Whoever read its output there went away: a wrapper around rsync, or the connection.',
  SIGXCPU: 'It used more processor time than the account is given there (ulimit -t).',
  SIGXFSZ: 'It wrote a larger file than the account is given there (ulimit -f).',
};
const CRASH = 'rsync crashed there: update it, and report it to whoever packages it.';

/** What becomes of the work so far. */
function again(phase: Phase): string {
  return phase === 'transfer' || phase === 'goodbye'
    ? 'Run it again: files that have arrived whole are not sent a second time; of the one under way the old version is in place, and --partial keeps its beginning for the next run.'
    : 'Nothing was changed yet: run it again.';
}

export function recogniseSignal(symptoms: Symptoms): Finding | undefined {
  const signal = signalOf(symptoms);
  if (signal === undefined || hasNoise(symptoms)) return undefined;
  const { exit, phase } = symptoms;
  return {
    code: 'RSYNC_REMOTE_EXIT',
    // A shell's 128 + n stays the status that it is.
    exitCode: exit?.code ?? EXIT.STREAMIO,
    what: `the remote rsync was killed by ${clean(signal, 20)}`,
    hint: `${SIGNAL_HINTS[signal] ?? CRASH} ${again(phase)}`,
  };
}

export function recogniseLost(symptoms: Symptoms): Finding | undefined {
  const { exit, details, phase, complaint } = symptoms;
  if (exit === undefined) return undefined;
  const { code } = exit;
  if (code === null) {
    return {
      code: 'RSYNC_CONNECT',
      exitCode: 255,
      origin: 'transport',
      what: 'the connection was lost',
      hint: `${lostHint(details?.lost)} ${again(phase)}`,
    };
  }
  // A spawned remote shell ends like this when it fails itself; the built-in ssh has errors of its own for that.
  if (code === 255 && details?.kind !== 'ssh') {
    return {
      code: 'RSYNC_CONNECT',
      exitCode: 255,
      origin: 'transport',
      what: 'the remote shell failed or lost its connection',
      hint:
        phase === 'starting rsync'
          ? 'Try the same remote shell by hand: what it prints says why. Without -e, or with -e ssh, the built-in ssh is used.'
          : `The network, or a limit of the server. ${again(phase)}`,
    };
  }
  if (code === 0) {
    return {
      code: 'RSYNC_STREAM',
      exitCode: EXIT.STREAMIO,
      what: complaint,
      hint: `It ended there as if all were done: a wrapper around rsync, or a program that limits connections. ${again(phase)}`,
    };
  }
  const starting = phase === 'starting rsync';
  return {
    code: 'RSYNC_REMOTE_EXIT',
    exitCode: code,
    what: starting
      ? `the remote command failed with status ${code} before rsync answered`
      : `the remote rsync failed with status ${code}`,
    hint: starting
      ? 'Run the same command there by hand (ssh HOST COMMAND): what it prints says why. A forced command, a login shell such as /bin/false, or --rsync-path may be behind it.'
      : `Its messages and the log of the host may say why. ${again(phase)}`,
  };
}

function lostHint(lost: string | undefined): string {
  if (lost?.startsWith('silent') === true) {
    return 'The host or the network was silent for so long (ServerAliveInterval times ServerAliveCountMax): look at the network between, a sleeping machine, a firewall that forgets idle connections.';
  }
  if (lost !== undefined && /ECONNRESET|ETIMEDOUT|EPIPE/.test(lost)) {
    return 'The network cut it: a firewall, a changed address, a restarted host.';
  }
  return 'The server or the network ended it: the log of sshd there may say why.';
}
