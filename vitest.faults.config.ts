import { defineConfig } from 'vitest/config'

/** The whole fault suite: every crash point, every failing call. `npm test` runs a seeded sample of the same. */
export default defineConfig({
  test: {
    // Vitest leaves a core free; of two that is half.
    maxWorkers: '100%',
    include: ['server/**/*.fault.test.ts', 'e2e/faults/**/*.fault.test.ts'],
    globalSetup: ['e2e/faults/build.ts'],
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
  },
})
