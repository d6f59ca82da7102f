import { Failure } from '../../platform/failure.ts'
import type { Step } from '../machine.ts'
import type { World } from '../world.ts'
import { stays, stateOf } from './facts.ts'

/** Deletes the one key that the plan named, deactivated first; never one that a profile holds. */
export const makeRoom = (spare: string): Step<World> => ({
  name: 'makeRoom',
  async do(world, known) {
    const { acts } = world.shop
    const from = await world.fromPair()
    await refuseHeld(world, spare)
    await acts.turnOff(world, spare, stays(from, known))
    // The pair that stays must work without the other one, before that is gone for good.
    world.proofs.forget(from.id)
    await acts.delete(world, spare, stays(from, known))
    return { spareDeleted: true }
  },
  async settle(world) {
    const state = await stateOf(world, await world.fromPair(), spare)
    // Deactivated but still there counts as done in part: undoing it means to turn it on again.
    return { found: 'in', facts: { spareDeleted: state === 'deleted' } }
  },
  async undo(world, known) {
    const { acts } = world.shop
    if (known['spareDeleted'] === true) {
      await acts.drop(world, spare, 'gone')
      return {}
    }
    const statuses = known['statuses'] as Record<string, string> | undefined
    if (statuses?.[spare] !== 'Active') return {}
    const from = await world.fromPair()
    try {
      await acts.turnOn(world, from, spare)
    } catch (error) {
      // Whoever may not turn it on could not turn it off either; and one that is gone cannot be turned on.
      const state = await stateOf(world, from, spare)
      if (state === 'deleted') return { spareDeleted: true }
      if (state !== 'active') throw error
    }
    return {}
  },
})

async function refuseHeld(world: World, spare: string): Promise<void> {
  const snapshot = await world.knownFiles([spare])
  const holder = snapshot.profiles.find((profile) => profile.pair?.id === spare)
  if (!holder) return
  throw new Failure({
    name: 'spare-in-use',
    title: 'The other key is in use',
    detail: `[${holder.name}] now holds ****${spare.slice(-4)}, which the plan would delete. It was left alone.`,
    remedy: 'Make a new plan: it will offer to merge the two keys.',
  })
}
