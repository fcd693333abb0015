import { describe, expect, it } from 'vitest';
import { defaultAgent } from '../../../../src/transport/ssh/auth/default-agent.ts';

const hash = '0123456789abcdef'.repeat(4);
const on = (pipes: string[], env: NodeJS.ProcessEnv = { USERNAME: 'Ann.Lee' }) =>
  defaultAgent(env, 'win32', () => pipes);

describe('defaultAgent', () => {
  it('is SSH_AUTH_SOCK everywhere', () => {
    const never = () => {
      throw new Error('asked');
    };
    expect(defaultAgent({ SSH_AUTH_SOCK: '/run/agent' }, 'linux', never)).toBe('/run/agent');
    expect(defaultAgent({ SSH_AUTH_SOCK: '\\\\.\\pipe\\mine' }, 'win32', never)).toBe('\\\\.\\pipe\\mine');
    expect(defaultAgent({}, 'linux', never)).toBeUndefined();
    expect(defaultAgent({ SSH_AUTH_SOCK: '' }, 'darwin', never)).toBeUndefined();
  });

  it("is OpenSSH's pipe on Windows, else Pageant's of the same user", () => {
    const pageant = `pageant.Ann.Lee.${hash}`;
    expect(on(['lsass', 'openssh-ssh-agent', pageant])).toBe('\\\\.\\pipe\\openssh-ssh-agent');
    expect(on(['lsass', pageant])).toBe(`\\\\.\\pipe\\${pageant}`);
    expect(on([`pageant.ann.lee.${hash}`])).toBe(`\\\\.\\pipe\\pageant.ann.lee.${hash}`);
  });

  it("is nobody else's", () => {
    for (const name of [
      `pageant.Bob.${hash}`,
      `pageant.Ann.${hash}`,
      `pageant.Ann.Lee.x.${hash}`,
      `pageant.Ann.Lee.${hash}0`,
      'pageant.Ann.Lee.',
      `xpageant.Ann.Lee.${hash}`,
    ]) {
      expect(on([name]), name).toBeUndefined();
    }
    expect(on([`pageant..${hash}`], {})).toBe(`\\\\.\\pipe\\pageant..${hash}`);
    expect(on([])).toBeUndefined();
  });

  it('tries the usual pipe if pipes can not be listed', () => {
    const refused = () => {
      throw new Error('EPERM');
    };
    expect(defaultAgent({}, 'win32', refused)).toBe('\\\\.\\pipe\\openssh-ssh-agent');
  });
});
