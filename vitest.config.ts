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

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts'], testTimeout: 10_000 } },
      { test: { name: 'architecture', include: ['test/architecture/**/*.test.ts'], testTimeout: 60_000 } },
      processes('contract', 20),
      processes('integration', 20),
      processes('e2e', 60),
      processes('security', 60),
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
