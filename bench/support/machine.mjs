import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';

/** Where the figures come from. */
export function describeMachine() {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memory: totalmem(),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.versions.node,
    load: loadavg()[0],
    openssh: /OpenSSH_\S+/.exec(String(spawnSync('ssh', ['-V']).stderr))?.[0].replace(/,$/, '') ?? 'unknown',
    nativeSshCrypto: hasNativeSshCrypto(),
  };
}

/** Whether ssh2 has built its native cipher binding, without which node's own crypto does the work, at half the speed. */
function hasNativeSshCrypto() {
  try {
    const main = createRequire(import.meta.url).resolve('ssh2');
    return existsSync(join(dirname(main), 'protocol/crypto/build/Release/sshcrypto.node'));
  } catch {
    return false;
  }
}
