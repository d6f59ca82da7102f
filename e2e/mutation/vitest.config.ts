import { defineConfig } from 'vitest/config'

/** The tests of the pure core alone, so that each mutant is judged in seconds. */
export default defineConfig({
  test: {
    include: [
      'server/rotation/{machine,plan,history}.test.ts',
      'server/profiles/{document,agreement,classify}.test.ts',
    ],
    testTimeout: 30_000,
  },
})
