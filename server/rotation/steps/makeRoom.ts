import { AwsFailure } from '../../keys/iam.ts'
import { Failure } from '../../platform/failure.ts'
import type { Spec } from '../entries.ts'
import type { Step } from '../machine.ts'
import { provePair } from '../polling.ts'
import { standsAt, type World } from '../world.ts'
import { stateOf } from './retire.ts'

type Merge = NonNullable<Spec['merge']>

/**
 * Merging: the profiles of the user's other key take over the pair that is about to be rotated, so that the other
 * key can be deleted without a moment in which a profile holds a dead pair.
 */
export const unify = (merge: Merge): Step<World> => ({
  name: 'unify',
  async before(world) {
    return { toUnify: (await notUnified(world, merge)).length }
  },
  async do(world, known) {
    if (known['toUnify'] === 0) return { unified: 0 }
    const from = await world.fromPair()
    const other = await world.pairOf(merge.key)
    await world.shop.undo.put(world.spec.id, other, from)
    await world.shop.store.swap(
      merge.profiles.map((profile) => ({ file: profile.file, profile: profile.name, from: other, to: from })),
    )
    return { unified: merge.profiles.length }
  },
  async settle(world) {
    const snapshot = await world.shop.store.read()
    const switched = merge.profiles.some(
      (profile) => standsAt(snapshot, profile, merge.key, world.spec.from) === 'new',
    )
    return { found: switched ? 'in' : 'out' }
  },
  async undo(world, known) {
    // Nothing to put back: an earlier try had deleted the key, or this one has.
    if (known['toUnify'] === 0) return { leftUnified: true }
    if (known['spareDeleted'] === true) {
      await world.shop.undo.remove(merge.key)
      return { leftUnified: true }
    }
    const from = await world.fromPair()
    const other = await world.pairOf(merge.key)
    await provePair(
      world,
      other,
      world.shop.settings().verification.passes,
      {},
      known['ownListDenied'] === true,
    )
    const snapshot = await world.shop.store.read()
    const back = merge.profiles.filter(
      (profile) => standsAt(snapshot, profile, merge.key, world.spec.from) === 'new',
    )
    if (back.length > 0) {
      await world.shop.store.swap(
        back.map((profile) => ({ file: profile.file, profile: profile.name, from, to: other })),
      )
    }
    await world.shop.undo.remove(merge.key)
    return { unified: 0 }
  },
})

/** Deletes the one key that the plan named, deactivated first; never one that a profile holds. */
export const makeRoom = (spare: string): Step<World> => ({
  name: 'makeRoom',
  async do(world, known) {
    await refuseHeld(world, spare)
    const { iam } = world.shop
    const from = await world.fromPair()
    try {
      await world.signed(from, (signer, options) => iam.setKeyStatus(signer, spare, 'Inactive', options))
    } catch (error) {
      if (!(error instanceof AwsFailure && error.kind === 'not-found')) throw error
    }
    // The pair that stays must work before the other one is gone for good.
    await provePair(world, from, 1, {}, known['ownListDenied'] === true)
    try {
      await world.signed(from, (signer, options) => iam.deleteKey(signer, spare, options))
    } catch (error) {
      if (!(error instanceof AwsFailure && error.kind === 'not-found')) throw error
    }
    return { spareDeleted: true }
  },
  async settle(world) {
    const from = await world.fromPair()
    const list = await world.signed(from, (signer, options) => world.shop.iam.listKeys(signer, options))
    // Deactivated but still there counts as done in part: undoing it means to turn it on again.
    return list.keys.some((key) => key.id === spare)
      ? { found: 'in', facts: { spareDeleted: false } }
      : { found: 'in', facts: { spareDeleted: true } }
  },
  async undo(world, known) {
    if (known['spareDeleted'] === true) {
      await world.shop.undo.remove(spare)
      return {}
    }
    const statuses = known['statuses'] as Record<string, string> | undefined
    if (statuses?.[spare] !== 'Active') return {}
    const from = await world.fromPair()
    try {
      await world.signed(from, (signer, options) =>
        world.shop.iam.setKeyStatus(signer, spare, 'Active', options),
      )
    } catch (error) {
      // Whoever may not turn it on could not turn it off either: nothing is to be taken back then.
      const denied = error instanceof AwsFailure && error.kind === 'denied'
      if (!(denied && (await stateOf(world, from, spare)) === 'active')) throw error
    }
    return {}
  },
})

/** The merged key's profiles that do not hold the key to be rotated yet. */
async function notUnified(world: World, merge: Merge) {
  const snapshot = await world.shop.store.read()
  return merge.profiles.filter((profile) => standsAt(snapshot, profile, world.spec.from, undefined) !== 'old')
}

async function refuseHeld(world: World, spare: string): Promise<void> {
  const snapshot = await world.shop.store.read()
  const holder = snapshot.profiles.find((profile) => profile.pair?.id === spare)
  if (!holder) return
  throw new Failure({
    name: 'spare-in-use',
    title: 'The other key is in use',
    detail: `[${holder.name}] now holds ****${spare.slice(-4)}, which the plan would delete. It was left alone.`,
    remedy: 'Make a new plan: it will offer to merge the two keys.',
  })
}
