import { AwsFailure } from '../../keys/iam.ts'
import { Failure } from '../../platform/failure.ts'
import type { KeyPair } from '../../profiles/keyPair.ts'
import type { FilesSnapshot } from '../../profiles/ports.ts'
import type { Facts } from '../entries.ts'
import type { Step } from '../machine.ts'
import { provePair } from '../polling.ts'
import type { World } from '../world.ts'
import { remove, stateOf, turnOff } from './retire.ts'
import { accountOf } from './save.ts'

/**
 * An undo, or an act on an old key, begins with a look: the key must still be there, and the pair that signs must
 * still work. `known.signs` names that pair: the one in the files.
 */
export const look: Step<World> = {
  name: 'check',
  async do(world) {
    const { iam, store } = world.shop
    const { signs, acts } = parties(world)
    const pair = await world.pairOf(signs)
    const identity = await iam.whoAmI(world.own(pair), world.calls())
    const list = await world.signed(pair, (signer, options) => iam.listKeys(signer, options))
    const found = list.keys.find((key) => key.id === acts)
    if (!found) {
      throw new Failure({
        name: 'key-gone',
        title: 'The key is gone',
        detail: `****${acts.slice(-4)} is no longer among the user’s keys: someone deleted it. Nothing was done.`,
        remedy: 'A deleted key cannot come back. The key in the file goes on working.',
      })
    }
    if (world.spec.kind === 'delete' && found.status === 'Active') {
      throw new Failure({
        name: 'key-active',
        title: 'The key is active',
        detail: `****${acts.slice(-4)} is active, so that something may be using it. Nothing was done.`,
        remedy: 'Deactivate it first, and delete it once nothing has missed it.',
      })
    }
    if (world.spec.kind === 'restore') {
      await store.preflight([...new Set(world.profiles.map((profile) => profile.file))])
    }
    await world.shop.stateWritable()
    return {
      account: identity.account,
      ...(identity.userName && { user: identity.userName }),
      keysBefore: list.keys.map((key) => key.id),
      statuses: Object.fromEntries(list.keys.map((key) => [key.id, key.status])),
      ownListDenied: await listDenied(world, pair),
    }
  },
}

/** Turns the old key on again; where it was off before, undoing that turns it off. */
export const activate: Step<World> = {
  name: 'activate',
  async do(world) {
    const { signs, acts } = parties(world)
    const pair = await world.pairOf(signs)
    await world.signed(pair, (signer, options) =>
      world.shop.iam.setKeyStatus(signer, acts, 'Active', options),
    )
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
    await turnOff(world, pair, acts)
    return {}
  },
}

/** Where the old key's secret is still kept: it works again. Where it is not, IAM's list must say so. */
export const proveOld: Step<World> = {
  name: 'prove',
  async do(world, known) {
    const { acts, signs } = parties(world)
    const old = await maybe(world.pairOf(acts))
    if (old) {
      const { passes } = world.shop.settings().verification
      await provePair(world, old, passes, accountOf(known), known['ownListDenied'] === true)
    }
    await learnOf(world, signs)
    if (old) return { oldKey: 'active', proved: true }
    return { oldKey: await stateOf(world, await world.pairOf(signs), acts), proved: false }
  },
}

/** Deactivates or deletes an old key because the person asked for that very key. */
export const putAway: Step<World> = {
  name: 'retire',
  pivot: true,
  async do(world) {
    const { signs, acts } = parties(world)
    refuseHeld(await world.shop.store.read(), acts)
    const pair = await world.pairOf(signs)
    if (world.spec.kind === 'delete') {
      await remove(world, pair, acts)
      await world.shop.undo.remove(acts)
    } else await turnOff(world, pair, acts)
    await learnOf(world, signs)
    return { oldKey: world.spec.kind === 'delete' ? 'deleted' : 'inactive' }
  },
  async settle(world, known) {
    const { signs, acts } = parties(world)
    const state = await stateOf(world, await world.pairOf(signs), acts)
    const wanted = world.spec.kind === 'delete' ? 'deleted' : 'inactive'
    return { found: state === wanted ? 'in' : 'out', facts: { ...known, oldKey: state } satisfies Facts }
  },
}

/** What the page shows of the user's keys is as of now again; that it could not be asked fails nothing. */
async function learnOf(world: World, signs: string): Promise<void> {
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

/** @returns the key whose pair signs, and the key that is acted on */
export function parties(world: World): { readonly signs: string; readonly acts: string } {
  const { from, to, via } = world.spec
  return { signs: via ?? from, acts: to ?? from }
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

async function listDenied(world: World, pair: KeyPair): Promise<boolean> {
  try {
    await world.shop.iam.listKeys(world.own(pair), world.calls())
    return false
  } catch (error) {
    if (error instanceof AwsFailure && (error.kind === 'denied' || error.kind === 'mfa-required')) return true
    throw error
  }
}

function maybe<T>(promise: Promise<T>): Promise<T | undefined> {
  return promise.catch(() => undefined)
}
