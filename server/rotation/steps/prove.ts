import { telling } from '../../platform/diskTrouble.ts'
import { Failure } from '../../platform/failure.ts'
import { samePair, type KeyPair } from '../../profiles/keyPair.ts'
import type { FoundProfile } from '../../profiles/ports.ts'
import type { Facts } from '../entries.ts'
import { MovedOn, type Step } from '../machine.ts'
import { provePair } from '../polling.ts'
import { profileIn, type World } from '../world.ts'
import { expectedOf, newKeyOf, stays } from './facts.ts'

/**
 * The pair as re-read from the files works. A foreign program that put the old id back meanwhile is overruled:
 * the old key is about to go. Failing here never rolls back and never retires.
 */
export const prove: Step<World> = {
  name: 'prove',
  async do(world, known) {
    const { from } = world.spec
    const id = newKeyOf(world, known)
    const { notes, pair } = world.spec.anew
      ? { notes: [], pair: await writtenPair(world, id) }
      : await settleForeignWrites(world, id, known)
    await telling('The new key is in the file; nothing was turned off.', () =>
      provePair(world, pair, 1, expectedOf(known)),
    )
    // Before the new key is turned off again, the places that got it get the old pair back.
    const places =
      world.spec.kind === 'restore'
        ? await world.shop.places.follow(from, await world.maybePairOf(from), pair)
        : []
    return {
      ...(notes.length > 0 && { foreignWrites: notes }),
      ...(places.length > 0 && { places }),
    }
  },
}

/** Of a profile that was written anew, as a file holds it. */
async function writtenPair(world: World, id: string): Promise<KeyPair> {
  const snapshot = await world.knownFiles([id])
  const to = await world.toPair(id)
  const pairs = world.profiles.map((profile) => profileIn(snapshot, profile)?.pair)
  const whole = pairs.flatMap((pair) => (pair && samePair(pair, to) ? [pair] : []))
  if (whole.length < pairs.length) throw await moved(world, id)
  return whole[0] as KeyPair
}

/**
 * Merges or reports what other programs wrote around our save, and saves again where the old id came back.
 * @returns what to tell the person, and the new pair as a file holds it
 * @throws Failure where the files cannot be brought to hold the new pair alone
 */
export async function settleForeignWrites(
  world: World,
  id: string,
  known: Facts,
): Promise<{ readonly notes: readonly string[]; readonly pair: KeyPair }> {
  const { from } = world.spec
  const first = await world.knownFiles([from, id])
  // What a foreign write put back is overruled only by a pair that works at this moment.
  const came = first.profiles.some((profile) => profile.pair?.id === from)
  if (came) await provePair(world, await world.toPair(id), 1, expectedOf(known))
  const { settled, notes } = await world.shop.store.reconcile()
  if (!settled) {
    throw new Failure({
      name: 'foreign-write',
      title: 'Another program wrote at the same moment',
      detail: `${notes.join(' ')} Nothing was turned off.`,
      remedy: 'Look at the file, then retry.',
    })
  }
  const snapshot = await world.knownFiles([from, id])
  // Not only the profiles of the plan: one that appeared meanwhile with the old key would be locked out. A mend turns
  // nothing off, and leaves alone what it was not asked for.
  const place = ({ name, file }: Pick<FoundProfile, 'name' | 'file'>) => `${file} ${name}`
  const asked = (found: FoundProfile) =>
    world.spec.kind !== 'mend' || world.profiles.map(place).includes(place(found))
  const back = snapshot.profiles.filter((profile) => profile.pair?.id === from && asked(profile))
  if (back.length === 0) {
    const pair = snapshot.profiles.find((profile) => profile.pair?.id === id)?.pair
    if (!pair) throw await moved(world, id)
    return { notes, pair }
  }
  const unwritable = back.find((profile) => !profile.rotatable)
  if (unwritable) {
    throw new Failure({
      name: 'still-in-use',
      title: 'The old key is still in a file',
      detail: `[${unwritable.name}] holds ****${from.slice(-4)} in a form that Keyturn does not write, so that the old key stays active.`,
      remedy: unwritable.reason?.remedy,
    })
  }
  const to = await world.toPair(id)
  const changes = back.map((profile) => ({
    file: profile.file,
    profile: profile.name,
    from: profile.pair as KeyPair,
    to,
  }))
  await world.shop.acts.write(world, changes, stays(to, known), snapshot)
  const told = `Saved again in ${back.map((profile) => `[${profile.name}]`).join(', ')}: another program had put the old key back.`
  return { notes: [...notes, told], pair: to }
}

/** No profile holds the new key. Where it is deleted, too, it cannot come back into any file: others moved on, and this is over. */
async function moved(world: World, id: string): Promise<Failure> {
  const over = await newKeyGone(world, id)
  const trouble = {
    name: 'file-moved',
    title: 'The file changed',
    detail: `No profile holds the new key ****${id.slice(-4)} any more; another program changed the file. ${over ? 'AWS has no such key any more.' : 'Nothing was turned off.'}`,
    remedy: over
      ? 'Look at what the profiles hold now; nothing is left to do here.'
      : 'If the change was yours, nothing is left to do here; else undo this rotation with Restore.',
  }
  return over ? new MovedOn(trouble) : new Failure(trouble)
}

/** Whether the list of whoever may ask shows the new key no more; where nobody may ask it counts as there. */
async function newKeyGone(world: World, id: string): Promise<boolean> {
  try {
    const signs = await world.fromPair()
    const { keys } = await world.signed(signs, (signer, options) => world.shop.iam.listKeys(signer, options))
    return !keys.some((key) => key.id === id)
  } catch (error) {
    if (error instanceof Failure) return false
    throw error
  }
}
