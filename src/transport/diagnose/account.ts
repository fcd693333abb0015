/** What a remote account is like, asked of its login shell before any rsync is started there. */
import type { Readable } from 'node:stream';
import { fromText } from '../../core/bytes.ts';
import type { Channel, ProbeResult } from '../channel.ts';
import type { RemoteShell } from '../remote-shell.ts';
import { shellHint } from './noise.ts';
import { type HostFacts, parseAnswer, probeCommand } from './probe.ts';
import { lastLines, quoteBytes } from './words.ts';

/** Bytes of each stream of an answer that are kept, and milliseconds that it may take. */
const OUTPUT = 64 * 1024;
const TIME = 10_000;

export type Account =
  /** `noise`: what the shell printed before our command did, quoted; undefined: nothing. `hint`: how to silence it. */
  | { kind: 'shell'; facts: HostFacts; noise: string | undefined; hint: string }
  /** A program stands in for every command: a restricted key. `by`: which one, by its words. */
  | { kind: 'forced'; by: 'rrsync' | 'rsyncjs' | 'another'; words: readonly string[] }
  /** No shell that reads our question, as on Windows, or no answer in time. */
  | { kind: 'unknown'; words: readonly string[] };

/**
 * Asks the login shell, which costs one command.
 * @param program of `--rsync-path`
 * @throws RsyncError as the remote shell: RSYNC_REMOTE_SHELL, RSYNC_CONNECT, RSYNC_ABORTED
 */
export async function askAccount(shell: RemoteShell, program: string | undefined): Promise<Account> {
  const { command, mark } = probeCommand(program);
  const { stdout, stderr, code } = await runCommand(shell, command);
  const facts = parseAnswer(stdout, mark);
  if (facts !== undefined) {
    const before = stdout.slice(0, stdout.indexOf(mark));
    const noise = facts.noisy ? quoteBytes(Buffer.from(before, 'utf8')) : undefined;
    return { kind: 'shell', facts, noise, hint: shellHint(facts) };
  }
  const words = lastLines(`${stdout}\n${stderr}`);
  const said = `${stdout}\n${stderr}`;
  if (/^\S*rrsync/m.test(said)) return { kind: 'forced', by: 'rrsync', words };
  if (/^rsyncjs: refused: /m.test(said)) return { kind: 'forced', by: 'rsyncjs', words };
  const noShell = /not found|not recognized|no such file|unknown command/i.test(stderr);
  if (noShell || (code === null && stdout === '')) return { kind: 'unknown', words };
  return { kind: 'forced', by: 'another', words };
}

/** What `PROGRAM --version` says there; undefined: nothing that looks like one. */
export async function askVersion(shell: RemoteShell, program: string): Promise<string | undefined> {
  const { stdout } = await runCommand(shell, `${program} --version`);
  return /version/i.test(stdout) ? stdout : undefined;
}

/** Runs a command without input, to its end or until it takes too long. */
async function runCommand(shell: RemoteShell, command: string): Promise<ProbeResult> {
  const text = fromText(command);
  const channel = await shell.start({ command: text, words: [text] });
  const [stdout, stderr] = [gather(channel.input), gather(channel.stderr)];
  channel.output.on('error', () => {});
  channel.output.end();
  const exit = await inTime(channel);
  channel.destroy();
  return { code: exit, stdout: stdout(), stderr: stderr() };
}

async function inTime(channel: Channel): Promise<number | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), TIME);
  });
  try {
    return await Promise.race([channel.exit.then(({ code }) => code), late]);
  } finally {
    clearTimeout(timer);
  }
}

function gather(stream: Readable | undefined): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream?.on('error', () => {});
  stream?.on('data', (chunk: Buffer) => {
    if (length < OUTPUT) chunks.push(chunk);
    length += chunk.length;
  });
  return () => Buffer.concat(chunks).subarray(0, OUTPUT).toString('utf8');
}
