import { telling } from '../../platform/diskTrouble.ts'
import { Failure } from '../../platform/failure.ts'
import type { KeyPair } from '../../profiles/keyPair.ts'
import type { PairChange } from '../../profiles/ports.ts'
import type { Facts } from '../entries.ts'
import type { Step } from '../machine.ts'
import { provePair } from '../polling.ts'
import { profileIn, standsAt, type World } from '../world.ts'

/** The id that replaces `from`: made by create, or the old one that is put back. */
export function newKeyOf(world: World, known: Facts): string {
  const id = world.spec.to ?? known['newKey']
  if (typeof id !== 'string') throw new Error('there is no new key yet')
  return id
}

/** Waits until AWS has spread the new key: until then nothing of the old one changes. */
export const verify: Step<World> = {
  name: 'verify',
  async do(world, known) {
    const pair = await world.toPair(newKeyOf(world, known))
    const { passes } = world.shop.settings().verification
    const { polls } = await provePair(world, pair, passes, accountOf(known), known['ownListDenied'] === true)
    return { verifyPolls: polls }
  },
}

/**
 * The pivot is the rename: from the moment that a profile holds the new id there is no way back but an undo.
 * Both pairs are in the undo store first, so that no crash loses either.
 */
export const save: Step<World> = {
  name: 'save',
  pivot: true,
  async do(world, known) {
    const from = await world.fromPair()
    const to = await world.toPair(newKeyOf(world, known))
    await world.shop.undo.put(world.spec.id, from, to)
    const changes = await changesFor(world, from, to)
    await world.shop.store.swap(changes)
    return { saved: changes.length }
  },
  async settle(world, known) {
    const id = newKeyOf(world, known)
    const snapshot = await world.shop.store.read()
    const held = world.profiles.some((profile) => standsAt(snapshot, profile, world.spec.from, id) === 'new')
    if (held) return { found: 'in' }
    await world.shop.undo.remove(world.spec.from)
    return { found: 'out' }
  },
}

/**
 * All profiles of the rotation, as one change. Only where some already hold the new id (a save that a crash cut in
 * two) are those passed over that another program has changed meanwhile: there is no way back any more.
 */
async function changesFor(world: World, from: KeyPair, to: KeyPair): Promise<PairChange[]> {
  const snapshot = await world.shop.store.read()
  const cutInTwo = world.profiles.some((profile) => standsAt(snapshot, profile, from.id, to.id) === 'new')
  return world.profiles
    .filter((profile) => !cutInTwo || standsAt(snapshot, profile, from.id, to.id) !== 'other')
    .map((profile) => ({ file: profile.file, profile: profile.name, from, to }))
}

/**
 * The pair as re-read from the files works. A foreign program that put the old id back meanwhile is overruled:
 * the old key is about to go. Failing here never rolls back and never retires.
 */
export const prove: Step<World> = {
  name: 'prove',
  async do(world, known) {
    const id = newKeyOf(world, known)
    const notes = await settleForeignWrites(world, id)
    const snapshot = await world.shop.store.read()
    const pair = world.profiles
      .map((profile) => profileIn(snapshot, profile)?.pair)
      .find((held) => held?.id === id)
    if (!pair) {
      throw new Failure({
        name: 'file-moved',
        title: 'The file changed',
        detail: `No profile holds the new key ****${id.slice(-4)} any more; another program changed the file. The old key is still active.`,
        remedy: 'If the change was yours, nothing is left to do here; else undo this rotation with Restore.',
      })
    }
    await telling('The new key is in the file; the old one is still active.', () =>
      provePair(world, pair, 1, accountOf(known), known['ownListDenied'] === true),
    )
    return notes.length > 0 ? { foreignWrites: notes } : {}
  },
}

/**
 * Merges or reports what other programs wrote around our save, and saves again where the old id came back.
 * @returns what to tell the person
 * @throws Failure where the files cannot be brought to hold the new pair alone
 */
export async function settleForeignWrites(world: World, id: string): Promise<readonly string[]> {
  const { settled, notes } = await world.shop.store.reconcile()
  if (!settled) {
    throw new Failure({
      name: 'foreign-write',
      title: 'Another program wrote at the same moment',
      detail: `${notes.join(' ')} The old key is still active.`,
      remedy: 'Look at the file, then retry.',
    })
  }
  const snapshot = await world.shop.store.read()
  // Not only the profiles of the plan: one that appeared meanwhile with the old key would be locked out.
  const back = snapshot.profiles.filter((profile) => profile.pair?.id === world.spec.from)
  if (back.length === 0) return notes
  const unwritable = back.find((profile) => !profile.rotatable)
  if (unwritable) {
    throw new Failure({
      name: 'still-in-use',
      title: 'The old key is still in a file',
      detail: `[${unwritable.name}] holds ****${world.spec.from.slice(-4)} in a form that Keyturn does not write, so that the old key stays active.`,
      remedy: unwritable.reason?.remedy,
    })
  }
  const to = await world.toPair(id)
  await world.shop.store.swap(
    back.map((profile) => ({ file: profile.file, profile: profile.name, from: profile.pair as KeyPair, to })),
  )
  return [
    ...notes,
    `Saved again in ${back.map((profile) => `[${profile.name}]`).join(', ')}: another program had put the old key back.`,
  ]
}

/** As check found it. */
export function accountOf(known: Facts): { account?: string } {
  return { account: known['account'] as string | undefined }
}
