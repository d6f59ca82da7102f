import { AwsFailure } from '../../keys/iam.ts'
import type { KeyPair } from '../../profiles/keyPair.ts'
import type { Facts } from '../entries.ts'
import type { Stays } from '../acts.ts'
import type { Expected } from '../polling.ts'
import type { World } from '../world.ts'

/** The id that replaces `from`: made by create, or the old one that is put back. */
export function newKeyOf(world: World, known: Facts): string {
  const id = world.spec.to ?? known['newKey']
  if (typeof id !== 'string') throw new Error('there is no new key yet')
  return id
}

/** What AWS must say of this user's pairs, as check found it. */
export function expectedOf(known: Facts): Expected {
  return { account: known['account'] as string | undefined, denialPasses: known['ownListDenied'] === true }
}

/** This pair signs what follows and goes on working: it is proved just before. */
export function stays(pair: KeyPair, known: Facts): Stays {
  return { pair, ...expectedOf(known) }
}

/**
 * What IAM's list says of a key; `unknown` where listing is denied. One list without it proves nothing yet: gone is what
 * three in a row do not show.
 */
export async function stateOf(
  world: World,
  signerPair: KeyPair,
  id: string,
): Promise<'active' | 'inactive' | 'deleted' | 'unknown'> {
  for (let absent = 1; ; absent += 1) {
    const state = await listedState(world, signerPair, id)
    if (state !== 'deleted' || absent >= 3) return state
    await world.rest(world.shop.settings().verification.intervalMs)
  }
}

async function listedState(
  world: World,
  signerPair: KeyPair,
  id: string,
): Promise<'active' | 'inactive' | 'deleted' | 'unknown'> {
  try {
    const list = await world.signed(signerPair, (signer, options) => world.shop.iam.listKeys(signer, options))
    const found = list.keys.find((key) => key.id === id)
    if (!found) return 'deleted'
    return found.status === 'Active' ? 'active' : 'inactive'
  } catch (error) {
    if (error instanceof AwsFailure && error.kind === 'denied') return 'unknown'
    throw error
  }
}
