import { expect, it } from 'vitest'
import { Kills } from './kills.ts'
import { fromSource } from './lives.ts'
import { Random, seed } from './random.ts'
import { shapes } from './shapes.ts'

// A few of the deaths that the fault suite dies all of.
const kills = 2

it('survives kill -9 at some boundaries, and at some of the recovery', { timeout: 300_000 }, async () => {
  const random = new Random(seed)
  const shape = random.pick(shapes)
  const play = await Kills.open(shape, random.pick(['deactivate', 'delete']), fromSource)
  try {
    const boundaries = await play.play(0)
    for (let i = 0; i < kills; i++)
      await play.play(1 + random.below(boundaries.length), i === 0 ? 0 : 1 + random.below(40))
    expect(play.kills + play.survived).toBeGreaterThanOrEqual(kills)
    expect(play.kills).toBeGreaterThan(0)
    console.log(
      `kill -9, ${play.name}: ${play.kills} kills at ${boundaries.length} boundaries sampled, seed ${seed}, 0 violations`,
    )
  } finally {
    await play.close()
  }
})
