import { MovedOn, type Step } from '../machine.ts'
import { provePair } from '../polling.ts'
import type { World } from '../world.ts'
import { expectedOf, stateOf, stays } from './facts.ts'
import { parties } from './look.ts'
import { learnOf } from './putAway.ts'

/** Turns the old key on again; where it was off before, undoing that turns it off. */
export const activate: Step<World> = {
  name: 'activate',
  async do(world) {
    const { signs, acts } = parties(world)
    const pair = await world.pairOf(signs)
    try {
      await world.shop.acts.turnOn(world, pair, acts)
    } catch (error) {
      if ((await stateOf(world, pair, acts)) !== 'deleted') throw error
      throw new MovedOn({
        name: 'key-gone',
        title: 'The key is gone',
        detail: `****${acts.slice(-4)} was deleted meanwhile, so that it could not be turned on again.`,
        remedy: 'A deleted key cannot come back. The key in the file goes on working.',
      })
    }
    return { activated: true, ...(world.spec.kind !== 'restore' && { oldKey: 'active' }) }
  },
  async settle(world) {
    const { signs, acts } = parties(world)
    const state = await stateOf(world, await world.pairOf(signs), acts)
    return { found: state === 'active' ? 'in' : 'out' }
  },
  async undo(world, known) {
    const { signs, acts } = parties(world)
    const statuses = known['statuses'] as Record<string, string> | undefined
    if (statuses?.[acts] === 'Active') return {}
    const pair = await world.pairOf(signs)
    await world.shop.acts.turnOff(world, acts, stays(pair, known))
    return {}
  },
}

/** Where the old key's secret is still kept: it works again. Where it is not, IAM's list must say so. */
export const proveOld: Step<World> = {
  name: 'prove',
  async do(world, known) {
    const { acts, signs } = parties(world)
    const old = await world.maybePairOf(acts)
    if (old) await provePair(world, old, world.shop.settings().verification.passes, expectedOf(known))
    await learnOf(world, signs)
    if (old) return { oldKey: 'active', proved: true }
    return { oldKey: await stateOf(world, await world.pairOf(signs), acts), proved: false }
  },
}
