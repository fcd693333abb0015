/** The words of `rsyncjs serve`. */
import type { Argv } from 'yargs';
import { usageError } from '../core/errors.ts';

export interface ServeArguments {
  mode: 'stdio' | 'ssh';
  root: string;
  readOnly: boolean;
  writeOnly: boolean;
  noDelete: boolean;
  munge: boolean;
  logFile: string | undefined;
  port: number | undefined;
  address: string | undefined;
  authorizedKeys: string | undefined;
  hostKey: string | undefined;
}

export const SERVE_USAGE = '$0 serve --stdio|--ssh --root DIR [OPTION]...';
export const SERVE_DESCRIPTION = 'let others reach the files below one directory';

const SSH_ONLY = ['port', 'address', 'authorized-keys', 'host-key'] as const;

interface ServeOption {
  name: string;
  describe: string;
  takesValue?: true;
}

const GROUPS: readonly (readonly [group: string, options: readonly ServeOption[]])[] = [
  [
    'How:',
    [
      {
        name: 'stdio',
        describe: 'serve one client over standard input and output: for command= in authorized_keys',
      },
      { name: 'ssh', describe: 'be an ssh server' },
      { name: 'root', describe: 'the directory that clients see as the whole disk', takesValue: true },
    ],
  ],
  [
    'What clients may do:',
    [
      { name: 'read-only', describe: 'pull alone' },
      { name: 'write-only', describe: 'push alone' },
      { name: 'no-delete', describe: 'no option that deletes' },
      { name: 'munge', describe: 'symlinks are stored so that they lead nowhere' },
    ],
  ],
  [
    'With --ssh:',
    [
      { name: 'port', describe: 'port to listen at (2222)', takesValue: true },
      {
        name: 'address',
        describe: 'address to listen at (127.0.0.1: this machine alone)',
        takesValue: true,
      },
      {
        name: 'authorized-keys',
        describe: 'public keys that may log in, a file in the form of OpenSSH',
        takesValue: true,
      },
      {
        name: 'host-key',
        describe: 'private key of the server (one that is made once, and kept)',
        takesValue: true,
      },
    ],
  ],
  ['Others:', [{ name: 'log-file', describe: 'append a line for every client', takesValue: true }]],
];

/** `--no-delete` is an option of its own, and a directory may be called 7. */
export const SERVE_PARSING = {
  'boolean-negation': false,
  'duplicate-arguments-array': false,
  'parse-numbers': false,
} as const;

/** With their dashes, as a shell completes them. */
export const SERVE_OPTIONS: readonly string[] = GROUPS.flatMap(([, options]) =>
  options.map(({ name, takesValue }) => `--${name}${takesValue === true ? '=' : ''}`),
);

export function serveOptions(command: Argv): Argv {
  for (const [group, options] of GROUPS) {
    for (const { name, describe, takesValue } of options) {
      command.option(
        name,
        takesValue === true
          ? { describe, group, type: 'string', requiresArg: true }
          : { describe, group, type: 'boolean' },
      );
    }
  }
  return command;
}

/** @throws RsyncError RSYNC_USAGE, exit 1: words that do not go together */
export function readServeArguments(given: Readonly<Record<string, unknown>>): ServeArguments {
  const text = (name: string): string | undefined => {
    const value = given[name];
    if (value === '') throw usageError(`serve: --${name} is empty`);
    return value === undefined ? undefined : String(value);
  };
  const flag = (name: string): boolean => given[name] === true;
  if (flag('stdio') === flag('ssh')) {
    throw usageError('serve: one of --stdio and --ssh says how', '"rsyncjs serve --help" tells more.');
  }
  const mode = flag('ssh') ? 'ssh' : 'stdio';
  const misplaced = SSH_ONLY.find((name) => mode === 'stdio' && text(name) !== undefined);
  if (misplaced !== undefined) throw usageError(`serve: --${misplaced} goes with --ssh`);
  const root = text('root');
  if (root === undefined) throw usageError('serve: --root DIR is missing', 'It says which files are served.');
  if (mode === 'ssh' && text('authorized-keys') === undefined) {
    throw usageError(
      'serve: --authorized-keys FILE is missing',
      'It holds the public keys that may log in, one a line, as in ~/.ssh/authorized_keys.',
    );
  }
  return {
    mode,
    root,
    readOnly: flag('read-only'),
    writeOnly: flag('write-only'),
    noDelete: flag('no-delete'),
    munge: flag('munge'),
    logFile: text('log-file'),
    port: port(text('port')),
    address: text('address'),
    authorizedKeys: text('authorized-keys'),
    hostKey: text('host-key'),
  };
}

function port(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) {
    throw usageError(
      `serve: --port ${value}: a port is a number from 0 to 65535`,
      '0 takes one that is free.',
    );
  }
  return Number(value);
}
