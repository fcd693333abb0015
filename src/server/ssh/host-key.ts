/** The key that a server is known by: given, or made once and kept. */
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { RsyncError } from '../../core/errors.ts';
import { errnoCode, errnoText } from '../../files/errors.ts';
import { makeFolders } from '../../files/make-folders.ts';
import { platform } from '../../files/platform/index.ts';
import { writeOpenSshEd25519 } from '../../transport/ssh/auth/openssh-key.ts';
import { readKeyFile } from '../../transport/ssh/auth/private-key.ts';
import { SSH_FAILED } from '../../transport/ssh/errors.ts';
import { fingerprint, keyTypeName } from '../../transport/ssh/host/public-key.ts';

export interface HostKey {
  /** In OpenSSH's or a PEM form, without a passphrase. */
  privateKey: string;
  /** ED25519, RSA, ECDSA. */
  typeName: string;
  /** `SHA256:...`. */
  fingerprint: string;
  /** `TYPE BASE64`, as known_hosts has it behind the name. */
  publicKey: string;
  path: string;
  /** It was made just now. */
  isNew: boolean;
}

/** Where the key is kept that nobody named: with the state of the account. */
export function defaultHostKeyPath(
  env: NodeJS.ProcessEnv,
  system: NodeJS.Platform = process.platform,
): string {
  return join(stateFolder(env, system), 'rsyncjs', 'ssh_host_ed25519_key');
}

function stateFolder(env: NodeJS.ProcessEnv, system: NodeJS.Platform): string {
  if (system === 'win32') return env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local');
  if (system === 'darwin') return join(env.HOME || homedir(), 'Library', 'Application Support');
  return env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state');
}

/** @throws RsyncError RSYNC_HOST_KEY, exit 255: it is missing, has a passphrase, is damaged, or others may read it */
export function readHostKey(path: string): HostKey {
  let privateKey: string;
  try {
    if (platform.hasModes && (statSync(path).mode & 0o77) !== 0) {
      throw fault(path, 'others may read it', `Make it yours alone: chmod 600 ${path}`);
    }
    privateKey = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof RsyncError) throw error;
    throw fault(path, errnoText(error), `ssh-keygen -t ed25519 -N "" -f ${path} makes one.`);
  }
  const file = readKeyFile(privateKey);
  if (file.kind === 'encrypted') {
    throw fault(path, 'it has a passphrase', `ssh-keygen -p -N "" -f ${path} takes it away.`);
  }
  if (file.kind === 'bad') throw fault(path, file.reason);
  if (file.kind === 'unusable') throw fault(path, `keys of type ${file.type} can not be used here`);
  if (file.kind === 'public') throw fault(path, 'it is the public half', 'Name the private key.');
  const blob = file.key.getPublicSSH();
  return {
    privateKey,
    typeName: keyTypeName(file.key.type),
    fingerprint: fingerprint(blob),
    publicKey: `${file.key.type} ${blob.toString('base64')}`,
    path,
    isNew: false,
  };
}

/**
 * The key at a path, made there if there is none: ed25519, readable for its owner alone.
 * @throws RsyncError as `readHostKey`, or if it can not be written
 */
export function ensureHostKey(path: string): HostKey {
  try {
    statSync(path);
    return readHostKey(path);
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT') throw error;
  }
  const isNew = makeHostKey(path);
  return { ...readHostKey(path), isNew };
}

/** False if somebody else has made it meanwhile. */
function makeHostKey(path: string): boolean {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    makeFolders(dirname(path), 0o700);
    writeFileSync(temporary, `${newKey()}\n`, { mode: 0o600, flag: 'wx', flush: true });
    return publish(temporary, path);
  } catch (error) {
    throw fault(path, `it can not be made: ${errnoText(error)}`, 'Name another place with --host-key.');
  }
}

function publish(temporary: string, path: string): boolean {
  try {
    // A link fails where a rename would replace the key of a server that was started at the same moment.
    linkSync(temporary, path);
  } catch (error) {
    if (errnoCode(error) === 'EEXIST') {
      unlinkSync(temporary);
      return false;
    }
    // A file system that has no links.
    renameSync(temporary, path);
    return true;
  }
  unlinkSync(temporary);
  return true;
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return writeOpenSshEd25519(createPrivateKey(privateKey));
}

function fault(path: string, what: string, hint?: string): RsyncError {
  return new RsyncError('RSYNC_HOST_KEY', `the host key ${path} can not be used: ${what}`, {
    exitCode: SSH_FAILED,
    origin: 'local',
    path,
    ...(hint === undefined ? {} : { hint }),
  });
}
