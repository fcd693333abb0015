import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measure } from './measure.mjs';
import { transferArguments } from './programs.mjs';
import { startSshd } from './sshd.mjs';

/**
 * One unmeasured pull with each program from a server that logs what is agreed upon: the ssh cipher of each (from the
 * server to the client, which sshd names second). It also shows early that both programs run at all.
 */
export async function probeCiphers(programs, rsync, { dir, timeout, sshdConfig }) {
  const home = mkdtempSync(join(dir, 'probe-'));
  const source = join(home, 'source');
  mkdirSync(source);
  writeFileSync(join(source, 'file'), 'probe\n');
  const sshd = await startSshd(home, ['LogLevel DEBUG1', ...sshdConfig]);
  const ciphers = {};
  try {
    for (const contestant of programs) {
      const before = sshd.log().length;
      const target = join(home, contestant.name);
      const words = transferArguments({
        route: 'ssh',
        contestant,
        sshd,
        rsync,
        direction: 'pull',
        flags: [],
        source,
        target,
      });
      try {
        await measure([...contestant.command, ...words], { dir: home, timeout });
      } catch (error) {
        throw new Error(`${contestant.command.join(' ')}: ${error.message}`);
      }
      const log = sshd.log().slice(before);
      ciphers[contestant.name] = /kex: server->client cipher: (\S+)/.exec(log)?.[1] ?? 'unknown';
    }
    return ciphers;
  } finally {
    await sshd.stop();
    rmSync(home, { recursive: true, force: true });
  }
}
