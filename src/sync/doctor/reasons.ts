/** Why a check makes no sense for a setup. */
import type { SetupContext } from './context.ts';

/** For what needs the other side at all. */
export function noNetwork({ input }: SetupContext): string | undefined {
  return input.network === false ? 'nothing is to be connected' : undefined;
}

/** For what is about the way over a network: a folder has none, and of a program that makes it nothing is known. */
export function noRoute(context: SetupContext): string | undefined {
  const offline = noNetwork(context);
  if (offline !== undefined) return offline;
  if (context.place.kind === 'local') return 'the other side is a folder of this machine';
  if (context.place.kind === 'daemon') {
    return context.input.env.RSYNC_CONNECT_PROG ? 'RSYNC_CONNECT_PROG makes the connection' : undefined;
  }
  return context.shell?.ssh === undefined
    ? `the remote shell ${shellProgram(context)} makes the connection`
    : undefined;
}

/** For what is about ssh. */
export function noSsh(context: SetupContext): string | undefined {
  return noNetwork(context) ?? (context.place.kind === 'daemon' ? 'a daemon has no ssh' : noRoute(context));
}

/** For what is about the account that a remote shell leads to. */
export function noAccount(context: SetupContext): string | undefined {
  const offline = noNetwork(context);
  if (offline !== undefined || context.shell !== undefined) return offline;
  return context.place.kind === 'daemon'
    ? 'a daemon has no login shell'
    : 'the other side is a folder of this machine';
}

/** For what would write at the other side. */
export function noWriting(context: SetupContext): string | undefined {
  return (
    noNetwork(context) ?? (context.profile.readOnly === true ? 'nothing is ever written there' : undefined)
  );
}

function shellProgram({ options }: SetupContext): string {
  return (options.rsh ?? 'ssh').split(' ')[0] ?? '';
}
