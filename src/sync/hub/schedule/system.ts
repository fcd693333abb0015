import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { ByteString } from '../../../core/bytes.ts';
import { fileError } from '../../../files/errors.ts';
import { writeWhole } from '../../state/whole-file.ts';
import type { ScheduleTools, ToolResult } from './steps.ts';

/** Bytes of a tool's output. */
const MOST_OUTPUT = 4 << 20;

/** True if systemd started this machine. */
export function hasSystemd(): boolean {
  return existsSync('/run/systemd/system');
}

/** This machine's own tools and files. */
export function systemTools(env: NodeJS.ProcessEnv): ScheduleTools {
  return {
    run: (program, words, input) => runTool(program, words, input, env),
    read(path) {
      try {
        return readFileSync(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw fileError('read', path, error);
      }
    },
    write: writeWhole,
    remove(path) {
      try {
        rmSync(path, { force: true });
      } catch (error) {
        throw fileError('unlink', path, error);
      }
    },
  };
}

function runTool(
  program: string,
  words: readonly string[],
  input: ByteString | undefined,
  env: NodeJS.ProcessEnv,
): Promise<ToolResult | undefined> {
  return new Promise((resolve, reject) => {
    // Words of tools that are told apart by their language are wanted in English.
    const child = spawn(program, words, { env: { ...env, LC_ALL: 'C' }, windowsHide: true });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('latin1').on('data', (text: ByteString) => {
        output[name] += text;
        // Half of a crontab must not be taken for all of it.
        if (output[name].length > MOST_OUTPUT) child.kill();
      });
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(undefined);
      else reject(fileError('start', program, error));
    });
    child.once('close', (status) => resolve({ status, ...output }));
    // A tool that reads nothing may be gone already.
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '', 'latin1');
  });
}
