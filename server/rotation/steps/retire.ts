import { AwsFailure } from '../../keys/iam.ts'
import { telling } from '../../platform/diskTrouble.ts'
import type { Step } from '../machine.ts'
import type { World } from '../world.ts'
import { newKeyOf, stays, stateOf } from './facts.ts'
import { settleForeignWrites } from './prove.ts'

/** Turns the replaced key off, or deletes it, or leaves it, as the plan said. A failure here never undoes. */
export const retire: Step<World> = {
  name: 'retire',
  async do(world, known) {
    if (world.spec.retire === 'keep') return { oldKey: 'active' }
    const { acts } = world.shop
    const id = newKeyOf(world, known)
    const { notes, pair: to } = await settleForeignWrites(world, id, known)
    const old = world.spec.from
    const off = await notRetired(world, 'turned off', () => acts.turnOff(world, old, stays(to, known)))
    let oldKey = off === 'gone' ? 'deleted' : 'inactive'
    if (off === 'off' && world.spec.retire === 'delete') {
      await notRetired(world, 'deleted', async () => {
        // The new pair is proved once more without the old key, before that is gone for good.
        world.proofs.forget(id)
        await acts.delete(world, old, stays(to, known))
      })
      oldKey = 'deleted'
    }
    return { oldKey, ...(notes.length > 0 && { foreignWrites: notes }) }
  },
  async settle(world, known) {
    const to = await world.toPair(newKeyOf(world, known))
    const oldKey = await telling(
      `The new key is in use; the old key ****${world.spec.from.slice(-4)} may still be active.`,
      () => stateOf(world, to, world.spec.from),
    )
    return { found: 'out', facts: { oldKey } }
  },
}

/** A failure to retire says first what is true: the new key works, and what has become of the old one. */
async function notRetired<T>(
  world: World,
  what: 'turned off' | 'deleted',
  act: () => Promise<T>,
): Promise<T> {
  const old = `the old key ****${world.spec.from.slice(-4)}`
  const before = what === 'deleted' ? 'is inactive and ' : ''
  try {
    return await act()
  } catch (error) {
    // Without AWS's answer nobody knows: the state that is read afterwards may say the opposite.
    const unknown = error instanceof AwsFailure && error.kind === 'ambiguous'
    // For where nobody can look afterwards.
    const oldKey = unknown ? 'unknown' : what === 'deleted' ? 'inactive' : 'active'
    await world.record('retire', { oldKey })
    const truth = unknown
      ? `${old} ${before}may have been ${what}, or not.`
      : `${old} ${before}could not be ${what}.`
    return telling(`The new key is in use; ${truth}`, () => Promise.reject(error))
  }
}
