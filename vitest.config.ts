import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** Projects below test/ start real processes: they get time, and what they leave behind is ended. */
function processes(name: string, seconds: number): TestProjectInlineConfiguration {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      setupFiles: ['test/support/end-with-file.ts'],
      testTimeout: seconds * 1000,
      hookTimeout: 60_000,
    },
  };
}

/** What does not depend on the store runs on one: its pages and pictures, the single-page application, and the demo, which brings its own. */
const onOneStore = ['browser-pages', 'browser-agent', 'demo'];

/**
 * The end-to-end tests with worlds on this store, unless a test names its own. `elsewhere`: files that it is not for.
 */
function endToEnd(store: string, elsewhere: readonly string[]): TestProjectInlineConfiguration {
  const { test } = processes('e2e', 60);
  const exclude = elsewhere.map((file) => `test/e2e/${file}.test.ts`);
  return { test: { ...test, name: `e2e-${store}`, env: { TEST_STORE: store }, exclude } };
}

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'examples/**/*.test.ts'], testTimeout: 10_000 } },
      { test: { name: 'architecture', include: ['test/architecture/**/*.test.ts'], testTimeout: 60_000 } },
      processes('contract', 20),
      processes('integration', 20),
      // Replicas need a store that they share, and a failover something to fail over to.
      endToEnd('memory', ['replicas', 'revocation', 'admin', 'failover', 'refresh-failover']),
      endToEnd('redis', [...onOneStore, 'failover', 'refresh-failover']),
      endToEnd('sentinel', onOneStore),
      endToEnd('cluster', onOneStore),
      processes('security', 60),
      // Not part of `npm test`: see docs/testing.md.
      processes('interop', 120),
      processes('kubernetes', 120),
    ],
    coverage: {
      provider: 'v8',
      include: ['src/core/**/*.ts', 'src/modes/*/decide.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text', 'json-summary'],
      reportsDirectory: 'coverage',
      thresholds: { 100: true },
    },
  },
});
