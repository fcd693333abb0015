import { readdirSync } from 'node:fs';

const PIPES = '\\\\.\\pipe\\';
/** OpenSSH for Windows, and what stands in for its agent, such as 1Password. */
const OPENSSH = 'openssh-ssh-agent';

/**
 * The agent to ask if no setting names one: SSH_AUTH_SOCK, on Windows else OpenSSH's named pipe or Pageant's
 * (`pageant.USER.` and 64 hexadecimal digits, PuTTY 0.75 and later). Undefined if there is none.
 *
 * @param listPipes names of the named pipes of this machine
 */
export function defaultAgent(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
  listPipes: () => readonly string[] = () => readdirSync(PIPES),
): string | undefined {
  const named = env.SSH_AUTH_SOCK;
  if (named !== undefined && named !== '') return named;
  if (platform !== 'win32') return undefined;
  let pipes: readonly string[];
  try {
    pipes = listPipes();
  } catch {
    // Pipes that can not be listed may still be opened.
    return PIPES + OPENSSH;
  }
  const pipe = pipes.find((name) => name.toLowerCase() === OPENSSH) ?? pageant(pipes, env.USERNAME ?? '');
  return pipe === undefined ? undefined : PIPES + pipe;
}

/** All users of the machine see the pipes of all others. */
function pageant(pipes: readonly string[], user: string): string | undefined {
  const prefix = `pageant.${user}.`.toLowerCase();
  return pipes.find(
    (name) => name.toLowerCase().startsWith(prefix) && /^[0-9a-f]{64}$/i.test(name.slice(prefix.length)),
  );
}
