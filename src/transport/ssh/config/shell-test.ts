import { spawn } from 'node:child_process';

/**
 * Runs the command of `Match exec` by the user's shell, as ssh does, with no input and its output dropped.
 *
 * @returns Whether it ended with status 0.
 * @throws Error with the reason if it could not be started or was ended by a signal.
 */
export function runShellTest(command: string, env: NodeJS.ProcessEnv, windows: boolean): Promise<boolean> {
  const shell = windows ? (env.ComSpec ?? 'cmd.exe') : env.SHELL || '/bin/sh';
  const args = windows ? ['/d', '/s', '/c', `"${command}"`] : ['-c', command];
  return new Promise((resolve, reject) => {
    const child = spawn(shell, args, {
      env,
      stdio: 'ignore',
      windowsHide: true,
      windowsVerbatimArguments: windows,
    });
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(`can not start ${shell}: ${error.code ?? error.message}`)),
    );
    child.once('exit', (code, signal) => {
      if (signal === null) resolve(code === 0);
      else reject(new Error(`the command of Match exec was ended by ${signal}`));
    });
  });
}
