import type { Step } from '../machine.ts'
import { provePair } from '../polling.ts'
import type { World } from '../world.ts'
import { expectedOf, newKeyOf } from './facts.ts'

/** Waits until AWS has spread the new key: until then nothing of the old one changes. */
export const verify: Step<World> = {
  name: 'verify',
  async do(world, known) {
    const pair = await world.toPair(newKeyOf(world, known))
    const { passes } = world.shop.settings().verification
    const { polls } = await provePair(world, pair, passes, expectedOf(known))
    return { verifyPolls: polls }
  },
}
