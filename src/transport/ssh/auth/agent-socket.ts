import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';

/** A file that stands for a socket of Cygwin or MSYS: a port of the loopback interface and a secret. */
const CYGWIN_SOCKET = /^!<socket >(\d{1,5}) (s )?([0-9a-f]{8}(?:-[0-9a-f]{8}){3})/i;
const CREDENTIALS = 12;

/**
 * A connection to an agent: a Unix socket, a named pipe of Windows, or there a socket file of Cygwin or MSYS (the
 * ssh-agent of Git for Windows).
 *
 * @param signal ends the attempt, and the connection
 * @throws Error with the reason.
 */
export async function connectAgent(
  path: string,
  platform: NodeJS.Platform,
  signal: AbortSignal,
): Promise<Socket> {
  if (platform !== 'win32' || /^[\\/]{2}[.?][\\/]pipe[\\/]/i.test(path)) return opened(connect(path), signal);
  let text: string;
  try {
    text = readFileSync(path, 'latin1').slice(0, 256);
  } catch (error) {
    throw new Error(
      `${reasonOf(error)} (on Windows an agent is a named pipe, such as \\\\.\\pipe\\openssh-ssh-agent)`,
    );
  }
  const match = CYGWIN_SOCKET.exec(text);
  if (match === null) throw new Error('neither a named pipe nor a socket of Cygwin');
  const [, port, checked, secret] = match;
  const address = { host: '127.0.0.1', port: Number(port), secret: secretBytes(secret!), signal };
  if (checked === undefined) return opened(connect(address.port, address.host), signal);
  // The agent takes its own account alone. It tells which one that is, so a second connection can say the same.
  const first = await greet(address, Buffer.alloc(CREDENTIALS));
  first.socket.destroy();
  const credentials = Buffer.from(first.credentials);
  credentials.writeUInt32LE(process.pid, 0);
  return (await greet(address, credentials)).socket;
}

/** Four numbers, which the file has in hexadecimal and the wire in the byte order of the processor. */
function secretBytes(secret: string): Buffer {
  return Buffer.concat(secret.split('-').map((word) => Buffer.from(word, 'hex').reverse()));
}

/** The secret there and back, then pid, uid and gid there and back. */
async function greet(
  { host, port, secret, signal }: { host: string; port: number; secret: Buffer; signal: AbortSignal },
  credentials: Buffer,
): Promise<{ socket: Socket; credentials: Buffer }> {
  const socket = await opened(connect(port, host), signal);
  try {
    socket.write(secret);
    if (!(await take(socket, secret.length)).equals(secret)) throw new Error('not a socket of Cygwin');
    socket.write(credentials);
    return { socket, credentials: await take(socket, CREDENTIALS) };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function opened(socket: Socket, signal: AbortSignal): Promise<Socket> {
  const end = (): void => {
    socket.destroy();
  };
  signal.addEventListener('abort', end);
  socket.once('close', () => signal.removeEventListener('abort', end));
  if (signal.aborted) end();
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => reject(new Error(reasonOf(error))));
    socket.once('connect', () => {
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

/** Exactly so many bytes. */
function take(socket: Socket, count: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const bytes = socket.read(count) as Buffer | null;
      if (bytes === null || bytes.length < count) return;
      stop();
      resolve(bytes);
    };
    const closed = (): void => {
      stop();
      reject(new Error('closed the connection'));
    };
    const stop = (): void => {
      socket.off('readable', look);
      socket.off('close', closed);
      socket.off('end', closed);
    };
    socket.on('readable', look);
    socket.once('close', closed);
    socket.once('end', closed);
    look();
  });
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such socket';
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return code ?? message;
}
