import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PEER_COUNT, peerDirectory, peers } from './peers.ts';

const onWindows = process.platform === 'win32';

/** Sets up the real rsync binaries where that is expected (CI, root on Debian); says what is skipped elsewhere. */
export default function setup(): void {
  setUpPeers();
  tellMissingPrograms();
}

/** All there, each with its rrsync. */
function complete(): boolean {
  const found = peers();
  return found.length >= PEER_COUNT && found.every(({ rrsync }) => rrsync !== undefined);
}

function setUpPeers(): void {
  if (complete()) return;
  const inCI = Boolean(process.env.CI) && !onWindows;
  const debianRoot = process.getuid?.() === 0 && existsSync('/etc/debian_version');
  if (inCI || (debianRoot && peers().length === 0)) {
    const script = fileURLToPath(new URL('../../scripts/setup-peers.sh', import.meta.url));
    console.log('Setting up real rsync binaries to test against (once, about half a minute) ...');
    const { status } = spawnSync('bash', [script], { stdio: 'inherit' });
    if (status === 0) return;
    if (inCI) throw new Error('scripts/setup-peers.sh failed: the tests against real rsync cannot run');
  }
  const found = peers();
  const versions = found.length === 0 ? 'none' : found.map((peer) => peer.version).join(', ');
  console.log(
    `Real rsync to test against, in ${peerDirectory()}: ${versions} (of ${PEER_COUNT} versions). ` +
      'Tests that need a missing one are skipped; on Debian, scripts/setup-peers.sh gets them all.',
  );
}

/** What the tests start beside rsync, by the Debian package that has it. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'openssh-server': 'sshd',
  'openssh-client': 'ssh-agent',
  'dropbear-bin': 'dropbear',
  zsh: 'zsh',
  fish: 'fish',
  busybox: 'busybox',
  perl: 'perl',
  python3: 'python3',
  sudo: 'sudo',
  acl: 'setfacl',
  attr: 'setfattr',
  git: 'git',
  make: 'make',
};

/** Servers are not in the PATH of everybody. */
const PLACES = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/local/sbin'];

function tellMissingPrograms(): void {
  if (onWindows) return;
  const missing = Object.entries(PROGRAMS).filter(
    ([, program]) => !PLACES.some((place) => existsSync(`${place}/${program}`)),
  );
  if (missing.length === 0) return;
  console.log(
    `Not on this machine: ${missing.map(([, program]) => program).join(', ')}. Tests that need one are skipped; ` +
      `on Debian, apt-get install ${missing.map(([from]) => from).join(' ')} gets them.`,
  );
}
