import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** The C rsync that is client on one side of the comparison, and server on both. */
export function findRsync(given) {
  const peers = resolve(process.env.RSYNCJS_PEERS ?? join(repository, '.cache/peers'));
  const newest = existsSync(peers)
    ? readdirSync(peers)
        .filter((name) => /^\d+(\.\d+)+$/.test(name) && existsSync(join(peers, name, 'rsync')))
        .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
        .at(-1)
    : undefined;
  const path = given ?? (newest === undefined ? 'rsync' : join(peers, newest, 'rsync'));
  let text;
  try {
    text = execFileSync(path, ['--version'], { encoding: 'utf8' });
  } catch (error) {
    throw new Error(`no rsync to compare with (scripts/setup-peers.sh fetches some): ${error.message}`);
  }
  return { path, version: /^rsync\s+version\s+(\S+)/.exec(text)?.[1] ?? 'unknown' };
}

/**
 * The two programs under comparison: `name` as in the tables, and `command`, the words before the arguments.
 * `nodeFlags` go to the node that runs ours.
 */
export function contestants(rsync, ours, nodeFlags = []) {
  const entry = ours ?? join(repository, 'dist/bundle/main.js');
  if (!existsSync(entry)) throw new Error(`${entry} does not exist: npm run build`);
  const script = /\.[cm]?js$/.test(entry);
  return [
    { name: 'rsync', command: [rsync.path], options: [] },
    {
      name: 'ours',
      command: script ? [process.execPath, ...nodeFlags, entry] : [entry],
      // Its ssh is built in, and verifies the host key in any case; this keeps it from ever asking.
      options: ['-o', 'StrictHostKeyChecking=yes'],
    },
  ];
}

/**
 * The arguments of a transfer of the tree `source` into the folder `target`. By `ssh` and by `daemon` one of the two is
 * the server's; `local` they both belong to the one program.
 */
export function transferArguments({ route, ...transfer }) {
  const { direction, flags, source, target } = transfer;
  const { words, host } = { ssh: bySsh, daemon: byDaemon, local: locally }[route](transfer);
  const at = (path, isRemote) => `${isRemote ? host(path) : path}/`;
  return [
    ...['-a', '--stats', ...flags, ...words],
    at(source, direction === 'pull'),
    at(target, direction === 'push'),
  ];
}

const locally = () => ({ words: [], host: (path) => path });

const byDaemon = ({ daemon, dir }) => ({
  words: [],
  host: (path) => `rsync://127.0.0.1:${daemon.port}/bench/${relative(dir, path)}`,
});

function bySsh({ contestant, sshd, rsync }) {
  const shell = [
    ...[
      'ssh',
      '-F',
      'none',
      '-p',
      sshd.port,
      '-i',
      sshd.userKey,
      '-o',
      `UserKnownHostsFile=${sshd.knownHosts}`,
    ],
    ...contestant.options,
  ];
  return {
    words: [`--rsync-path=${rsync.path}`, '-e', shell.join(' ')],
    host: (path) => `${userInfo().username}@127.0.0.1:${path}`,
  };
}

/** What the bench reads from `--stats`, in bytes and files. Throws if a line is missing. */
export function readStats(text) {
  const figure = (label) => {
    const found = new RegExp(`^${label}: ([\\d,]+)`, 'm').exec(text);
    if (found === null) throw new Error(`no "${label}" in the output of --stats:\n${text.slice(0, 2000)}`);
    return Number(found[1].replaceAll(',', ''));
  };
  return {
    transferred: figure('Number of regular files transferred'),
    totalSize: figure('Total file size'),
    literal: figure('Literal data'),
    matched: figure('Matched data'),
    sent: figure('Total bytes sent'),
    received: figure('Total bytes received'),
  };
}
