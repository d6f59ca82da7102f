import { bulkRuns, sizeName } from './bulkRuns.ts'
import type { Size } from './bulkRuns.ts'
import type { Group } from './group.ts'
import type { Report } from './report.ts'
import type { Rotated } from './rotateAll.ts'
import { median } from './statistics.ts'

/** What wall time ÷ floor may be. */
const sizes: readonly (Size & { readonly atMost: number; readonly memory?: number })[] = [
  { keys: 50, accounts: 1, turns: 5, atMost: 1.25 },
  { keys: 200, accounts: 1, turns: 5, atMost: 1.4 },
  { keys: 1_000, accounts: 20, turns: 5, atMost: 1.5, memory: 250 },
]

export const bulk: Group = {
  name: 'bulk',
  about: 'all keys at once: AWS answers in 30 ms and knows a new key in 3–6 s, flapping; medians of 5',
  async measure(report) {
    for (const size of sizes) add(report, size, await bulkRuns(size))
  },
}

function add(report: Report, size: (typeof sizes)[number], runs: readonly Rotated[]): void {
  const of = (value: (run: Rotated) => number) => median(runs.map(value))
  report.add({
    what: `${sizeName(size)}: until the last retire`,
    value: of(({ wallMs }) => wallMs) / 1000,
    unit: 's',
  })
  for (const { what } of runs[0]!.floors) {
    const ms = of(({ floors }) => floors.find((each) => each.what === what)!.ms)
    report.add({ what: `  floor by ${what}`, value: ms / 1000, unit: 's' })
  }
  report.note(`  the floor is ${[...new Set(runs.map(({ floor }) => floor.what))].join(' or ')}`)
  report.add({
    what: '  time ÷ floor',
    value: of(({ wallMs, floor }) => wallMs / floor.ms),
    unit: '×',
    atMost: size.atMost,
  })
  report.add({
    what: '  the last confirm came later by',
    value: of(({ confirmMs }) => confirmMs) / 1000,
    unit: 's',
  })
  report.add({
    what: '  most memory',
    value: of(({ memoryMiB }) => memoryMiB),
    unit: 'MiB',
    ...(size.memory !== undefined && { atMost: size.memory }),
  })
  report.add({ what: '  calls a rotation', value: of(({ calls }) => calls.length / size.keys), unit: '' })
  report.add({
    what: '  processor time of the embedded IAM',
    value: of(({ iamCpuMs }) => iamCpuMs) / 1000,
    unit: 's',
  })
}
