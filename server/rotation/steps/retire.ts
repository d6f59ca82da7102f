import { AwsFailure } from '../../keys/iam.ts'
import { telling } from '../../platform/diskTrouble.ts'
import { Failure } from '../../platform/failure.ts'
import type { KeyPair } from '../../profiles/keyPair.ts'
import { type Facts, spareOf } from '../entries.ts'
import type { Step } from '../machine.ts'
import { provePair, refused, seconds } from '../polling.ts'
import type { World } from '../world.ts'
import { accountOf, newKeyOf, settleForeignWrites } from './save.ts'

/** Deploys the new pair where else it is needed, before the old key goes; a failing hook keeps the old key active. */
export const hook: Step<World> = {
  name: 'hook',
  async do(world, known) {
    if (!(await world.shop.hooks.any())) return { hooks: [] }
    const pair = await world.toPair(newKeyOf(world, known))
    const ran = await world.shop.hooks.run({
      oldKey: world.spec.from,
      pair,
      profiles: world.profiles.map((profile) => profile.name),
      ...accountOf(known),
      user: known['user'] as string | undefined,
    })
    return { hooks: ran }
  },
}

/** Turns the replaced key off, or deletes it, or leaves it, as the plan said. A failure here never undoes. */
export const retire: Step<World> = {
  name: 'retire',
  async do(world, known) {
    if (world.spec.retire === 'keep') return { oldKey: 'active' }
    const id = newKeyOf(world, known)
    const notes = await settleForeignWrites(world, id)
    const to = await world.toPair(id)
    const old = world.spec.from
    const off = await notRetired(world, 'could not be turned off', () => turnOff(world, to, old))
    let oldKey = off === 'gone' ? 'deleted' : 'inactive'
    if (off === 'off' && world.spec.retire === 'delete') {
      await notRetired(world, 'is inactive and could not be deleted', async () => {
        await provePair(world, to, 1, accountOf(known), known['ownListDenied'] === true)
        await remove(world, to, old)
      })
      oldKey = 'deleted'
    }
    return { oldKey, ...(notes.length > 0 && { foreignWrites: notes }) }
  },
  async settle(world, known) {
    const to = await world.toPair(newKeyOf(world, known))
    const oldKey = await notRetired(world, 'may still be active', () => stateOf(world, to, world.spec.from))
    return { found: 'out', facts: { oldKey } }
  },
}

/** The old key is refused, and nobody made a key meanwhile that we do not know. */
export const confirm: Step<World> = {
  name: 'confirm',
  async do(world, known) {
    const { undo, store } = world.shop
    const id = newKeyOf(world, known)
    const truth =
      world.spec.retire === 'keep'
        ? 'The new key is in use; the old one was kept.'
        : `The new key is in use; AWS took the old key ****${world.spec.from.slice(-4)} for ${known['oldKey'] === 'deleted' ? 'deleted' : 'inactive'}, and only the last look is missing.`
    const notes = await telling(truth, async () => {
      if (world.spec.retire !== 'keep') await mustBeRefused(world)
      const reconciled = await store.reconcile()
      await lookForStrangers(world, known, id)
      return reconciled.notes
    })
    await forgetPairs(world, undo, id)
    return notes.length > 0 ? { foreignWrites: notes } : {}
  },
}

/** A failure to retire says first what is true: the new key works, and what has become of the old one. */
function notRetired<T>(world: World, what: string, act: () => Promise<T>): Promise<T> {
  return telling(`The new key is in use; the old key ****${world.spec.from.slice(-4)} ${what}.`, act)
}

async function mustBeRefused(world: World): Promise<void> {
  // After a restart with `undoDays` 0 the secret may be gone: then the list alone tells.
  const old = await world.maybeFromPair()
  if (!old || (await refused(world, old, 3))) return
  throw new Failure({
    name: 'old-key-lingers',
    title: 'AWS still accepts the old key',
    detail: `AWS still accepted the old key after ${seconds(world.shop.settings().verification.confirmPatienceMs)}.`,
    remedy: 'Retry in a minute to make sure.',
  })
}

/** A key that appears during a run and is neither the person's nor ours may be an intruder's. */
async function lookForStrangers(world: World, known: Facts, id: string): Promise<void> {
  const before = known['keysBefore']
  if (!Array.isArray(before)) return
  const to = await world.toPair(id)
  const list = await world.signed(to, (signer, options) => world.shop.iam.listKeys(signer, options))
  await world.learn(id, list)
  const expected = new Set<unknown>([...before, ...((known['strays'] as unknown[] | undefined) ?? []), id])
  for (const key of list.keys) {
    if (expected.has(key.id)) continue
    await world.alarm({
      name: 'unknown-key',
      title: 'A key that nobody here made',
      detail: `During this run the access key ${key.id} appeared on the user. Keyturn did not make it.`,
      remedy:
        'If you do not know it, someone else holds this user: deactivate it in the AWS console and look at CloudTrail.',
    })
  }
}

async function forgetPairs(world: World, undo: World['shop']['undo'], id: string): Promise<void> {
  const { from, kind, retire: mode } = world.spec
  const deleted = spareOf(world.spec)
  if (deleted !== undefined) await undo.remove(deleted)
  if (kind === 'restore') {
    // The old pair is back in the files, and the one that is off is not offered again.
    await undo.remove(id)
    return undo.remove(from)
  }
  if (mode === 'delete' || world.shop.settings().undoDays === 0) return undo.remove(from)
  return undo.trim(from)
}

/** @returns `gone` where somebody deleted it meanwhile */
export async function turnOff(world: World, signerPair: KeyPair, id: string): Promise<'off' | 'gone'> {
  try {
    await world.signed(signerPair, (signer, options) =>
      world.shop.iam.setKeyStatus(signer, id, 'Inactive', options),
    )
    return 'off'
  } catch (error) {
    if (!(error instanceof AwsFailure && error.kind === 'not-found')) throw error
    return 'gone'
  }
}

export async function remove(world: World, signerPair: KeyPair, id: string): Promise<void> {
  try {
    await world.signed(signerPair, (signer, options) => world.shop.iam.deleteKey(signer, id, options))
  } catch (error) {
    if (!(error instanceof AwsFailure && error.kind === 'not-found')) throw error
  }
}

/** What IAM's list says of a key; `unknown` where listing is denied. */
export async function stateOf(
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
