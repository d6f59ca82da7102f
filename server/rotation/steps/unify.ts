import type { Spec } from '../entries.ts'
import type { Step } from '../machine.ts'
import { provePair } from '../polling.ts'
import { standsAt, type World } from '../world.ts'
import { expectedOf, stays } from './facts.ts'

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
    const snapshot = await world.knownFiles([merge.key, from.id])
    const changes = merge.profiles.map((profile) => ({
      file: profile.file,
      profile: profile.name,
      from: other,
      to: from,
    }))
    await world.shop.acts.write(world, changes, stays(from, known), snapshot, () =>
      world.shop.undo.put(world.spec.id, other, from),
    )
    return { unified: merge.profiles.length }
  },
  async settle(world) {
    const snapshot = await world.knownFiles([merge.key, world.spec.from])
    const switched = merge.profiles.some(
      (profile) => standsAt(snapshot, profile, merge.key, world.spec.from) === 'new',
    )
    return { found: switched ? 'in' : 'out' }
  },
  async undo(world, known) {
    const { acts, settings } = world.shop
    // Nothing to put back: an earlier try had deleted the key, or this one has.
    if (known['toUnify'] === 0) return { leftUnified: true }
    if (known['spareDeleted'] === true) {
      await acts.drop(world, merge.key, 'gone')
      return { leftUnified: true }
    }
    const from = await world.fromPair()
    const other = await world.pairOf(merge.key)
    await provePair(world, other, settings().verification.passes, expectedOf(known))
    const snapshot = await world.knownFiles([merge.key, from.id])
    const changes = merge.profiles
      .filter((profile) => standsAt(snapshot, profile, merge.key, world.spec.from) === 'new')
      .map((profile) => ({ file: profile.file, profile: profile.name, from, to: other }))
    await acts.write(world, changes, stays(other, known), snapshot)
    await acts.drop(world, merge.key, [from.id])
    return { unified: 0 }
  },
})

/** The merged key's profiles that do not hold the key to be rotated yet. */
async function notUnified(world: World, merge: Merge) {
  const snapshot = await world.knownFiles([merge.key, world.spec.from])
  return merge.profiles.filter((profile) => standsAt(snapshot, profile, world.spec.from, undefined) !== 'old')
}
