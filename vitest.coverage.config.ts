import { defineConfig } from 'vitest/config'

/** Of the parts that keep a rotation safe, each branch is tried by a test beside it: less than all of them fails. */
export default defineConfig({
  test: {
    maxWorkers: '100%',
    include: [
      'server/rotation/*.test.ts',
      'server/rotation/steps/*.test.ts',
      'server/profiles/store/*.test.ts',
      'server/platform/*.test.ts',
    ],
    // Whatever a sample of deaths or moves happens to reach is tried by no test of its own.
    exclude: ['**/*.fault.test.ts', '**/crashes.test.ts', '**/lifetimes.test.ts'],
    testTimeout: 120_000,
    coverage: {
      enabled: true,
      provider: 'v8',
      reporter: ['text'],
      reportOnFailure: true,
      include: [
        'server/rotation/{journal,undoStore,machine,sagas,strayKey,undo}.ts',
        'server/rotation/runs/*.ts',
        'server/rotation/steps/*.ts',
        'server/profiles/store/{store,batch,putPairs,foreignWrites}.ts',
        'server/platform/{atomicFile,lock}.ts',
      ],
      thresholds: { branches: 100 },
    },
  },
})
