import type { Reporter, TestModule } from 'vitest/node';

/** Ends the output with one plain line: `tests: 123 passed, 0 failed, 4 skipped`. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let failed = errors.length;
    let skipped = 0;
    for (const module of modules) {
      // A file that does not load has no tests to count; it must not pass for an empty one.
      if (module.errors().length > 0) failed++;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed++;
        else if (state === 'failed') failed++;
        else skipped++;
      }
    }
    // After the other reporters' own summaries, which some print a tick later.
    process.once('exit', () => {
      process.stdout.write(
        `tests: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
      );
    });
  }
}
