import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ParsedKey } from 'ssh2';
import type { UnusableKey } from './key-types.ts';
import { type KeyFile, readKeyFile } from './private-key.ts';
import type { OnPrompt } from './prompts.ts';

/** Bytes of a file that is read as a key: no key is larger. */
const MAX_FILE = 1024 * 1024;
const PASSPHRASE_TRIES = 3;

/** Why a key is of no use. Whatever else is thrown on the way, such as by a prompt, ends the login. */
export class KeyProblem extends Error {}

/** A key that somebody named, in a file or as text, as far as it can be told without a passphrase. */
export interface SourceKey {
  /** The file, or the name of the text. */
  origin: string;
  /** Undefined if the format hides it. */
  publicKey: ParsedKey | undefined;
  /** `public`: the private half is elsewhere, in an agent. */
  kind: 'private' | 'encrypted' | 'public';
  /**
   * The private half.
   *
   * @throws KeyProblem; what the prompt throws.
   */
  open(): Promise<ParsedKey>;
}

export interface KeyReading {
  passphrase: string | undefined;
  ask: OnPrompt | undefined;
  trace: (line: string) => void;
  /** Told of what can not be used, with the reason. */
  skip: (what: string) => void;
  unusable: (key: UnusableKey) => void;
}

/** Reads a key file; undefined if it is of no use. `quiet`: most such files do not exist, and nobody named them. */
export function readSourceFile(file: string, quiet: boolean, reading: KeyReading): SourceKey | undefined {
  let content: Buffer;
  try {
    content = readBounded(file, reading.trace);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // As in ssh: the public half alone names a key of the agent.
    const publicKey = code === 'ENOENT' ? neighbour(file) : undefined;
    if (publicKey !== undefined) {
      return { origin: `${file}.pub`, publicKey, kind: 'public', open: async () => publicKey };
    }
    if (!quiet || (code !== 'ENOENT' && code !== 'ENOTDIR')) {
      reading.skip(`${file}: ${REASONS[code ?? ''] ?? code ?? message}`);
    }
    return undefined;
  }
  const key = readSourceText(content, file, reading, () => neighbour(file));
  // ssh would offer the certificate along with the key.
  const certificate = key === undefined ? undefined : readPublic(`${file}-cert.pub`);
  if (certificate?.kind === 'unusable') {
    reading.unusable({ type: certificate.type, origin: `${file}-cert.pub`, inAgent: false });
  }
  return key;
}

const REASONS: Record<string, string> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'can not be read (permission denied)',
  EPERM: 'can not be read (permission denied)',
  EISDIR: 'a folder, not a key file',
};

export function readSourceText(
  content: Uint8Array | string,
  origin: string,
  reading: KeyReading,
  findPublic: () => ParsedKey | undefined = () => undefined,
): SourceKey | undefined {
  const read = readKeyFile(content);
  switch (read.kind) {
    case 'bad':
      reading.skip(`${origin}: ${read.reason}`);
      return undefined;
    case 'unusable':
      reading.unusable({ type: read.type, origin, inAgent: false });
      return undefined;
    case 'public':
    case 'private':
      return { origin, publicKey: read.key, kind: read.kind, open: async () => read.key };
    case 'encrypted': {
      const publicKey = read.publicKey ?? findPublic();
      return {
        origin,
        publicKey,
        kind: 'encrypted',
        open: () => unlock(content, origin, publicKey, reading),
      };
    }
  }
}

/** FILE.pub, which ssh-keygen writes beside FILE. */
function neighbour(file: string): ParsedKey | undefined {
  const read = readPublic(`${file}.pub`);
  return read?.kind === 'public' ? read.key : undefined;
}

function readPublic(file: string): KeyFile | undefined {
  try {
    return readKeyFile(readBounded(file, () => {}));
  } catch {
    return undefined;
  }
}

function readBounded(file: string, trace: (line: string) => void): Buffer {
  const fd = openSync(file, 'r');
  try {
    const stat = fstatSync(fd);
    // ssh refuses such a file. On shares and mounted disks nobody can give it another mode.
    if (
      process.platform !== 'win32' &&
      stat.isFile() &&
      !file.endsWith('.pub') &&
      (stat.mode & 0o077) !== 0
    ) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
      trace(`ssh: warning: ${file} may be read by others (mode ${mode}); if it is a private key: chmod 600`);
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for (;;) {
      const chunk = Buffer.alloc(16 * 1024);
      const count = readSync(fd, chunk, 0, chunk.length, null);
      if (count === 0) return Buffer.concat(chunks, size);
      size += count;
      if (size > MAX_FILE) throw new KeyProblem('too large for a key');
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    closeSync(fd);
  }
}

async function unlock(
  content: Uint8Array | string,
  origin: string,
  publicKey: ParsedKey | undefined,
  { passphrase, ask }: KeyReading,
): Promise<ParsedKey> {
  const tryWith = (word: string): ParsedKey | undefined => {
    const read = readKeyFile(content, word);
    if (read.kind === 'unusable')
      throw new KeyProblem(`${origin}: keys of type ${read.type} are not supported`);
    if (read.kind === 'bad' && !read.reason.startsWith('wrong'))
      throw new KeyProblem(`${origin}: ${read.reason}`);
    if (read.kind !== 'private') return undefined;
    if (publicKey !== undefined && !read.key.getPublicSSH().equals(publicKey.getPublicSSH())) {
      throw new KeyProblem(`${origin}: ${origin}.pub beside it is the public half of another key`);
    }
    return read.key;
  };
  const given = passphrase === undefined ? undefined : tryWith(passphrase);
  if (given !== undefined) return given;
  if (ask === undefined) {
    throw new KeyProblem(
      passphrase === undefined
        ? `${origin}: encrypted, and nobody to ask for the passphrase`
        : `${origin}: encrypted, and the passphrase given does not open it`,
    );
  }
  for (let tries = 0; tries < PASSPHRASE_TRIES; tries++) {
    const message = `Enter passphrase for key '${origin}': `;
    const word = await ask({ kind: 'passphrase', message, secret: true, keyFile: origin });
    if (word === undefined || word === '') break;
    const key = tryWith(word);
    if (key !== undefined) return key;
  }
  throw new KeyProblem(`${origin}: no passphrase that opens the key`);
}
