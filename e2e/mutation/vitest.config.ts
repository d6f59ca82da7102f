import { defineConfig } from 'vitest/config'

/** The tests of the pure core alone, with fewer runs of each property, so that a mutant is judged in a second. */
export default defineConfig({
  test: {
    include: [
      'server/rotation/{machine,decide,drive,plan,planWords,history,replaced,recorded,view,polling}.test.ts',
      'server/profiles/ini/{document,documentPlaces,lines,splice,mergeLines,profileNames}.test.ts',
      'server/profiles/agreement/agreement.test.ts',
    ],
    setupFiles: ['e2e/mutation/fewerRuns.ts'],
    testTimeout: 30_000,
  },
})
