import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sshWords } from '../../support/forced-keys.ts';
import { newestPeer, requirePeers, temporaryFolder } from '../../support/peers.ts';
import { type Sshd, sshdMissing, startSshd } from '../../support/sshd.ts';
import { removeTree } from '../../support/tree.ts';
import { check, makeProject } from './support.ts';
import { SetupPrinter } from '../../../src/cli/sync/setup-printer.ts';

describe('x', () => {
  const base = temporaryFolder('setup');
  const env = { ...process.env, HOME: base };
  let sshd: Sshd;
  beforeAll(async () => { sshd = await startSshd(); });
  afterAll(async () => { await sshd?.stop(); removeTree(base); });
  it('all', async () => {
    const root = makeProject(join(base, 'here'), { 'a.txt': 'a', '.rsync-exclude': 'x\n' });
    const there = makeProject(join(base, 'there'));
    const run = await check({ origin: 'test', location: `127.0.0.1:${there}`, root, excludeFiles: [join(root, '.rsync-exclude')],
      connect: ['-e', sshWords(sshd), `--rsync-path=${newestPeer().path}`] }, { env });
    const p = new SetupPrinter({ write: (l) => process.stdout.write(Buffer.from(l, 'latin1')), marks: true, columns: 100 });
    p.begin(); run.results.forEach((r) => p.result(r)); p.end(run.results);
    console.log(JSON.stringify(run.results.filter(r=>r.grade==='omitted'), undefined, 1));
    console.log(readdirSync(there), readdirSync(root));
  });
});
