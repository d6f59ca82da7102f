import { afterAll, beforeAll, expect, it } from 'vitest'
import { deathsIn, nameOf, play } from './testing/crashes.ts'
import { mortalDisk } from './testing/life.ts'
import { scenarios } from './testing/scenarios.ts'

// A seeded sample of what crashes.fault.test.ts plays in full: some deaths of every scenario, and some pairs.
const seed = Number(process.env['KEYTURN_SEED'] ?? 20260301)

let mend: () => void
beforeAll(async () => {
  mend = await mortalDisk()
})
afterAll(() => mend())

it.each(scenarios.map((scenario) => ({ scenario, name: nameOf(scenario) })))(
  'survives a crash: $name',
  async ({ scenario }) => {
    const [boundaries = []] = await play(scenario, [])
    const deaths = deathsIn(boundaries)
    expect(deaths.length).toBeGreaterThan(5)
    const random = generator(seed)
    const any = (below: number) => Math.floor(random() * below)
    const sample = [
      ...Array.from({ length: 12 }, () => [deaths[any(deaths.length)] ?? 1]),
      ...Array.from({ length: 4 }, () => [deaths[any(deaths.length)] ?? 1, 1 + any(25)]),
    ]
    for (const each of sample) await play(scenario, each)
    console.log(
      `${nameOf(scenario)}: ${sample.length} of ${deaths.length} deaths sampled, seed ${seed}, 0 violations`,
    )
  },
)

function generator(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
