import { Failure } from '../../platform/failure.ts'
import type { FilesSnapshot, PairPlace } from '../../profiles/ports.ts'
import { keyWorks } from '../interlock.ts'
import type { Step } from '../machine.ts'
import { refusalFacts, refused } from '../polling.ts'
import { profileIn, type World } from '../world.ts'
import { wroteInto } from '../wrote.ts'
import { isRefused } from './kill.ts'

/** AWS refuses the pair, seen three times in a row: what works is not taken out of a file. */
export const seeRefused: Step<World> = {
  name: 'check',
  async do(world) {
    const refusal = await refused(world, await world.fromPair(), 3)
    if (!refusal) throw new Failure(keyWorks(world.spec.from))
    await world.shop.store.preflight([...new Set(world.profiles.map(({ file }) => file))])
    await world.shop.stateWritable()
    return refusalFacts(refusal)
  },
}

/** The pivot is the first rename: the lines are in the undo store before it. */
export const cut: Step<World> = {
  name: 'save',
  pivot: true,
  async do(world) {
    const snapshot = await cutOut(world)
    return wroteInto(snapshot, world.profiles)
  },
  async settle(world) {
    const snapshot = await world.knownFiles([world.spec.from])
    return { found: placesIn(world, snapshot).length < world.profiles.length ? 'in' : 'out' }
  },
}

/** Of two files a crash may have left the second; and what another program wrote at the same moment is told. */
export const cutRest: Step<World> = {
  name: 'prove',
  async do(world) {
    await cutOut(world)
    return { foreignWrites: (await world.shop.store.reconcile()).notes }
  },
}

/** What was taken out comes back where it stood. */
export const putBack: Step<World> = {
  name: 'save',
  pivot: true,
  async do(world) {
    const { shop, spec } = world
    const pair = await world.fromPair()
    const snapshot = await world.knownFiles([])
    const cuts = (await shop.undo.cut(spec.from)).filter(({ file, profile }) =>
      spec.profiles.some((each) => each.file === file && each.name === profile),
    )
    await shop.acts.bringBack(world, pair, cuts, snapshot)
    return {}
  },
  async settle(world) {
    const snapshot = await world.knownFiles([world.spec.from])
    return { found: placesIn(world, snapshot).length === world.profiles.length ? 'in' : 'out' }
  },
}

async function cutOut(world: World): Promise<FilesSnapshot> {
  const { shop, spec } = world
  const snapshot = await world.knownFiles([spec.from])
  const places = placesIn(world, snapshot)
  if (places.length > 0)
    await shop.acts.cut(
      world,
      await world.fromPair(),
      places,
      snapshot,
      () => isRefused(world),
      async (cuts) => shop.undo.putCut(spec.id, await world.fromPair(), cuts),
    )
  return snapshot
}

/** Where the pair stands of the places that were named. */
function placesIn(world: World, snapshot: FilesSnapshot): PairPlace[] {
  return world.profiles.flatMap((each) => {
    const pair = profileIn(snapshot, each)?.pair
    return pair?.id === world.spec.from ? [{ file: each.file, profile: each.name, pair }] : []
  })
}
