import { AwsFailure } from '../../keys/iam.ts'
import { Failure } from '../../platform/failure.ts'
import type { Step } from '../machine.ts'
import { refusalFacts, refused, seconds } from '../polling.ts'
import type { World } from '../world.ts'

/**
 * Turns a key off that profiles hold, because the person wants it dead more than working. It is signed by the key itself
 * where nobody else may, so that no list is asked for: its user may not be allowed to.
 */
export const kill: Step<World> = {
  name: 'retire',
  pivot: true,
  async do(world) {
    try {
      await world.shop.acts.kill(world, world.spec.from, await world.fromPair())
    } catch (error) {
      // Done before a crash, or by others: it can no longer sign for itself. Of whom else AWS refuses nothing follows.
      if (!(error instanceof AwsFailure && error.kind === 'invalid-key' && (await isRefused(world))))
        throw error
    }
    return { oldKey: 'inactive' }
  },
  async settle(world) {
    return (await isRefused(world)) ? { found: 'in', facts: { oldKey: 'inactive' } } : { found: 'out' }
  },
}

/** AWS refuses it, seen three times in a row. */
export const seeDead: Step<World> = {
  name: 'confirm',
  async do(world) {
    const refusal = await refused(world, await world.fromPair(), 3)
    if (!refusal) {
      throw new Failure({
        name: 'old-key-lingers',
        title: 'AWS still accepts the key',
        detail: `AWS took it for turned off, and still accepted it after ${seconds(world.shop.settings().verification.confirmPatienceMs)}.`,
        remedy: 'Retry in a minute to make sure.',
      })
    }
    return refusalFacts(refusal)
  },
}

export async function isRefused(world: World): Promise<boolean> {
  try {
    await world.shop.iam.whoAmI(world.own(await world.fromPair()), world.calls())
    return false
  } catch (error) {
    if (error instanceof AwsFailure && error.kind === 'invalid-key') return true
    throw error
  }
}
