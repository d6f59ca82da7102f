import { AwsFailure } from '../../keys/iam.ts'
import { Failure } from '../../platform/failure.ts'
import type { KeyPair } from '../../profiles/keyPair.ts'
import type { Step } from '../machine.ts'
import type { World } from '../world.ts'

/**
 * An undo, or an act on an old key, begins with a look: the key must still be there, and the pair that signs must
 * still work.
 */
export const look: Step<World> = {
  name: 'check',
  async do(world) {
    const { iam, store } = world.shop
    const { signs, acts } = parties(world)
    await world.knownFiles([signs, acts])
    const pair = await world.pairOf(signs)
    const identity = await iam.whoAmI(world.own(pair), world.calls())
    const list = await world.signed(pair, (signer, options) => iam.listKeys(signer, options))
    const found = list.keys.find((key) => key.id === acts)
    if (!found) {
      throw new Failure({
        name: 'key-gone',
        title: 'The key is gone',
        detail: `****${acts.slice(-4)} is no longer among the user’s keys: someone deleted it. Nothing was done.`,
        remedy: 'A deleted key cannot come back. Check the keys to see what works.',
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
    if (world.spec.kind === 'restore' || world.spec.kind === 'mend') {
      await store.preflight(
        [...new Set(world.profiles.map((profile) => profile.file))],
        world.spec.anew !== undefined,
      )
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

/** @returns the key whose pair signs, and the key that is acted on */
export function parties(world: World): { readonly signs: string; readonly acts: string } {
  const { from, to, via } = world.spec
  return { signs: via ?? from, acts: to ?? from }
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
