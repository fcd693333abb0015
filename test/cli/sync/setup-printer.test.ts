/** The screens of setup and init: with marks, in ASCII, and as JSON. */
import { describe, expect, it } from 'vitest';
import { printInit } from '../../../src/cli/sync/init-printer.ts';
import { SetupPrinter, setupJson } from '../../../src/cli/sync/setup-printer.ts';
import type { CheckResult } from '../../../src/sync/doctor/run.ts';

const RESULTS: readonly CheckResult[] = [
  {
    name: 'configuration',
    grade: 'ok',
    sentence: 'ann@far:/srv/app, from .env',
    details: { configured: true },
  },
  {
    name: 'git',
    grade: 'warning',
    sentence: '2 files that Git tracks would not be synchronised: src/build/a.ts, caf\u00e9/\u001b[31m.ts',
    remedy:
      'Anchor the rule that hides them ("/build/" in place of "build/"), or include their folder before it.',
    details: { hidden: 2 },
  },
  { name: 'host-key', grade: 'omitted', sentence: 'a daemon has no ssh', details: {} },
  {
    name: 'tcp',
    grade: 'error',
    sentence: 'connection refused',
    remedy: 'Check the port.',
    exitCode: 10,
    details: {},
  },
  { name: 'login', grade: 'skipped', sentence: 'tcp comes first', details: { because: 'tcp' } },
];

function printed(results: readonly CheckResult[], marks: boolean, columns?: number): string {
  let text = '';
  const printer = new SetupPrinter({ write: (line) => (text += line), marks, columns });
  printer.begin();
  for (const result of results) printer.result(result);
  printer.end(results);
  return Buffer.from(text, 'latin1').toString('utf8');
}

describe('the screen of setup', () => {
  it('in a terminal of 80 columns', () => {
    const text = printed(RESULTS, true, 80);
    expect(text).toBe(`🔍 Checking sync setup...
✓ configuration   ann@far:/srv/app, from .env
⚠ git             2 files that Git tracks would not be synchronised:
                  src/build/a.ts, café/\\#033[31m.ts
                  → Anchor the rule that hides them ("/build/" in place of
                    "build/"), or include their folder before it.
✗ tcp             connection refused
                  → Check the port.
- login           skipped: tcp comes first
❌ Sync setup is not complete: tcp (exit 10)
`);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('elsewhere is ASCII, a line a sentence', () => {
    const text = printed(RESULTS, false);
    expect(text).toBe(`Checking sync setup...
ok      configuration   ann@far:/srv/app, from .env
WARNING git             2 files that Git tracks would not be synchronised: src/build/a.ts, caf\\#303\\#251/\\#033[31m.ts
                        -> Anchor the rule that hides them ("/build/" in place of "build/"), or include their folder before it.
ERROR   tcp             connection refused
                        -> Check the port.
skipped login           tcp comes first
Sync setup is not complete: tcp (exit 10)
`);
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
  });

  it('ends as the seeds do', () => {
    expect(printed(RESULTS.slice(0, 1), true)).toMatch(/\n✅ Sync setup complete!\n$/);
    expect(printed(RESULTS.slice(0, 2), false)).toMatch(/\nSync setup complete! \(1 warning\)\n$/);
    const none: CheckResult = {
      name: 'configuration',
      grade: 'info',
      sentence: 'sync is not configured',
      details: { configured: false },
    };
    expect(printed([none], false)).toMatch(/\nSync not configured \(optional feature\)\n$/);
  });

  it('for programs', () => {
    expect(JSON.parse(setupJson(RESULTS))).toEqual({ schema: 1, exitCode: 10, checks: RESULTS });
  });
});

describe('the screen of init', () => {
  it('tells file by file', () => {
    let text = '';
    printInit(
      [
        { file: '.env.example', deed: 'created', what: 'an example' },
        { file: 'sync.mk', deed: 'kept', what: 'it is there already' },
      ],
      { write: (line) => (text += line), marks: false },
    );
    expect(text).toBe(`created  .env.example  an example
kept     sync.mk       it is there already
Set SYNC_REMOTE in .env (see .env.example), then run: rsyncjs setup
`);
  });
});
