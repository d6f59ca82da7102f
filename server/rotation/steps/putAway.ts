import { Failure } from '../../platform/failure.ts'
import type { FilesSnapshot } from '../../profiles/ports.ts'
import type { Facts } from '../entries.ts'
import type { Step } from '../machine.ts'
import type { World } from '../world.ts'
import { stateOf, stays } from './facts.ts'
import { parties } from './look.ts'

/** Deactivates or deletes an old key because the person asked for that very key. */
export const putAway: Step<World> = {
  name: 'retire',
  pivot: true,
  async do(world, known) {
    const { acts } = world.shop
    const { signs, acts: key } = parties(world)
    const pair = await world.pairOf(signs)
    const gone = world.spec.kind === 'delete'
    if (gone) await acts.delete(world, key, stays(pair, known))
    else await acts.turnOff(world, key, stays(pair, known))
    if (gone) await acts.drop(world, key, 'gone')
    await learnOf(world, signs)
    return { oldKey: gone ? 'deleted' : 'inactive' }
  },
  async settle(world, known) {
    const { signs, acts } = parties(world)
    const state = await stateOf(world, await world.pairOf(signs), acts)
    const wanted = world.spec.kind === 'delete' ? 'deleted' : 'inactive'
    return { found: state === wanted ? 'in' : 'out', facts: { ...known, oldKey: state } satisfies Facts }
  },
}

/** What the page shows of the user's keys is as of now again; that it could not be asked fails nothing. */
export async function learnOf(world: World, signs: string): Promise<void> {
  try {
    const pair = await world.pairOf(signs)
    await world.learn(
      signs,
      await world.signed(pair, (signer, options) => world.shop.iam.listKeys(signer, options)),
    )
  } catch (error) {
    if (!(error instanceof Failure)) throw error
  }
}

/** P3 and P1: a key that a profile holds is never turned off or deleted from the old-keys page. */
export function refuseHeld(snapshot: FilesSnapshot, id: string): void {
  const holder = snapshot.profiles.find((profile) => profile.pair?.id === id)
  if (!holder) return
  throw new Failure({
    name: 'key-in-use',
    title: 'A profile holds this key',
    detail: `[${holder.name}] holds ****${id.slice(-4)}, so that turning it off would lock it out. Nothing was done.`,
    remedy: 'Rotate the profile first.',
  })
}
