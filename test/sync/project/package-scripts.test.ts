/** Scripts in a package.json of any form: what was there stays as it is, byte by byte. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addScripts } from '../../../src/sync/project/package-scripts.ts';

const WANTED = { 'sync-pull': 'rsyncjs pull', 'sync-push': 'rsyncjs push' };
const add = (text: string, force = false) => addScripts(text, WANTED, { force, file: 'package.json' });

describe('scripts in a package.json', () => {
  it.each([
    [
      '{\n  "name": "x",\n  "scripts": {\n    "a": "b"\n  },\n  "v": [1, 2]\n}\n',
      '{\n  "name": "x",\n  "scripts": {\n    "a": "b",\n    "sync-pull": "rsyncjs pull",\n    "sync-push": "rsyncjs push"\n  },\n  "v": [1, 2]\n}\n',
    ],
    [
      '{\n\t"name": "x"\n}',
      '{\n\t"name": "x",\n\t"scripts": {\n\t\t"sync-pull": "rsyncjs pull",\n\t\t"sync-push": "rsyncjs push"\n\t}\n}',
    ],
    [
      '{\r\n    "scripts": {}\r\n}\r\n',
      '{\r\n    "scripts": {\r\n        "sync-pull": "rsyncjs pull",\r\n        "sync-push": "rsyncjs push"\r\n    }\r\n}\r\n',
    ],
    [
      '{"scripts":{"a":"}\\"{"}}',
      '{"scripts":{"a":"}\\"{", "sync-pull": "rsyncjs pull", "sync-push": "rsyncjs push"}}',
    ],
    ['{}\n', '{"scripts": {"sync-pull": "rsyncjs pull", "sync-push": "rsyncjs push"}}\n'],
    [
      '\ufeff{\n  "scripts": { "a": "b" }\n}\n',
      '\ufeff{\n  "scripts": { "a": "b", "sync-pull": "rsyncjs pull", "sync-push": "rsyncjs push" }\n}\n',
    ],
  ])('%j', (text, expected) => {
    const { text: changed, added } = add(text);
    expect(changed).toBe(expected);
    expect(added).toEqual(['sync-pull', 'sync-push']);
    expect(add(changed)).toEqual({ text: changed, added: [], kept: [] });
  });

  it('of the same name are kept, or replaced where they stand', () => {
    const text = '{\n  "scripts": {\n    "sync-pull": "make pull",\n    "z": "z"\n  }\n}\n';
    expect(add(text)).toMatchObject({ added: ['sync-push'], kept: ['sync-pull'] });
    expect(add(text).text).toContain('"sync-pull": "make pull",\n');
    const forced = add(text, true);
    expect(forced).toMatchObject({ added: ['sync-pull', 'sync-push'], kept: [] });
    expect(forced.text).toBe(
      '{\n  "scripts": {\n    "sync-pull": "rsyncjs pull",\n    "z": "z",\n    "sync-push": "rsyncjs push"\n  }\n}\n',
    );
  });

  it('of whatever JSON: nothing but the scripts changes', () => {
    const key = fc.string({ maxLength: 8 }).filter((name) => name !== '__proto__');
    const object = fc.dictionary(key, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 });
    const scripts = fc.option(fc.dictionary(key, fc.string()), { nil: undefined });
    fc.assert(
      fc.property(object, scripts, fc.constantFrom('', '  ', '\t'), (values, own, indent) => {
        const whole = { ...values, ...(own === undefined ? {} : { scripts: own }) } as Record<
          string,
          unknown
        >;
        if (own === undefined) delete whole.scripts;
        const given = JSON.stringify(whole, undefined, indent);
        // What JSON says of it: it has no -0.
        expect(JSON.parse(add(given).text)).toEqual({ ...JSON.parse(given), scripts: { ...own, ...WANTED } });
      }),
      { numRuns: 200 },
    );
  });

  it.each([['no json'], ['[]'], ['{"scripts": []}'], ['{"scripts": "x"}']])('%s is refused', (text) => {
    expect(() => add(text)).toThrow(expect.objectContaining({ code: 'RSYNC_USAGE', exitCode: 1 }));
  });
});
