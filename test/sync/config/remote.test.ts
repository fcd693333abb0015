import { describe, expect, it } from 'vitest';
import { parseRemote, remoteArgument } from '../../../src/sync/config/remote.ts';

const shell = (host: string, path: string, user?: string) => ({
  kind: 'shell',
  user,
  host,
  path,
  port: undefined,
});

/** The error, as `MESSAGE | HINT`. */
function refusal(text: string, form = {}): string {
  try {
    parseRemote(text, form);
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    return `${message} | ${hint}`;
  }
  return 'taken';
}

describe('regression 8: the endpoint parser (A9)', () => {
  it.each([
    ['u@[fe80::1]:/p', shell('fe80::1', '/p', 'u')],
    ['[fe80::1%eth0]:p/', shell('fe80::1%eth0', 'p')],
    ['host::mod', { kind: 'daemon', user: undefined, host: 'host', port: undefined, path: 'mod' }],
    ['u@host::mod/sub/', { kind: 'daemon', user: 'u', host: 'host', port: undefined, path: 'mod/sub' }],
    ['rsync://h/m', { kind: 'daemon', user: undefined, host: 'h', port: undefined, path: 'm' }],
    ['rsync://u@[::1]:8730/m/p', { kind: 'daemon', user: 'u', host: '::1', port: 8730, path: 'm/p' }],
    ['alias:', shell('alias', '.')],
    ['alias:~/x//', shell('alias', '~/x')],
    ['user@server:/srv/web', shell('server', '/srv/web', 'user')],
    ['h:/', shell('h', '/')],
    ['h:a:b', shell('h', 'a:b')],
    ['C:/x', shell('C', '/x')],
  ])('%s', (text, wanted) => {
    expect(parseRemote(text)).toEqual({ text, restricted: false, ...wanted });
  });

  it.each([
    ['./a:b', {}, 'a path of this machine'],
    ['/srv/x', {}, 'a path of this machine'],
    ['C:\\x', {}, 'looks like a path of Windows'],
    ['C:\\x', { windows: true }, 'a path of this machine'],
    ['C:/x', { windows: true }, 'a path of this machine'],
    ['\\\\server\\share', { windows: true }, 'a path of this machine'],
    ['', {}, 'found nothing'],
    [':/x', {}, 'names no host'],
    ['-oProxyCommand=x:/p', {}, 'does not start with "-"'],
    ['-l@host:/p', {}, 'does not start with "-"'],
    ['ssh://h/p', {}, 'ssh:// is not spoken here'],
    ['host::', {}, 'names no module'],
    ['rsync://h/', {}, 'names no module'],
    ['rsync://h:99999/m', {}, 'a port is at most 65535'],
    ['$USER@h:/p', {}, 'is no name of a user | Variables are not expanded'],
    ['h:/a\nb', {}, 'control character'],
  ])('%s is refused', (text, form, said) => {
    expect(refusal(text, form)).toContain(said);
  });

  it.each(['rsync://me:hunter2@h/m', 'me:hunter2@h:/p', 'ssh://me:hunter2@h/m'])(
    'a password is refused and not repeated: %s',
    (text) => {
      expect(refusal(text)).toContain('me:***@h');
      expect(refusal(text)).not.toContain('hunter2');
    },
  );
});

describe('remoteArgument', () => {
  it.each([
    ['u@[fe80::1]:/p', '', 'u@[fe80::1]:/p/'],
    ['h:/', '', 'h:/'],
    ['h:/', 'a b', 'h:/a b/'],
    ['h:', '', 'h:.'],
    ['h:', 'x/y', 'h:x/y/'],
    ['h::m', 'x', 'rsync://h/m/x/'],
    ['rsync://u@[::1]:8730/m/p/', '', 'rsync://u@[::1]:8730/m/p/'],
  ])('%s + %j', (text, below, wanted) => {
    expect(remoteArgument(parseRemote(text), below)).toBe(wanted);
  });

  it('without contents there is no slash', () => {
    expect(remoteArgument(parseRemote('h:/p/'), 'f', false)).toBe('h:/p/f');
  });

  it.each([
    ['h:', 'h:.'],
    ['h:/', 'h:.'],
    ['h:./', 'h:.'],
    ['h:/sub/', 'h:sub/'],
    ['h:a/./b', 'h:a/b/'],
  ])('restricted: %s is sent as %s', (text, wanted) => {
    expect(remoteArgument(parseRemote(text, { restricted: true }))).toBe(wanted);
  });

  it.each(['h:~/x', 'h:../x'])('restricted: %s is refused', (text) => {
    expect(refusal(text, { restricted: true })).not.toBe('taken');
  });
});
