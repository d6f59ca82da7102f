import { writeFileSync } from 'node:fs'
import { bulkRuns, sizeName } from './bulkRuns.ts'
import type { Size } from './bulkRuns.ts'
import type { Group } from './group.ts'
import { scalingPlot } from './scalingPlot.ts'
import type { Point } from './scalingPlot.ts'
import { median } from './statistics.ts'

/** One run of a thousand in one account takes as long as five of two hundred, and moves as little. */
const sizes: readonly Size[] = [
  { keys: 10, accounts: 1, turns: 5 },
  { keys: 50, accounts: 1, turns: 5 },
  { keys: 200, accounts: 1, turns: 5 },
  { keys: 1_000, accounts: 1, turns: 1 },
  { keys: 1_000, accounts: 20, turns: 5 },
]

export const scaling: Group = {
  name: 'scaling',
  about: 'time and memory by the number of keys',
  async measure(report, { write }) {
    const points: Point[] = []
    for (const size of sizes) {
      const runs = await bulkRuns(size)
      const seconds = median(runs.map(({ wallMs }) => wallMs)) / 1000
      const floor = median(runs.map(({ floor }) => floor.ms)) / 1000
      const memory = median(runs.map(({ memoryMiB }) => memoryMiB))
      report.add({ what: `${sizeName(size)}: until the last retire`, value: seconds, unit: 's' })
      report.add({ what: '  most memory', value: memory, unit: 'MiB' })
      points.push({ ...size, seconds, floor, memory })
    }
    const [few, many] = [200, 1_000].map((keys) =>
      points.find((point) => point.keys === keys && point.accounts === 1),
    )
    report.add({
      what: 'five times the keys of one account, beyond what its limit lets through at once',
      value: many!.seconds / few!.seconds,
      unit: '×',
      atMost: 5,
    })
    if (write) writeFileSync(new URL('scaling.svg', import.meta.url), scalingPlot(points))
  },
}
