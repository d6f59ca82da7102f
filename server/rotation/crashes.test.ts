import { expect, it } from 'vitest'
import { nameOf, Play } from './testing/crashes.ts'
import { scenarios } from './testing/scenarios.ts'

// A seeded sample of what crashes*.fault.test.ts plays in full: some deaths of every scenario, and of their recoveries.
const seed = Number(process.env['KEYTURN_SEED'] ?? 20260301)

it.each(scenarios.map((scenario) => ({ scenario, name: nameOf(scenario) })))(
  'survives a crash: $name',
  ({ scenario, name }) =>
    Play.of(scenario, async (play) => {
      const random = generator(seed)
      const any = <T>(among: readonly T[]) => among[Math.floor(random() * among.length)] as T
      const deaths = await play.firstLife()
      expect(deaths.length).toBeGreaterThan(20)
      for (let turn = 0; turn < 12; turn++) {
        const next = await play.lifeAfter(any(deaths))
        for (let pair = 0; pair < 2; pair++) await play.lastLifeAfter(any(next))
      }
      console.log(`${name}: 12 of ${deaths.length} deaths and 24 pairs sampled, seed ${seed}, 0 violations`)
    }),
)

it('would notice a lost key or a lockout: on a disk that lies about fsync it does', async () => {
  const [scenario] = scenarios
  if (!scenario) throw new Error('there is no scenario')
  const broken = await Play.of(
    scenario,
    async (play) => {
      const found = new Set<string>()
      for (const death of await play.firstLife())
        await play.lastLifeAfter(death).catch((error: Error) => found.add(error.message.slice(0, 2)))
      return [...found].sort()
    },
    false,
  )
  expect(broken).toEqual(['P1', 'P2'])
})

function generator(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
