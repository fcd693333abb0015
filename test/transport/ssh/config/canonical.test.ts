import { describe, expect, it } from 'vitest';
import { resolveSshConfig, type SshConfigQuery } from '../../../../src/transport/ssh/config/resolve.ts';
import { failure } from '../../support.ts';
import { caseFolder } from './support.ts';

const folder = caseFolder();

/** Resolves with a name service that knows these names, and these aliases. */
async function resolve(
  lines: readonly string[],
  host: string,
  known: readonly string[],
  aliases: Readonly<Record<string, string>> = {},
) {
  const asked: string[] = [];
  const config = folder({ config: lines.join('\n') });
  const query: SshConfigQuery = {
    host,
    given: [],
    configFile: `${config}/config`,
    home: '/home/me',
    localUser: 'me',
    env: {},
    names: {
      exists: async (name) => {
        asked.push(name);
        return known.includes(name);
      },
      alias: async (name) => aliases[name],
    },
  };
  return { ...(await resolveSshConfig(query)), asked };
}

const ON = ['CanonicalizeHostname yes', 'CanonicalDomains one.example Two.example.'];

describe('CanonicalizeHostname', () => {
  it('takes the first domain that has the host, and reads the files again under that name', async () => {
    const { settings, report, asked } = await resolve(
      [
        ...ON,
        'Host web.two.example',
        '  Port 7',
        'Match canonical',
        '  User u',
        'Match host web',
        '  Port 8',
      ],
      'WEB',
      ['web.two.example.'],
    );
    expect(asked).toEqual(['web.one.example.', 'web.two.example.']);
    // In the first reading the host was still "WEB", which "Match host web" matches.
    expect(settings).toMatchObject({ hostName: 'web.two.example', port: 8, user: 'u' });
    expect(report).toContainEqual({
      setting: 'HostName',
      value: 'web.two.example',
      source: 'CanonicalizeHostname',
      used: true,
    });
  });

  it('asks nobody if it is off, for addresses, for names with more dots, and for what a proxy looks up', async () => {
    const domains = ON[1]!;
    for (const [lines, host] of [
      [[domains], 'web'],
      [['CanonicalizeHostname no', domains], 'web'],
      [ON, '10.0.0.1'],
      [ON, '::1'],
      [ON, 'a.b.c'],
      [[...ON, 'CanonicalizeMaxDots 0'], 'a.b'],
      [[...ON, 'ProxyJump hop'], 'web'],
      [[...ON, 'ProxyCommand nc %h %p'], 'web'],
    ] as const) {
      const { asked, settings } = await resolve(lines, host, ['web.one.example.']);
      expect(asked).toEqual([]);
      expect(settings.hostName ?? host).toBe(host);
    }
    const always = ['CanonicalizeHostname always', domains, 'ProxyJump hop'];
    expect((await resolve(always, 'web', ['web.one.example.'])).settings.hostName).toBe('web.one.example');
    const none = ['CanonicalizeHostname yes', domains, 'ProxyJump none'];
    expect((await resolve(none, 'web', ['web.one.example.'])).settings.hostName).toBe('web.one.example');
  });

  it('leaves the host to the system, unless CanonicalizeFallbackLocal is no', async () => {
    expect((await resolve(ON, 'Web', [])).settings.hostName).toBe('web');
    const error = await failure(resolve([...ON, 'CanonicalizeFallbackLocal no'], 'web', []));
    expect(error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 255 });
    expect(error.message).toContain('web');
  });

  it('takes a name with a final dot for complete', async () => {
    const { settings, asked } = await resolve(ON, 'web.example.', ['web.example.']);
    expect(asked).toEqual(['web.example.']);
    expect(settings.hostName).toBe('web.example');
    expect(await failure(resolve(ON, 'gone.', []))).toMatchObject({ exitCode: 255 });
  });

  it('follows aliases where the rules permit it', async () => {
    const known = ['web.one.example.'];
    const aliases = { 'web.one.example': 'x.cdn.example.', 'x.cdn.example': 'node7.cdn.example' };
    const rule = 'CanonicalizePermittedCNAMEs *.other:*.other *.one.example,*.b:!bad.*,*.cdn.example';
    const name = async (...lines: string[]) =>
      (await resolve([...ON, ...lines], 'web', known, aliases)).settings.hostName;
    expect(await name(rule)).toBe('node7.cdn.example');
    expect(await name()).toBe('web.one.example');
    expect(await name('CanonicalizePermittedCNAMEs none')).toBe('web.one.example');
    expect(await name('CanonicalizePermittedCNAMEs *.one.example:*.else')).toBe('web.one.example');
  });

  it('ends with aliases that go in a circle', async () => {
    const aliases = { 'web.one.example': 'b', b: 'web.one.example' };
    const lines = [...ON, 'CanonicalizePermittedCNAMEs *:*'];
    const { settings } = await resolve(lines, 'web', ['web.one.example.'], aliases);
    expect(['b', 'web.one.example']).toContain(settings.hostName);
  });
});
