import type { SshServer, SshServerOptions } from './settings.ts';

/**
 * An ssh server that serves rsync in one directory and nothing else: logins with public keys alone, no shell, terminal,
 * subsystem, forwarding or variable, and no program is ever started. Paths of clients are relative to the directory,
 * and neither `..` nor a symlink leads out of it.
 * @returns a server that does not yet listen
 * @throws RsyncError for a directory, host key or file of authorized keys that can not be used
 */
export async function createSshServer(options: SshServerOptions): Promise<SshServer> {
  // Whoever only pulls and pushes must not wait for it.
  const { openSshServer } = await import('./ssh-server.ts');
  return openSshServer(options);
}
