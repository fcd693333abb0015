import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judgeHostKey } from '../../../../src/transport/ssh/host/host-key.ts';
import { KnownHosts } from '../../../../src/transport/ssh/host/known-hosts.ts';
import { forgetHost, hasKeygen } from '../../../../src/transport/ssh/host/mend.ts';
import { makeKey, sshdMissing } from '../../../support/sshd.ts';
import { failure, temporaryFolder } from '../../support.ts';

const places = [
  { file: '/home/ann/.ssh/known_hosts', line: 3 },
  { file: '/etc/ssh/ssh_known_hosts', line: 7 },
  { file: '/home/ann/.ssh/known_hosts', line: 5 },
];

describe('what makes a host known anew', () => {
  it('is one command a file', () => {
    expect(forgetHost({ places, name: '[h]:22022', windows: false, keygen: true })).toBe(
      "ssh-keygen -f /home/ann/.ssh/known_hosts -R '[h]:22022' and ssh-keygen -f /etc/ssh/ssh_known_hosts -R '[h]:22022'",
    );
  });

  it('is quoted for the shells of Windows there', () => {
    const [windows, keygen] = [true, true];
    const file = 'C:\\Users\\Ann Lee\\.ssh\\known_hosts';
    expect(forgetHost({ places: [{ file, line: 1 }], name: 'h', windows, keygen })).toBe(
      `ssh-keygen -f "${file}" -R h`,
    );
  });

  it('is the lines to delete where there is no ssh-keygen', () => {
    expect(forgetHost({ places, name: 'h', windows: true, keygen: false })).toBe(
      'delete lines 3, 5 of /home/ann/.ssh/known_hosts and delete line 7 of /etc/ssh/ssh_known_hosts',
    );
  });

  it.skipIf(sshdMissing())('is told by a refusal on a machine without ssh-keygen', async () => {
    expect(hasKeygen(process.env, process.platform === 'win32')).toBe(true);
    expect(hasKeygen({ PATH: '/nowhere' }, false)).toBe(false);
    const dir = temporaryFolder();
    const [old, shown] = ['old', 'new'].map((name) => makeKey(join(dir, name)).publicKey.split(' '));
    const known = new KnownHosts();
    known.add(`# note\nvault ${old![0]} ${old![1]}\n`, 'C:\\kh');
    const error = await failure(
      judgeHostKey(Buffer.from(shown![1]!, 'base64'), {
        known,
        host: 'vault',
        port: 22,
        strict: 'no',
        ask: () => 'yes',
        trace: () => {},
        knownHostsFile: 'C:\\kh',
        env: { PATH: '' },
        windows: true,
      }),
    );
    expect(error).toMatchObject({ code: 'RSYNC_HOST_KEY', path: 'C:\\kh:2' });
    expect(error.hint).toBe('If the new key is right, forget the old one: delete line 2 of C:\\kh');
  });
});
