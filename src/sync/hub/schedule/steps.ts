import { type ByteString, toText } from '../../../core/bytes.ts';
import { EXIT, RsyncError } from '../../../core/errors.ts';

/** One thing that an installation does, or with a dry run would do. */
export type ScheduleStep =
  | { kind: 'write'; path: string; content: Uint8Array }
  | { kind: 'remove'; path: string }
  | {
      kind: 'run';
      command: readonly [program: string, ...words: string[]];
      input?: ByteString;
      /** A status other than 0 says that there was nothing to do. */
      mayFail?: boolean;
    };

export interface ToolResult {
  /** Null: a signal ended it. */
  status: number | null;
  stdout: ByteString;
  stderr: ByteString;
}

/** How schedulers are reached. */
export interface ScheduleTools {
  /** Starts a program without a shell. Undefined: there is no such program. */
  run(program: string, words: readonly string[], input?: ByteString): Promise<ToolResult | undefined>;
  /** Undefined: there is no such file. Throws RsyncError (exit 11). */
  read(path: string): Buffer | undefined;
  /** Whole or not at all, and its folders. Throws RsyncError (exit 11). */
  write(path: string, content: Uint8Array): void;
  /** It may be gone already. Throws RsyncError (exit 11). */
  remove(path: string): void;
}

/** A line for a person. */
export function stepText(step: ScheduleStep): string {
  if (step.kind !== 'run') return `${step.kind} ${step.path}`;
  return `run ${step.command.map((word) => (/[\s"]/.test(word) ? JSON.stringify(word) : word)).join(' ')}`;
}

/** @throws RsyncError RSYNC_UNSUPPORTED, exit 4: a tool is missing, or refuses; and of files (exit 11) */
export async function applySteps(steps: readonly ScheduleStep[], tools: ScheduleTools): Promise<void> {
  for (const step of steps) {
    if (step.kind === 'write') tools.write(step.path, step.content);
    else if (step.kind === 'remove') tools.remove(step.path);
    else {
      const [program, ...words] = step.command;
      const result = await tools.run(program, words, step.input);
      if (result === undefined) throw missingTool(program);
      if (result.status !== 0 && step.mayFail !== true) throw refused(stepText(step).slice(4), result);
    }
  }
}

export function missingTool(program: string): RsyncError {
  return new RsyncError('RSYNC_UNSUPPORTED', `there is no ${program} on this machine`, {
    exitCode: EXIT.UNSUPPORTED,
    origin: 'local',
    hint: 'Choose another --format, or take what --print shows to where it belongs.',
  });
}

export function refused(command: string, { status, stderr, stdout }: ToolResult): RsyncError {
  const words = toText(stderr.trim() || stdout.trim())
    .split('\n')
    .slice(0, 3)
    .join(' ')
    .slice(0, 300);
  const noBus = /Failed to connect to (?:user scope )?bus|DBUS_SESSION_BUS_ADDRESS|No medium found/i.test(
    words,
  );
  return new RsyncError(
    'RSYNC_UNSUPPORTED',
    `${command} failed (${status ?? 'killed'})${words && `: ${words}`}`,
    {
      exitCode: EXIT.UNSUPPORTED,
      origin: 'local',
      hint: noBus
        ? 'This is no session of its own, such as one of su or sudo: log in as the user, or run "loginctl enable-linger USER" and set XDG_RUNTIME_DIR=/run/user/UID.'
        : 'Run the same command by hand: what it prints says more.',
    },
  );
}
