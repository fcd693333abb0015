/** `rsyncjs hub keys`. */
import { isAbsolute, join } from 'node:path';
import { EXIT, usageError } from '../../core/errors.ts';
import { spokeKey } from '../../sync/hub/keys.ts';
import { writeHostBlock } from '../../sync/hub/ssh-config-file.ts';
import type { Given } from './commands.ts';
import type { Screen } from './terminal.ts';

/** @returns the exit code */
export function runHubKeys(given: Given, screen: Screen): number {
  const { home, cwd } = screen.around;
  const name = given.positional('name');
  const host = given.text('host');
  const directory = given.text('dir');
  if (host === undefined || directory === undefined) {
    throw usageError('hub keys: --host [USER@]HOST and --dir DIR say whose files the key may read');
  }
  const server = given.text('server') ?? 'rrsync';
  if (server !== 'rrsync' && server !== 'rsyncjs') {
    throw usageError(`hub keys: --server ${server}: it is rrsync or rsyncjs`);
  }
  const out = given.text('out') ?? join(home, '.ssh');
  const port = given.count('port');
  const comment = given.text('comment');
  const key = spokeKey({
    name,
    host,
    directory,
    server,
    folder: isAbsolute(out) ? out : join(cwd, out),
    ...(port === undefined ? {} : { port }),
    ...(comment === undefined ? {} : { comment }),
  });
  const { privateFile, made, authorizedKeysLine, sshConfigBlock, source } = key;
  screen.say(
    made ? `Made the key ${privateFile}` : `The key ${privateFile} is there already, and stays as it is.`,
  );
  screen.say('', 'Add this line to ~/.ssh/authorized_keys of the account on the spoke:', authorizedKeysLine);
  if (given.flag('write')) {
    const file = join(home, '.ssh', 'config');
    const changed = writeHostBlock(file, name, sshConfigBlock);
    screen.say(
      '',
      changed ? `Wrote the host ${name} into ${file}` : `The host ${name} is in ${file} already.`,
    );
  } else {
    screen.say(
      '',
      'Add these lines at the beginning of ~/.ssh/config here (--write does it):',
      sshConfigBlock.trimEnd(),
    );
  }
  screen.say('', 'And to the spoke in hub.yaml:', `    source: "${source}"`, '    restricted: true');
  return EXIT.OK;
}
