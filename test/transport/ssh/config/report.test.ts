import { describe, expect, it } from 'vitest';
import { formatReport } from '../../../../src/transport/ssh/config/report.ts';
import { maskSecrets } from '../../../../src/transport/ssh/config/secrets.ts';

describe('formatReport', () => {
  it('aligns its columns and says what is not used and why', () => {
    expect(
      formatReport('web', [
        { setting: 'HostName', value: 'web.lan', source: '/home/me/.ssh/config:3', used: true },
        { setting: 'Port', value: '22', source: 'default', used: true },
        { setting: 'ForwardAgent', value: 'yes', source: '-A', used: false, why: 'of no use' },
      ]),
    ).toEqual([
      'ssh settings for web:',
      '  setting       value    source',
      '  HostName      web.lan  /home/me/.ssh/config:3  used',
      '  Port          22       default                 used',
      '  ForwardAgent  yes      -A                      not used: of no use',
    ]);
  });

  it('lets nothing through that steers a terminal', () => {
    const lines = formatReport('h\u001b[31m', [
      { setting: 'X\u0007', value: 'a\nb\u009b', source: 'c\r:1', used: false, why: '\u202ed\u2066' },
    ]);
    expect(lines.join('\n')).not.toMatch(
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
    );
    expect(lines).toHaveLength(3);
    expect(lines[2]).toContain('a\\x0ab\\x9b');
  });

  it('masks what may be secret', () => {
    const row = { source: 'x', used: true };
    const text = formatReport('h', [
      { ...row, setting: 'SetEnv', value: 'A=geheim "B=ge heim"' },
      { ...row, setting: 'ProxyCommand', value: 'nc --password geheim %h' },
    ]).join('\n');
    expect(text).not.toContain('heim');
    expect(text).toContain('A=*** B=***');
  });
});

describe('maskSecrets', () => {
  it.each([
    ['ncat --proxy-auth joe:geheim --proxy p:3128 %h %p', 'ncat --proxy-auth *** --proxy p:3128 %h %p'],
    ['PROXY_PASSWORD=geheim connect -H p:3128 %h %p', 'PROXY_PASSWORD=*** connect -H p:3128 %h %p'],
    ['PASSWORD="ge heim" connect %h', 'PASSWORD=*** connect %h'],
    ['sshpass -p geheim ssh -W %h:%p hop', 'sshpass -p *** ssh -W %h:%p hop'],
    ['sshpass -v -pgeheim ssh -W %h:%p hop', 'sshpass -v -p*** ssh -W %h:%p hop'],
    ['proxytunnel -p http://joe:geheim@p:80 -d %h:%p', 'proxytunnel -p http://joe:***@p:80 -d %h:%p'],
    ['corkscrew joe:geheim@p 80 %h %p', 'corkscrew joe:***@p 80 %h %p'],
    [
      'socat - PROXY:p:%h:%p,proxyport=3128,proxyauth=joe:geheim',
      'socat - PROXY:p:%h:%p,proxyport=3128,proxyauth=***',
    ],
    ['curl -u joe:geheim http://p', 'curl -u joe:*** http://p'],
    ["x -H 'Authorization: Basic geheim'", "x -H 'Authorization: ***'"],
    ['x --token=geheim --api-key geheim', 'x --token=*** --api-key ***'],
    ['ssh -W %h:%p user@hop', 'ssh -W %h:%p user@hop'],
    ['nc -X connect -x 192.0.2.0:8080 %h %p', 'nc -X connect -x 192.0.2.0:8080 %h %p'],
  ])('of the command %j', (command, shown) => {
    expect(maskSecrets('proxycommand', command)).toBe(shown);
    expect(maskSecrets('ProxyCommand', shown)).toBe(shown);
  });

  it('masks all of a SetEnv that can not be read', () => {
    expect(maskSecrets('SetEnv', 'A="geheim')).toBe('***');
    expect(maskSecrets('SetEnv', 'geheim')).toBe('***');
    expect(maskSecrets('Port', '22')).toBe('22');
  });
});
