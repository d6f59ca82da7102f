import { basename } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'

/** By what they took, the longest first, so that none of them runs on alone at the end. */
const longest = [
  'killsTwoFiles',
  'killsSingle',
  'randomKills',
  'killsSampled',
  'callFaults',
  'crashesRotating',
  'crashesDeleting',
  'crashesUndoing',
  'twoCommands',
  'diskFaults',
]

/** Vitest goes by the size of files, of which some of the smallest take the longest. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = longest.indexOf(basename(moduleId).split('.')[0] ?? '')
      return found < 0 ? longest.length : found
    }
    return [...files].sort((one, other) => place(one) - place(other))
  }
}

/** The whole fault suite: every crash point, every failing call. `npm test` runs a seeded sample of the same. */
export default defineConfig({
  test: {
    // Vitest leaves a core free; of two that is half.
    maxWorkers: '100%',
    sequence: { sequencer: LongestFirst },
    include: ['server/**/*.fault.test.ts', 'e2e/faults/**/*.fault.test.ts'],
    globalSetup: ['e2e/build.ts'],
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
  },
})
