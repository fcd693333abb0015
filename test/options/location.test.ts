import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRsyncError } from '../../src/core/errors.ts';
import { type ClassifyOptions, classifyPaths, parseLocation } from '../../src/options/location.ts';

const shell = (host: string, path: string, user?: string) => ({ kind: 'shell', user, host, path });
const local = (path: string) => ({ kind: 'local', path });

describe('parseLocation', () => {
  it.each([
    ['host:path', shell('host', 'path')],
    ['host:', shell('host', '.')],
    [':path', shell('', 'path')],
    ['host:/a/b:c', shell('host', '/a/b:c')],
    ['me@host:x', shell('host', 'x', 'me')],
    ['a@b@host:x', shell('host', 'x', 'a@b')],
    ['@host:x', shell('host', 'x')],
    ['[::1]:x', shell('::1', 'x')],
    ['me@[fe80::1%eth0]:x', shell('fe80::1%eth0', 'x', 'me')],
    ['[h]:x', shell('h', 'x')],
    ['h:x', shell('h', 'x')],
    ['host:new\nline', shell('host', 'new\nline')],
    ['rsync:x', shell('rsync', 'x')],
    ['path', local('path')],
    ['', local('')],
    ['./a:b', local('./a:b')],
    ['/x/a:b', local('/x/a:b')],
    ['a/b:c', local('a/b:c')],
    ['[ab]c', local('[ab]c')],
    ['[]:x', local('[]:x')],
    ['[a/b]:x', local('[a/b]:x')],
    ['[a]b:x', local('[a]b:x')],
    ['a@b', local('a@b')],
    ['a\\b', local('a\\b')],
  ])('%j', (arg, wanted) => {
    expect(parseLocation(arg)).toEqual(wanted);
  });

  it.each([
    ['host::mod/path', 'colons', undefined, 'host', undefined, 'mod/path'],
    ['host::', 'colons', undefined, 'host', undefined, ''],
    ['me@[::1]::mod', 'colons', 'me', '::1', undefined, 'mod'],
    ['rsync://host', 'url', undefined, 'host', undefined, ''],
    ['RSYNC://me@host:8730/mod/a:b', 'url', 'me', 'host', 8730, 'mod/a:b'],
    ['rsync://[::1]:873/mod', 'url', undefined, '::1', 873, 'mod'],
    ['rsync://[::1]/', 'url', undefined, '::1', undefined, ''],
    ['rsync://@host/mod', 'url', undefined, 'host', undefined, 'mod'],
    ['rsync://host:no/mod', 'url', undefined, '', undefined, ''],
  ])('%s is a daemon', (arg, form, user, host, port, path) => {
    expect(parseLocation(arg)).toEqual({ kind: 'daemon', form, user, host, port, path });
  });

  it.each([
    ['C:\\Users\\me', local('C:/Users/me')],
    ['c:/x', local('c:/x')],
    ['C:', local('C:')],
    ['C:name', local('C:name')],
    ['\\\\server\\share\\a', local('//server/share/a')],
    ['//server/share', local('//server/share')],
    ['\\\\?\\C:\\x', local('//?/C:/x')],
    ['dir\\file:stream', local('dir/file:stream')],
    ['host:a\\b', shell('host', 'a\\b')],
    ['me@h:x', shell('h', 'x', 'me')],
    ['[h]:x', shell('h', 'x')],
    ['ab:x', shell('ab', 'x')],
  ])('%j on Windows', (arg, wanted) => {
    expect(parseLocation(arg, { windows: true })).toEqual(wanted);
  });

  it('never throws, and keeps what it splits', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (arg, windows) => {
        const location = parseLocation(arg, { windows });
        if (location.kind !== 'local') return;
        expect(location.path).toBe(windows ? arg.replaceAll('\\', '/') : arg);
        if (!windows && !arg.includes('['))
          expect(/^[^/]*:/.test(arg) && !/^[^:]*@[^/:]*$/.test(arg)).toBe(false);
      }),
    );
  });
});

describe('classifyPaths', () => {
  it.each([
    ['src host:dst', { direction: 'push', remotePaths: ['dst'], localPaths: ['src'] }],
    ['a b c host:', { direction: 'push', remotePaths: ['.'], localPaths: ['a', 'b', 'c'] }],
    ['host:src dst', { direction: 'pull', remotePaths: ['src'], localPaths: ['dst'] }],
    ['host:a :b host:c dst', { direction: 'pull', remotePaths: ['a', 'b', 'c'], localPaths: ['dst'] }],
    ['host:', { direction: 'list', remotePaths: ['.'], localPaths: [] }],
    ['host:a :b', { direction: 'list', remotePaths: ['a', 'b'], localPaths: [] }],
    ['host:a host:b :', { direction: 'list', remotePaths: ['a', 'b', '.'], localPaths: [] }],
  ])('%s', (words, wanted) => {
    expect(classifyPaths(words.split(' '))).toEqual({ ...wanted, remote: { user: undefined, host: 'host' } });
  });

  it('knows the user', () => {
    expect(classifyPaths(['me@host:a', 'host:b', 'me@host:c', 'd'])).toMatchObject({
      remote: { user: 'me', host: 'host' },
      remotePaths: ['a', 'b', 'c'],
    });
    expect(classifyPaths(['a', 'me@[::1]:b']).remote).toEqual({ user: 'me', host: '::1' });
  });

  it.each([
    ['host::mod/a ::mod/b dst', 'pull', undefined, ['mod/a', 'mod/b'], ['dst']],
    ['rsync://host:8730/mod dst', 'pull', 8730, ['mod'], ['dst']],
    ['src rsync://host/mod/dst', 'push', undefined, ['mod/dst'], ['src']],
    ['a b host::mod', 'push', undefined, ['mod'], ['a', 'b']],
    ['host::mod/', 'list', undefined, ['mod/'], []],
    ['host::', 'list', undefined, [''], []],
    ['rsync://host/ dst', 'list', undefined, [''], ['dst']],
    ['src host::', 'list', undefined, [''], ['src']],
  ])('%s is about a daemon', (words, direction, port, remotePaths, localPaths) => {
    expect(classifyPaths(words.split(' '))).toEqual({
      direction,
      remote: { user: undefined, host: 'host' },
      daemon: { port },
      remotePaths,
      localPaths,
    });
  });

  it.each(['host::/mod', 'rsync://host//mod'])('%s does not start with a module: exit 5', (path) => {
    expect(() => classifyPaths([path])).toThrow(
      expect.objectContaining({
        code: 'RSYNC_USAGE',
        exitCode: 5,
        hint: expect.stringContaining('rsync://host/'),
      }),
    );
  });

  it('makes a listing of a pull with --list-only', () => {
    expect(classifyPaths(['host:a', 'b'], { listOnly: true })).toMatchObject({
      direction: 'list',
      localPaths: ['b'],
    });
    expect(classifyPaths(['a', 'host:b'], { listOnly: true }).direction).toBe('push');
  });

  it('takes a drive for a local path on Windows', () => {
    expect(classifyPaths(['C:\\a', 'host:b'], { windows: true })).toMatchObject({
      direction: 'push',
      localPaths: ['C:/a'],
    });
    expect(classifyPaths(['host:b', 'd:'], { windows: true }).direction).toBe('pull');
  });

  it.each<[string[], string, ClassifyOptions?]>([
    [[], 'no source'],
    [['host:a', 'host:b'], 'source and destination cannot both be remote'],
    [['host:a', 'other:b'], 'source and destination cannot both be remote'],
    [['host:a', 'host::b'], 'source and destination cannot both be remote'],
    [['host:a', 'b', 'c'], 'Unexpected local arg: b'],
    [['host:a', 'b', ':c'], 'Unexpected local arg: b'],
    [['host:a', 'other:b', 'c'], 'must come from the same machine'],
    [['me@host:a', 'you@host:b', 'c'], 'must come from the same machine'],
    [['host:a', 'host::b', 'c'], 'must use the same hostspec format'],
    [['host::a', 'rsync://host/b', 'c'], 'must use the same hostspec format'],
    [['rsync://host/a', 'rsync://host:1/b', 'c'], 'must use the same port number'],
    [['a', 'host:b', 'c'], 'Unexpected remote arg: host:b'],
    [['a', 'host:b', 'host:c'], 'Unexpected remote arg: host:b'],
    [['a', 'host::b', 'c'], 'Unexpected remote arg: host::b'],
    [['', 'host:b'], 'Empty source arg specified'],
    [['host:a', ''], 'Empty destination arg specified'],
    [['a', ''], 'Empty destination arg specified'],
    [['-oProxyCommand=x:a', 'b'], 'Invalid remote host: -oProxyCommand=x:a'],
    [['a', 'me@-x:b'], 'Invalid remote host: me@-x:b'],
    [[':a', 'b'], 'Invalid remote host: :a'],
    [['a', ':b'], 'Invalid remote host: :b'],
    [['::mod', 'b'], 'Invalid remote host: ::mod'],
    [['-x::mod', 'b'], 'Invalid remote host: -x::mod'],
    [['rsync://h:x/mod', 'b'], 'Invalid remote host: rsync://h:x/mod'],
    [['rsync://h:65536/mod', 'b'], 'a port is at most 65535'],
    [['rsync://h\r\nx/mod', 'b'], 'Invalid remote host'],
    [['a', 'h::mo\nd/x'], 'a control character in the name of the module'],
  ])('%j: %s', (paths, message, options) => {
    expect(() => classifyPaths(paths, options)).toThrow(
      expect.objectContaining({
        code: 'RSYNC_USAGE',
        exitCode: 1,
        message: expect.stringContaining(message),
      }),
    );
  });

  it.each<[string[], ClassifyOptions, string, string[], string[]]>([
    [['a', 'b'], {}, 'push', ['b'], ['a']],
    [['a', 'b', 'c/'], {}, 'push', ['c/'], ['a', 'b']],
    [['a'], {}, 'list', ['a'], []],
    [['a', 'b'], { listOnly: true }, 'list', ['a'], []],
  ])('%j %j is within this machine', (paths, options, direction, remotePaths, localPaths) => {
    expect(classifyPaths(paths, options)).toMatchObject({ direction, local: true, remotePaths, localPaths });
  });

  it('never fails but with an error of its own', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.stringMatching(/^[ab/@:[\]]{0,8}$/)), { maxLength: 4 }),
        (paths) => {
          try {
            const { remotePaths, localPaths } = classifyPaths(paths);
            expect(remotePaths.length + localPaths.length).toBe(paths.length);
          } catch (error) {
            if (!isRsyncError(error)) throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
