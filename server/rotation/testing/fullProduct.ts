import { afterAll, beforeAll, expect, it } from 'vitest'
import { deathsIn, nameOf, play, type Scenario } from './crashes.ts'
import { mortalDisk } from './life.ts'

/** Each death of a scenario, and for each of those every death of the recovery that follows it. */
export function playFullProduct(scenarios: readonly Scenario[]): void {
  let mend: () => void
  beforeAll(async () => {
    mend = await mortalDisk()
  })
  afterAll(() => mend())

  it.each(scenarios.map((scenario) => ({ scenario, name: nameOf(scenario) })))(
    'survives every crash: $name',
    async ({ scenario }) => {
      const [boundaries = []] = await play(scenario, [])
      const deaths = deathsIn(boundaries)
      let pairs = 0
      for (const death of deaths) {
        const [, recovery = []] = await play(scenario, [death])
        for (const second of deathsIn(recovery)) {
          await play(scenario, [death, second])
          pairs += 1
        }
      }
      expect(pairs).toBeGreaterThan(deaths.length)
      console.log(
        `${nameOf(scenario)}: ${deaths.length} deaths, ${pairs} deaths of their recoveries, 0 violations`,
      )
    },
  )
}
