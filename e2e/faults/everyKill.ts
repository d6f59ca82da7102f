import { expect, it } from 'vitest'
import type { OldKeyMode } from '../../server/api/plan.ts'
import { Kills } from './kills.ts'
import { Random, seed } from './random.ts'
import type { Shape } from './shapes.ts'

/** Dies at each single boundary of a rotation. */
export function dieEverywhere(shape: Shape, oldKey: OldKeyMode): void {
  it(`survives kill -9 at every boundary: ${shape.name}, ${oldKey}`, async () => {
    await withKills(shape, oldKey, async (kills) => {
      const boundaries = await kills.play(0)
      for (let at = 1; at <= boundaries.length; at++) await kills.play(at)
      expect(kills.kills).toBeGreaterThan(boundaries.length * 0.9)
      tell(kills, `each of ${boundaries.length} boundaries`)
    })
  })
}

/** Dies at some boundaries, chosen by the seed, and at some boundaries of the recoveries from them. */
export function dieHereAndThere(shape: Shape, oldKey: OldKeyMode, singles: number, pairs: number): void {
  it(`survives kill -9 at some boundaries: ${shape.name}, ${oldKey}`, async () => {
    await withKills(shape, oldKey, async (kills) => {
      const random = new Random(seed)
      const boundaries = await kills.play(0)
      const places = boundaries.map((_, index) => index + 1)
      for (const at of random.sample(places, singles)) await kills.play(at)
      for (let i = 0; i < pairs; i++) await kills.play(random.pick(places), 1 + random.below(60))
      expect(kills.kills).toBeGreaterThan(singles / 2)
      tell(kills, `${singles} of ${boundaries.length} boundaries and ${pairs} pairs, seed ${seed}`)
    })
  })
}

async function withKills(
  shape: Shape,
  oldKey: OldKeyMode,
  act: (kills: Kills) => Promise<void>,
): Promise<void> {
  const kills = await Kills.open(shape, oldKey)
  try {
    await act(kills)
  } finally {
    await kills.close()
  }
}

function tell(kills: Kills, what: string): void {
  console.log(
    `kill -9, ${kills.name}: ${kills.kills} kills at ${what}; ${kills.survived} boundaries never came; 0 violations`,
  )
}
