/** What a newcomer sees first. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { run, temporaryFolder } from '../support/peers.ts';
import { removeTree } from '../support/tree.ts';

const script = fileURLToPath(new URL('../../scripts/demo.mjs', import.meta.url));
const folder = temporaryFolder('demo');
afterAll(() => removeTree(folder));

const demo = (tmp: string) =>
  run(process.execPath, [script], { env: { TMPDIR: tmp, TEMP: tmp, TMP: tmp, PATH: '' }, timeout: 55_000 });

test('the demo does its job with nothing in the PATH, and leaves nothing behind', async () => {
  const tmp = join(folder, 'with a space');
  mkdirSync(tmp);
  const { code, stdout, stderr } = await demo(tmp);
  const text = stdout.toString();
  expect([code, stderr.toString()]).toEqual([0, '']);
  expect(readdirSync(tmp)).toEqual([]);
  expect(text).toMatch(/^Done: both copies equal the server/m);
  expect(text).toMatch(/literal 1,\d{3} bytes, matched 66\d,\d{3};/);
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('the demo says what went wrong', async () => {
  const { code, stderr } = await demo(join(folder, 'nowhere'));
  expect(code).toBe(1);
  expect(stderr.toString()).toMatch(/^\nThe demo failed: ENOENT: [^\n]*nowhere[^\n]*\n$/);
});
