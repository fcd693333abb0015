import { matchPatternList } from './config/wildcard.ts';

/**
 * Variables for the remote command: those of `env` that SendEnv names, then SetEnv's own (ssh_config(5)). The server
 * takes what its AcceptEnv allows and says nothing of the rest.
 */
export function remoteEnvironment(
  sendEnv: readonly string[] | undefined,
  setEnv: readonly string[] | undefined,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && sendEnv !== undefined && matchPatternList(sendEnv, name)) sent[name] = value;
  }
  for (const assignment of setEnv ?? []) {
    const equals = assignment.indexOf('=');
    if (equals > 0) sent[assignment.slice(0, equals)] = assignment.slice(equals + 1);
  }
  return sent;
}
