import { expect, it } from 'vitest'
import { nameOf, Play, type Scenario } from './crashes.ts'

/** Each death of a scenario, and for each of those every death of the recovery that follows it. */
export function playFullProduct(scenarios: readonly Scenario[]): void {
  it.each(scenarios.map((scenario) => ({ scenario, name: nameOf(scenario) })))(
    'survives every crash: $name',
    ({ scenario, name }) =>
      Play.of(scenario, async (play) => {
        const deaths = await play.firstLife()
        let pairs = 0
        for (const death of deaths) {
          const next = await play.lifeAfter(death)
          for (const second of next) await play.lastLifeAfter(second)
          pairs += next.length
        }
        const kills = deaths.filter(({ ending }) => ending === 'killed').length
        expect(kills).toBeGreaterThan(20)
        expect(deaths.length - kills).toBeGreaterThan(10)
        expect(pairs).toBeGreaterThan(deaths.length)
        console.log(
          `${name}: ${kills} kills and ${deaths.length - kills} power cuts, ${pairs} deaths of their recoveries, 0 violations`,
        )
      }),
  )
}
