import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PEER_COUNT, peerDirectory, peers } from './peers.ts';

/** Sets up the real rsync binaries where that is expected (CI, root on Debian); says what is skipped elsewhere. */
export default function setup(): void {
  if (peers().length >= PEER_COUNT) return;
  const inCI = Boolean(process.env.CI) && process.platform !== 'win32';
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
