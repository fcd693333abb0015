import { spawnSync } from 'node:child_process';

/**
 * Why a program can not be used, or undefined if it is there. In CI a missing one is an error, so that the suite can not
 * go green without it.
 */
export function programMissing(program: 'git' | 'make'): string | undefined {
  if (spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0) return undefined;
  const reason = `no ${program} (apt-get install ${program})`;
  if (process.env.CI && process.platform !== 'win32') throw new Error(reason);
  return reason;
}
