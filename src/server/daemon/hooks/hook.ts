/** `early exec`, `pre-xfer exec`, `post-xfer exec`: docs/protocol/4-filters-and-options.md, G.7. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { type ByteString, fromBuffer, toText } from '../../../core/bytes.ts';
import { EXIT, RsyncError } from '../../../core/errors.ts';
import { expandVariables, type Variables } from '../config/variables.ts';

/** Bytes of a hook's standard output that a client is shown. */
const MAX_OUTPUT = 4096;

export interface HookResult {
  /** As wait(2) tells it: the exit code times 256, or the number of a signal. */
  rawStatus: number;
  /** What it wrote, if that was asked for. */
  output: ByteString;
}

export interface HookInit {
  /** Variables put in. */
  command: string;
  variables: Variables;
  /** What it reads; else nothing. */
  input?: Uint8Array;
  /** Keep what it writes to its standard output; else that goes where the daemon's does. */
  keepsOutput?: boolean;
}

// What a shell, or a second one that the first starts, could act upon.
const UNSAFE = /[\s'"`$\\;&|<>()*?[\]#!~{}^%\0-\x1f\x7f]/;

/**
 * The command with its variables put in.
 * @throws RsyncError RSYNC_UNSUPPORTED, exit 4: a value of the connection could be read as more than a word
 */
export function hookCommand(text: ByteString, variables: Variables): string {
  return toText(
    expandVariables(text, variables, (value, name) => {
      if (!name.startsWith('RSYNC_') || !UNSAFE.test(value)) return value;
      throw new RsyncError(
        'RSYNC_UNSUPPORTED',
        `refusing to run shell hook: %${name}% holds a shell metacharacter`,
        {
          exitCode: EXIT.UNSUPPORTED,
          origin: 'local',
          hint: `The command has the variable ${name} in its environment: use it from there, quoted.`,
        },
      );
    }),
  );
}

/** RSYNC_NO_XFER_EXEC in the daemon's environment turns pre-xfer and post-xfer hooks off. */
export function hooksAreOff(env: Variables): boolean {
  return env.RSYNC_NO_XFER_EXEC !== undefined && env.RSYNC_NO_XFER_EXEC !== '';
}

/** Runs a hook to its end. Never rejects: what cannot be started counts as 127, as a shell has it. */
export function runHook({ command, variables, input, keepsOutput }: HookInit): Promise<HookResult> {
  return new Promise((resolve) => {
    const child = spawn(command, {
      shell: variables.RSYNC_SHELL || true,
      env: variables,
      stdio: [input === undefined ? 'ignore' : 'pipe', keepsOutput === true ? 'pipe' : 'inherit', 'inherit'],
      windowsHide: true,
    });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output = (output + fromBuffer(chunk)).slice(0, MAX_OUTPUT);
    });
    // A hook that does not read its input is none the worse.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    child.once('error', () => resolve({ rawStatus: EXIT.CMD_NOTFOUND << 8, output }));
    child.once('close', (code, signal) => {
      const killed = signal === null ? 0 : (constants.signals[signal] ?? 0);
      resolve({ rawStatus: code === null ? killed : code << 8, output });
    });
  });
}
