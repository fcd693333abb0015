import { join } from 'node:path';
import { makeKey, type Sshd } from './sshd.ts';

/** A key of an account for which the server runs one command, whatever the client asks for. */
export interface ForcedKey {
  path: string;
  /** The value of `-e` for a client, ours or a C rsync with the real ssh. */
  shell: string;
}

/** The value of `-e` that reaches a test server with a key, and nothing of the configuration of the account. */
export function sshWords(sshd: Sshd, key = sshd.userKeyPath): string {
  const options = ['UserKnownHostsFile', 'GlobalKnownHostsFile'].map(
    (option) => `-o ${option}=${sshd.knownHostsPath}`,
  );
  return `ssh -F none -p ${sshd.port} -i ${key} -o IdentitiesOnly=yes ${options.join(' ')}`;
}

/**
 * Makes a key that may start `command` alone; the command that the client asks for is in SSH_ORIGINAL_COMMAND.
 * @param name of the key file; each one once.
 */
export function forceCommand(sshd: Sshd, name: string, command: string): ForcedKey {
  const { path, publicKey } = makeKey(join(sshd.dir, `key-${name}`));
  sshd.authorize(`command="${command.replaceAll('"', '\\"')}" ${publicKey}`);
  return { path, shell: sshWords(sshd, path) };
}
