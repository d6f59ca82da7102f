import type { KeyPair } from '../../profiles/keyPair.ts'
import type { FilesSnapshot, PairChange } from '../../profiles/ports.ts'
import type { Stays } from '../acts.ts'
import type { Facts, Spec } from '../entries.ts'
import type { Step } from '../machine.ts'
import { standsAt, type World } from '../world.ts'
import { placeName, wroteInto } from '../wrote.ts'
import { newKeyOf, stays } from './facts.ts'

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
    const snapshot = await world.knownFiles([from.id, to.id])
    const { anew } = world.spec
    if (anew) return writeAnew(world, anew, snapshot, stays(to, known))
    const changes = changesFor(world, snapshot, from, to)
    await world.shop.acts.write(world, changes, stays(to, known), snapshot, () =>
      world.shop.undo.put(world.spec.id, from, to),
    )
    return { saved: changes.length, ...wroteInto(snapshot, world.profiles) }
  },
  async settle(world, known) {
    const { from } = world.spec
    const id = newKeyOf(world, known)
    const { snapshot } = await world.look([from, id])
    if (holdsNew(world, snapshot, id)) return { found: 'in' }
    // 'No profile holds it' is a word of all files: while one cannot be read nothing is taken back.
    return { found: holdsNew(world, await world.knownFiles([from, id]), id) ? 'in' : 'out' }
  },
}

/** Profiles that are gone: what they held stands in the undo store or in another profile, and is what they get. */
async function writeAnew(
  world: World,
  { regions }: NonNullable<Spec['anew']>,
  snapshot: FilesSnapshot,
  to: Stays,
): Promise<Facts> {
  const { spec, shop } = world
  const sections = spec.profiles.map(({ name, file }) => {
    const region = regions[placeName(file, name)]
    return { file, profile: name, pair: to.pair, ...(region !== undefined && { region }) }
  })
  await shop.acts.writeAnew(world, sections, to, snapshot, async () => {
    if (!(await shop.undo.entry(to.pair.id))) await shop.undo.put(spec.id, to.pair)
  })
  const { wrote } = wroteInto(snapshot, spec.profiles)
  return { saved: sections.length, wrote: { ...wrote, regions } }
}

function holdsNew(world: World, snapshot: FilesSnapshot, id: string): boolean {
  return world.profiles.some((profile) => standsAt(snapshot, profile, world.spec.from, id) === 'new')
}

/**
 * All profiles of the rotation, as one change. Only where some already hold the new id (a save that a crash cut in
 * two) are those passed over that another program has changed meanwhile: there is no way back any more.
 */
function changesFor(world: World, snapshot: FilesSnapshot, from: KeyPair, to: KeyPair): PairChange[] {
  const cutInTwo = holdsNew(world, snapshot, to.id)
  return world.profiles
    .filter((profile) => !cutInTwo || standsAt(snapshot, profile, from.id, to.id) !== 'other')
    .map((profile) => ({ file: profile.file, profile: profile.name, from, to }))
}
