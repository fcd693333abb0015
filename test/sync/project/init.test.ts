/** What init writes into a project, and that rsync and rsyncjs read it alike. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { copy } from '../../../src/client/api.ts';
import { type InitSettings, initProject } from '../../../src/sync/project/init.ts';
import { newestPeer, requirePeers, runRsync, temporaryFolder } from '../../support/peers.ts';
import { programMissing } from '../../support/programs.ts';
import { removeTree } from '../../support/tree.ts';

const base = temporaryFolder('init');
afterAll(() => removeTree(base));

const make = (root: string, files: Record<string, string>): string => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
};
const deeds = (settings: InitSettings): string[] =>
  initProject(settings).map(({ file, deed }) => `${file}: ${deed}`);
const text = (...path: string[]): string => readFileSync(join(...path), 'utf8');

describe('init', () => {
  it('writes what is missing, and the second time nothing', () => {
    const root = join(base, 'empty');
    mkdirSync(root);
    const all = { root, npm: true, make: true };
    expect(deeds(all)).toEqual([
      '.env.example: created',
      '.rsync-exclude: created',
      'package.json: missing',
      'sync.mk: created',
      'Makefile: created',
    ]);
    const before = Object.fromEntries(readdirSync(root).map((name) => [name, text(root, name)]));
    expect(deeds({ ...all, force: true })).toEqual([
      '.env.example: current',
      '.rsync-exclude: current',
      'package.json: missing',
      'sync.mk: current',
      'Makefile: current',
    ]);
    expect(Object.fromEntries(readdirSync(root).map((name) => [name, text(root, name)]))).toEqual(before);
    expect(before['.env.example']).toMatch(/^#SYNC_REMOTE=user@host:\/path/m);
  });

  it('keeps what is there, and replaces only what is its own if it is forced', () => {
    const root = make(join(base, 'full'), {
      '.env.example': 'API=x',
      '.rsync-exclude': 'mine/\n',
      'package.json': '{\n  "scripts": {\n    "sync-pull": "mine"\n  }\n}\n',
      Makefile: 'all:\n\techo all\n\nsync-pull :\n\techo mine\n',
    });
    const all = { root, npm: true, make: true };
    expect(deeds(all)).toEqual([
      '.env.example: changed',
      '.rsync-exclude: kept',
      'package.json: changed',
      'Makefile: kept',
    ]);
    expect(text(root, '.rsync-exclude')).toBe('mine/\n');
    expect(text(root, '.env.example')).toMatch(/^API=x\n\n# Sync.*\n[\s\S]*#SYNC_OPTIONS=/);
    expect(JSON.parse(text(root, 'package.json')).scripts['sync-pull']).toBe('mine');
    expect(existsSync(join(root, 'sync.mk'))).toBe(false);
    expect(deeds({ ...all, force: true })).toEqual([
      '.env.example: current',
      '.rsync-exclude: replaced',
      'package.json: changed',
      'sync.mk: created',
      'Makefile: changed',
    ]);
    expect(text(root, 'Makefile')).toMatch(/^all:[\s\S]*\n\ninclude sync\.mk\n$/);
  });

  it('takes no sync.mk of another folder for its own, and finds targets in it and behind others', () => {
    const old = 'include tools/sync.mk\nall:\n\techo all\n';
    const root = make(join(base, 'old-targets'), {
      Makefile: old,
      'tools/sync.mk':
        '.PHONY: sync-pull\nSYNC := a:b\nother sync-pull sync-push: ## old\n\trsync --delete\n',
    });
    const [, , kept] = initProject({ root, make: true });
    expect(kept).toEqual({
      file: 'tools/sync.mk',
      deed: 'kept',
      what: 'it has targets of these names: sync-pull, sync-push',
    });
    expect(existsSync(join(root, 'sync.mk'))).toBe(false);
    expect(deeds({ root, make: true, force: true }).slice(2)).toEqual([
      'sync.mk: created',
      'Makefile: changed',
    ]);
    expect(text(root, 'Makefile')).toBe(`${old}\ninclude sync.mk\n`);
  });

  it('writes nothing if something can not be read, and says what is in the way', () => {
    const spoilt = make(join(base, 'spoilt'), { 'package.json': '{' });
    expect(() => initProject({ root: spoilt, npm: true })).toThrow(/package\.json is no JSON/);
    expect(readdirSync(spoilt)).toEqual(['package.json']);
    const blocked = make(join(base, 'blocked'), { '.rsync-exclude/x': '' });
    expect(() => initProject({ root: blocked })).toThrow(
      expect.objectContaining({ exitCode: 11, hint: expect.stringContaining('folder is in the way') }),
    );
    expect(readdirSync(blocked)).toEqual(['.rsync-exclude']);
  });

  it('scripts that are null are none', () => {
    const root = make(join(base, 'null'), { 'package.json': '{"scripts": null, "name": "x"}' });
    initProject({ root, npm: true });
    expect(JSON.parse(text(root, 'package.json'))).toMatchObject({
      name: 'x',
      scripts: { 'sync-pull-dry': 'rsyncjs pull --dry-run' },
    });
  });

  it('takes an entry of another name, commented out or not, for one', () => {
    for (const line of ['AMPLIFIER_SYNC_REMOTE=a:b\r\n', '# export SYNC_REMOTE = a:b\n']) {
      const root = make(join(base, `entry-${line.length}`), { '.env.example': line });
      expect(deeds({ root })[0]).toBe('.env.example: current');
    }
    const root = make(join(base, 'crlf'), { '.env.example': 'A=1\r\n' });
    deeds({ root });
    expect(text(root, '.env.example')).not.toMatch(/[^\r]\n/);
  });

  it.skipIf(programMissing('make'))('a target of make calls the verb', () => {
    const root = join(base, 'made');
    mkdirSync(root);
    initProject({ root, make: true });
    const said = execFileSync('make', ['-n', 'sync-setup', 'sync-pull-dry', 'sync-push'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(said.split('\n').slice(0, 3)).toEqual([
      'npx rsyncjs setup',
      'npx rsyncjs pull --dry-run',
      'npx rsyncjs push',
    ]);
  });

  it('in no folder is refused', () => {
    expect(() => initProject({ root: join(base, 'nowhere') })).toThrow(
      expect.objectContaining({ exitCode: 1 }),
    );
  });
});

describe.skipIf(requirePeers().length === 0)('the exclude file', () => {
  const STAYS = [
    ...[
      '.git',
      'sub/.git/config',
      'node_modules/m/x',
      'p/node_modules/x',
      'dist/x',
      'build/x',
      'bin/x',
      'env/x',
      'target/x',
    ],
    ...[
      '.venv/x',
      'p/__pycache__/x.pyc',
      'lib/a.so',
      'logs/x',
      'p/x.log',
      'x.log.1',
      'data.db',
      'p/d.sqlite3-wal',
      '.ssh/config',
    ],
    ...[
      'id_ed25519',
      'keys/id_rsa.pub',
      '.DS_Store',
      'p/._x',
      'Desktop.ini',
      '$RECYCLE.BIN/x',
      'a.txt:Zone.Identifier',
      '.env.local',
    ],
    ...[
      '.env.test.local',
      'a.conflict-20260101-120000-laptop.txt',
      '.rsyncjs-lock,v1,0123456789abcdef,1772366400000,4711,me@laptop',
      '.rsyncjs-check-ab/x',
    ],
    ...['.~tmp~/x', 'x~', '.x.swp', 'app.pid', '.next/x'],
  ];
  const GOES = [
    ...[
      '.env',
      '.env.example',
      '.gitignore',
      '.rsync-exclude',
      'a.txt',
      'src/build/x',
      'src/bin/x',
      'src/env/x',
      'src/dist/x',
    ],
    ...[
      'src/logs/x',
      'src/target/x',
      'docs/output/x',
      'a.conflict-x',
      'id_card',
      'logs.md',
      'dbx',
      'p/.rsyncjs-lock,x',
      '.data/x',
    ],
  ];
  const tree = make(
    join(base, 'tree'),
    Object.fromEntries(
      [...STAYS, ...GOES].filter((name) => name !== '.rsync-exclude').map((name) => [name, name]),
    ),
  );
  const files = (folder: string, below = ''): string[] =>
    readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      return entry.isDirectory() ? files(folder, name) : [name];
    });

  it('means the same to rsync and to rsyncjs', async () => {
    initProject({ root: join(base, 'tree') });
    const list = join(tree, '.rsync-exclude');
    const [c, ours] = [join(base, 'by-c'), join(base, 'by-us')];
    const { code, stderr } = await runRsync(newestPeer(), [
      '-r',
      `--exclude-from=${list}`,
      `${tree}/`,
      `${c}/`,
    ]);
    expect([code, stderr.toString()]).toEqual([0, '']);
    const warnings: unknown[] = [];
    await copy(`${tree}/`, `${ours}/`, {
      recursive: true,
      filters: [{ excludeFrom: list }],
      onEvent: (event) => {
        if (event.type === 'message') warnings.push(event);
      },
    });
    expect(warnings).toEqual([]);
    expect(files(ours).sort()).toEqual(files(c).sort());
    expect(files(c).sort()).toEqual([...GOES].sort());
  });
});
