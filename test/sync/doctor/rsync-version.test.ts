/** What the real programs say of themselves. */
import { describe, expect, it } from 'vitest';
import { versionText } from '../../../src/cli/version.ts';
import { limitsOf, parseVersion } from '../../../src/sync/doctor/rsync-version.ts';
import { requirePeers, runRsync } from '../../support/peers.ts';

describe('the version of a program', () => {
  it.each(requirePeers().map((peer) => ({ peer, version: peer.version })))(
    'rsync $version',
    async ({ peer, version }) => {
      const text = (await runRsync(peer, ['--version'])).stdout.toString();
      const found = parseVersion(text)!;
      expect(found).toMatchObject({ flavour: 'rsync', version: version.replace(/-.*/, '') });
      expect(found.checksums).toContain('md5');
      expect(found.compressors).toContain('zstd');
      expect(found.lacks).not.toContain('ACLs');
      expect(limitsOf(found.protocol, found)).toEqual([]);
    },
  );

  it('rsyncjs', async () => {
    const found = parseVersion(await versionText(false))!;
    expect(found).toMatchObject({ flavour: 'rsyncjs', protocol: 32, lacks: [] });
    expect(found.checksums[0]).toBe('xxh128');
  });

  it('openrsync, an old rsync without ACLs, and what is none', () => {
    expect(parseVersion('openrsync: protocol version 29\nrsync version 2.6.9 compatible\n')).toMatchObject({
      flavour: 'openrsync',
      version: '2.6.9',
      protocol: 29,
    });
    const old = parseVersion(
      'rsync  version 3.0.9  protocol version 30\nCapabilities:\n    64-bit files, no ACLs, no xattrs,\n    no iconv, symtimes\n\nrsync comes with\n',
    )!;
    expect(old.lacks).toEqual(['ACLs', 'xattrs', 'iconv']);
    expect(limitsOf(30, old)).toEqual([
      'times are whole seconds',
      'built without ACLs',
      'built without xattrs',
      'built without iconv',
    ]);
    expect(parseVersion('GNU bash, version 5.2')).toBeUndefined();
  });
});
