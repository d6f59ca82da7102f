import { defineConfig } from 'vitest/config'

/** The tests of the pure core alone, with fewer runs of each property, so that a mutant is judged in a second. */
export default defineConfig({
  test: {
    include: [
      'server/rotation/{machine,decide,drive,plan,history}*.test.ts',
      'server/profiles/{document,scan,splice,agreement,classify}*.test.ts',
    ],
    exclude: ['server/profiles/documentSize.test.ts'],
    setupFiles: ['e2e/mutation/fewerRuns.ts'],
    testTimeout: 30_000,
  },
})
