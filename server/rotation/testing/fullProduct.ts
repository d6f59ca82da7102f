import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deathsIn, nameOf, play, type Scenario } from './crashes.ts'
import { mortalDisk } from './life.ts'

/**
 * Each death of a scenario, and for each of those every death of the recovery that follows it.
 * @param every of the recovery's deaths only each `every`-th is played, another one at each turn: for scenarios whose whole
 * product would take longer than it tells
 */
export function playFullProduct(scenarios: readonly Scenario[], every = 1): void {
  describe(every > 1 ? `one in ${every}` : 'all', () => {
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
        for (const [turn, death] of deaths.entries()) {
          const [, recovery = []] = await play(scenario, [death])
          for (const second of deathsIn(recovery).filter((_, index) => (index + turn) % every === 0)) {
            await play(scenario, [death, second])
            pairs += 1
          }
        }
        expect(pairs).toBeGreaterThan(deaths.length / every)
        console.log(
          `${nameOf(scenario)}: ${deaths.length} deaths, ${pairs} deaths of their recoveries${every > 1 ? ` (one in ${every})` : ''}, 0 violations`,
        )
      },
    )
  })
}
