import { expect, it } from 'vitest'
import type { OldKeyMode } from '../../server/api/plan.ts'
import { Kills } from './kills.ts'
import { Random } from './random.ts'
import type { Shape } from './shapes.ts'

/** Dies at each single boundary of a rotation. */
export function dieEverywhere(shape: Shape, oldKey: OldKeyMode): void {
  it(`survives kill -9 at every boundary: ${shape.name}, ${oldKey}`, async () => {
    await withKills(shape, oldKey, async (kills) => {
      const boundaries = (await kills.play(0)).rotation
      for (let at = 1; at <= boundaries.length; at++) await kills.play(at)
      expect(kills.kills).toBeGreaterThan(boundaries.length * 0.9)
      tell(kills, `each of ${boundaries.length} boundaries; ${kills.survived} never came`)
    })
  })
}

/** Dies at some boundaries, chosen by the seed, then at each of them again and at one of the recovery from it. */
export function dieTwice(shape: Shape, oldKey: OldKeyMode, pairs: number, seed: number): void {
  it(`survives kill -9 at some boundaries: ${shape.name}, ${oldKey}`, async () => {
    await withKills(shape, oldKey, async (kills) => {
      const boundaries = await diePairs(kills, new Random(seed), pairs)
      tell(
        kills,
        `${pairs} of ${boundaries} boundaries, then there and in the recovery, seed ${seed}; ${kills.survived} drawn again`,
      )
    })
  })
}

/**
 * Plays so many pairs of deaths. Each first death is died once for itself: its recovery is judged, and its boundaries
 * are those that the second death is drawn from. @returns how many boundaries a rotation has
 */
export async function diePairs(kills: Kills, random: Random, pairs: number): Promise<number> {
  const { rotation } = await kills.play(0)
  let died = 0
  for (let tries = 0; died < pairs && tries < pairs + 5; tries++)
    if (await diePair(kills, random, 1 + random.below(rotation.length))) died += 1
  expect(died, 'pairs of deaths that came').toBe(pairs)
  return rotation.length
}

/**
 * A play that waits less for AWS has fewer boundaries than the one before it: then one of those that it had is drawn,
 * which are fewer each time. @returns whether both deaths came: some leave nothing to recover
 */
async function diePair(kills: Kills, random: Random, killAt: number): Promise<boolean> {
  let { recovery } = await kills.play(killAt)
  while (recovery.length > 0) {
    const killRecoveryAt = 1 + random.below(recovery.length)
    recovery = (await kills.play(killAt, killRecoveryAt)).recovery
    if (recovery.length >= killRecoveryAt) return true
  }
  return false
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
  console.log(`kill -9, ${kills.name}: ${kills.kills} kills at ${what}; 0 violations`)
}
