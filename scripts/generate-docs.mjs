// Writes docs/options.md from the table of the options; with --check, only tells (exit 1) whether it is up to date.
// The sources are TypeScript, which Node 20 does not run by itself: the loader of the test runner does.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createViteServer } from 'vitest/node';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = new URL('../docs/options.md', import.meta.url);

const server = await createViteServer({
  root,
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, watch: null, ws: false },
  optimizeDeps: { noDiscovery: true },
});
try {
  const { referencePage } = await server.ssrLoadModule('/src/options/reference.ts');
  const text = referencePage();
  if (process.argv.includes('--check')) {
    const current = await readFile(page, 'utf8').catch(() => '');
    if (current.replaceAll('\r\n', '\n') !== text) {
      console.error('docs/options.md is out of date: run node scripts/generate-docs.mjs');
      process.exitCode = 1;
    }
  } else {
    await writeFile(page, text);
  }
} finally {
  await server.close();
}
