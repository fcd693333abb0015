/**
 * Names that mean something to a shell, through the login shells that people have: sshd hands the command to the shell
 * as it does for an account whose login shell it is.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import { type ForcedKey, forceCommand } from '../support/forced-keys.ts';
import { newestPeer, requirePeers, runOurs, temporaryFolder } from '../support/peers.ts';
import { loginShells } from '../support/shells.ts';
import { type Sshd, sshdMissing, startSshd } from '../support/sshd.ts';
import { compareTrees, makeTree, removeTree, snapshotTree } from '../support/tree.ts';

const found = requirePeers();
const peer = newestPeer();

const NASTY = [
  ...['sp ace', ' both ', 'tab\there', 'line\nfeed', '\n', 'two\n\nlines\n', 'c\rr', 'v\vt', 'f\ff'],
  ...[
    "it's",
    'dou"ble',
    '`touch marker`',
    '$(touch marker)',
    '$HOME',
    `\${HOME}`,
    'a;touch marker',
    'a&touch marker&',
  ],
  ...[
    'a|b',
    '<in',
    '>marker',
    '(x)',
    '{a,b}',
    'a{b',
    '#no',
    'a#b',
    '!!',
    'a!b',
    '^a^b',
    '=ls',
    '=',
    'a=~',
    '%self',
  ],
  ...[
    '%1',
    '~',
    '~root',
    'a~b',
    '-x',
    '--delete',
    '- y',
    '--',
    '@x',
    '+x',
    ',x',
    'back\\slash',
    'end\\',
    '\\n',
    '"',
    "'",
  ],
  ...['star*', 'wh?t', '[ab]', 'a[', '*', '?', "'\n'", '\\\n', 'é', '\u{1f600}', 'x\x01y', '\x7f'],
];

/** As a user types it for the shell: wildcards quoted, and nothing else. */
const typed = (name: string): string => name.replace(/\\(?=[*?[\]])|[*?[\]]/g, '\\$&');

/** Destinations: a leading `~` is the shell's. */
const FOLDERS = [
  ...[
    '$(touch marker) `touch marker` & touch marker;|<>(){}',
    'line\nfeed',
    "q'u\"o'te",
    '=ls',
    '%self',
    'a=~',
    '-x y',
  ],
  ...['star*?[ab]', 'back\\slash', '!!#^~{a,b}', 'é\t\r\v\f', '$HOME'],
];

const CONTENT = [
  ...NASTY.map((name) => ({ path: fromText(name), content: `content of ${JSON.stringify(name)}\n` })),
  // Not text at all: below the names that a command line can hold.
  { path: 'bytes/\xff\xfe\n$(touch marker)', content: 'bytes\n' },
];

describe.skipIf(found.length === 0 || sshdMissing() !== undefined)('a login shell', () => {
  let base = '';
  let sshd: Sshd;
  const keys = new Map<string, ForcedKey>();
  const shells = loginShells();

  beforeAll(async () => {
    base = temporaryFolder('shells');
    makeTree(join(base, 'src'), CONTENT);
    sshd = await startSshd();
    for (const { shell, missing } of shells) {
      if (missing !== undefined) continue;
      const command = `exec ${shell.argv.join(' ')} -c "$SSH_ORIGINAL_COMMAND"`;
      keys.set(shell.name, forceCommand(sshd, shell.name, command));
    }
  });
  afterAll(async () => {
    await sshd?.stop();
    if (base !== '') removeTree(base);
  });

  for (const { shell, missing } of shells) {
    describe.skipIf(missing !== undefined)(
      `${shell.name}${missing === undefined ? '' : ` (${missing})`}`,
      () => {
        /** The remote side starts in `cwd`, where anything that is run by mistake leaves its marker. */
        const ours = async (cwd: string, args: readonly string[]): Promise<void> => {
          const { code, stderr } = await runOurs(
            ['-rt', '-e', keys.get(shell.name)!.shell, `--rsync-path=cd ${cwd} && ${peer.path}`, ...args],
            { cwd: base, env: { HOME: base } },
          );
          expect({ code, stderr: stderr.toString() }).toEqual({ code: 0, stderr: '' });
        };

        const mark = (): string[] =>
          readdirSync(base, { recursive: true, encoding: 'latin1' }).filter((path) =>
            /(^|\/)marker$/.test(path),
          );

        test.concurrent.each([[[]], [['-s']]])(
          'gives every name as a source %j',
          async (options: string[]) => {
            const source = join(base, 'src');
            const target = join(base, `pull-${shell.name}${options.join('')}`);
            const [first = '', ...others] = [...NASTY, 'bytes'].map(typed);
            await ours(source, [
              ...options,
              `${sshd.host}:${first}`,
              ...others.map((path) => `:${path}`),
              target,
            ]);
            const trees = [source, target].map((path) => snapshotTree(path));
            expect(compareTrees(trees[0]!, trees[1]!, { skip: (path) => path === '.' })).toEqual([]);
            expect(mark()).toEqual([]);
          },
        );

        test.concurrent.each(FOLDERS.map((name, i) => [name, i] as const))(
          'gives %j as a destination',
          async (name, i) => {
            const there = join(base, `push-${shell.name}-${i}`);
            mkdirSync(there);
            await ours(there, ['src/bytes/', `${sshd.host}:${typed(name)}`]);
            expect(readdirSync(there)).toEqual([name]);
            const trees = [join(base, 'src/bytes'), `${there}/${name}`].map((path) => snapshotTree(path));
            expect(compareTrees(trees[0]!, trees[1]!)).toEqual([]);
            expect(mark()).toEqual([]);
          },
        );
      },
    );
  }
});
