import os from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'node_modules/**'],
    testTimeout: 90_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Modules are read once per worker: reading them again for each file took a third of the time. Tests share no mutable module state.
    isolate: false,
    // The default leaves one core of two idle; most of the time goes into waiting for servers and the twin.
    maxWorkers: Math.max(2, os.availableParallelism() - 1),
    setupFiles: ['test/support/environment.ts'],
    globalSetup: ['test/support/globalPostgres.ts'],
  },
});
