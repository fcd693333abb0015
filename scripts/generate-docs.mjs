// Writes the pages of docs/ that come from tables of the sources; with --check, only tells (exit 1) whether they are up
// to date.
// The sources are TypeScript, which Node 20 does not run by itself: the loader of the test runner does.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createViteServer } from 'vitest/node';

const root = fileURLToPath(new URL('..', import.meta.url));
const PAGES = [
  { file: 'docs/options.md', source: '/src/options/reference.ts', maker: 'referencePage' },
  { file: 'docs/setup.md', source: '/src/sync/doctor/page.ts', maker: 'setupPage' },
];

const server = await createViteServer({
  root,
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, watch: null, ws: false },
  optimizeDeps: { noDiscovery: true },
});
try {
  for (const { file, source, maker } of PAGES) {
    const page = new URL(`../${file}`, import.meta.url);
    const text = (await server.ssrLoadModule(source))[maker]();
    if (process.argv.includes('--check')) {
      const current = await readFile(page, 'utf8').catch(() => '');
      if (current.replaceAll('\r\n', '\n') !== text) {
        console.error(`${file} is out of date: run node scripts/generate-docs.mjs`);
        process.exitCode = 1;
      }
    } else {
      await writeFile(page, text);
    }
  }
} finally {
  await server.close();
}
