import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type ByteString, toBuffer } from '../../src/core/bytes.ts';

/** A login shell that people have, as it is started for `ssh host COMMAND`. */
export interface LoginShell {
  name: string;
  /** Program and first arguments; `-c` and the command follow. */
  argv: readonly string[];
  /** The Debian package. */
  package: string;
}

const SHELLS: readonly LoginShell[] = [
  { name: 'sh', argv: ['/bin/sh'], package: 'dash' },
  { name: 'bash', argv: ['/bin/bash'], package: 'bash' },
  { name: 'zsh', argv: ['/usr/bin/zsh'], package: 'zsh' },
  { name: 'fish', argv: ['/usr/bin/fish'], package: 'fish' },
  { name: 'busybox', argv: ['/bin/busybox', 'sh'], package: 'busybox' },
];

/** `/bin` and `/usr/bin` are one directory on some systems and two on others. */
function located({ name, argv, package: from }: LoginShell): LoginShell | undefined {
  const [program = '', ...rest] = argv;
  const base = program.slice(program.lastIndexOf('/') + 1);
  const path = [program, `/bin/${base}`, `/usr/bin/${base}`, `/usr/local/bin/${base}`].find((candidate) =>
    existsSync(candidate),
  );
  return path === undefined ? undefined : { name, argv: [path, ...rest], package: from };
}

/**
 * Every shell of the list with the reason why it is not tested, if it is not there. In CI a missing one is an error,
 * so that the suite can not go green without it.
 */
export function loginShells(): { shell: LoginShell; missing: string | undefined }[] {
  return SHELLS.map((wanted) => {
    if (process.platform === 'win32') return { shell: wanted, missing: 'no POSIX shells on Windows' };
    const shell = located(wanted);
    if (shell !== undefined) return { shell, missing: undefined };
    const missing = `${wanted.name} is not installed (apt-get install ${wanted.package})`;
    if (process.env.CI) throw new Error(missing);
    return { shell: wanted, missing };
  });
}

// Node passes arguments as UTF-8 alone: sh takes the bytes of the command from its input. The "." keeps line feeds.
// biome-ignore lint/suspicious/noTemplateCurlyInString: an expansion of the shell's
const HAND_OVER = 'command=$(cat; printf .); exec "$@" -c "${command%.}" </dev/null';

/** Has the shell read `command`, in the folder `cwd`, which is its HOME too, and returns what it writes. */
export function shellOutput(shell: LoginShell, command: ByteString, cwd: string): Buffer {
  return execFileSync('/bin/sh', ['-c', HAND_OVER, 'sh', ...shell.argv], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, LC_ALL: 'C' },
    input: toBuffer(command),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}
