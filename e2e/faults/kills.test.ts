import { it } from 'vitest'
import { diePairs } from './everyKill.ts'
import { Kills } from './kills.ts'
import { fromSource } from './lives.ts'
import { Random, seed } from './random.ts'
import { shapes } from './shapes.ts'

// A few of the deaths that the fault suite dies all of.
it('survives kill -9 at some boundary, and at some of the recovery', { timeout: 300_000 }, async () => {
  const random = new Random(seed)
  const shape = random.pick(shapes)
  const kills = await Kills.open(shape, random.pick(['deactivate', 'delete']), fromSource)
  try {
    const boundaries = await diePairs(kills, random, 1)
    console.log(
      `kill -9, ${kills.name}: ${kills.kills} kills at ${boundaries} boundaries sampled, seed ${seed}, 0 violations`,
    )
  } finally {
    await kills.close()
  }
})
