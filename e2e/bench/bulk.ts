import type { Group } from './group.ts'
import { Ground } from './ground.ts'
import type { Rotated } from './rotateAll.ts'
import { rotateAll } from './rotateAll.ts'
import { median, repeat } from './statistics.ts'
import type { Report } from './report.ts'

const turns = 5

/** Wall time ÷ floor that each size may take. */
const sizes = [
  { keys: 10, accounts: 1 },
  { keys: 50, accounts: 1, atMost: 1.25 },
  { keys: 200, accounts: 1, atMost: 1.4 },
  { keys: 1_000, accounts: 20, atMost: 1.5 },
] as const

export const bulk: Group = {
  name: 'bulk',
  about: `all keys at once: AWS answers in 30 ms and knows a new key in 3–6 s, flapping; medians of ${turns}`,
  async measure(report) {
    for (const size of sizes) add(report, size, await measured(size.keys, size.accounts))
  },
}

async function measured(keys: number, accounts: number): Promise<Rotated[]> {
  return repeat(turns, async (turn) => {
    const ground = await Ground.open({ keys, accounts, propagation: 'spreading', seed: 1_000 * keys + turn })
    try {
      return await rotateAll(ground)
    } finally {
      await ground.close()
    }
  })
}

function add(report: Report, size: (typeof sizes)[number], runs: readonly Rotated[]): void {
  const of = (value: (run: Rotated) => number) => median(runs.map(value))
  const name = `${size.keys.toLocaleString('en')} keys in ${size.accounts === 1 ? 'one account' : `${size.accounts} accounts`}`
  report.add({ what: `${name}: until the last retire`, value: of(({ wallMs }) => wallMs) / 1000, unit: 's' })
  for (const { what } of runs[0]!.floors) {
    const ms = of(({ floors }) => floors.find((each) => each.what === what)!.ms)
    report.add({ what: `  floor by ${what}`, value: ms / 1000, unit: 's' })
  }
  report.note(`  the floor is ${[...new Set(runs.map(({ floor }) => floor.what))].join(' or ')}`)
  report.add({
    what: `  wall time ÷ floor`,
    value: of(({ wallMs, floor }) => wallMs / floor.ms),
    unit: '×',
    ...('atMost' in size && { atMost: size.atMost }),
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
    ...(size.keys === 1_000 && { atMost: 250 }),
  })
  report.add({ what: '  calls a rotation', value: of(({ calls }) => calls.length / size.keys), unit: '' })
  report.add({
    what: '  processor time of the embedded IAM',
    value: of(({ iamCpuMs }) => iamCpuMs) / 1000,
    unit: 's',
  })
}
