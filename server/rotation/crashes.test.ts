import { afterAll, beforeAll, expect, it } from 'vitest'
import { nameOf, play, type Scenario } from './testing/crashes.ts'
import { mortalDisk } from './testing/life.ts'
import { modes, shapes } from './testing/shapes.ts'

// A seeded sample of what crashes.fault.test.ts plays in full: every boundary of every shape once, and some pairs.
const seed = Number(process.env['KEYTURN_SEED'] ?? 20260301)

let mend: () => void
beforeAll(async () => {
  mend = await mortalDisk()
})
afterAll(() => mend())

const scenarios: Scenario[] = shapes.flatMap((shape) => modes.map((oldKey) => ({ shape, oldKey })))

it.each(scenarios.map((scenario) => ({ scenario, name: nameOf(scenario) })))(
  'survives a crash: $name',
  async ({ scenario }) => {
    const [boundaries = 0] = await play(scenario, [])
    expect(boundaries).toBeGreaterThan(20)
    const random = generator(seed)
    let played = 0
    for (let at = 1; at <= boundaries; at += 1 + Math.floor(random() * 4)) {
      await play(scenario, [at])
      played += 1
    }
    for (let pair = 0; pair < 5; pair += 1) {
      await play(scenario, [1 + Math.floor(random() * boundaries), 1 + Math.floor(random() * 25)])
      played += 1
    }
    console.log(
      `${nameOf(scenario)}: ${played} crashes of ${boundaries} boundaries, seed ${seed}, 0 violations`,
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
