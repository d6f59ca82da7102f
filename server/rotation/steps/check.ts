import { AwsFailure, type KeyList } from '../../keys/iam.ts'
import { Failure } from '../../platform/failure.ts'
import type { Which } from '../../api/inventory.ts'
import { type Facts, spareOf } from '../entries.ts'
import type { Step } from '../machine.ts'
import { Patience } from '../../platform/patience.ts'
import { standsAt, type World } from '../world.ts'

/** Everything that can fail should fail here, before a key is made. Changes nothing. */
export const check: Step<World> = {
  name: 'check',
  async do(world) {
    const { iam, store } = world.shop
    const { from: old, merge } = world.spec
    // Before anything is made: a file that cannot be read may hold this key too.
    const snapshot = await world.knownFiles([old, ...(merge ? [merge.key] : [])])
    for (const profile of world.profiles) {
      const holds = merge?.profiles.includes(profile) ? merge.key : old
      // Unified by an earlier try whose rollback could not bring the deleted key back.
      const unified = standsAt(snapshot, profile, old, undefined) === 'old'
      if (!unified && standsAt(snapshot, profile, holds, undefined) !== 'old') {
        throw new Failure({
          name: 'file-moved',
          title: 'The file changed',
          detail: `[${profile.name}] no longer holds ****${holds.slice(-4)}; someone else changed it. Nothing was done.`,
          remedy: 'Check the keys again and make a new plan.',
        })
      }
    }
    const from = await world.fromPair()
    const identity = await iam.whoAmI(world.own(from), world.calls())
    if (identity.kind === 'root') throw new Failure(rootKey)
    if (world.spec.account && !world.spec.account.derived && identity.account !== world.spec.account.id) {
      throw new Failure({
        name: 'other-identity',
        title: 'Another account answered',
        detail: `The key belongs to account ${identity.account}, not to ${world.spec.account.id} as planned. Nothing was done.`,
        remedy: 'Check the keys again and make a new plan.',
      })
    }
    const own = await ownList(world, from)
    const ownListDenied = own === undefined
    const list = await listedWithRoom(world, from, own)
    await store.preflight([...new Set(world.profiles.map((profile): Which => profile.file))])
    await world.shop.stateWritable()
    // One that must not run is refused now, not when the old key waits for it.
    await world.shop.hooks.any()
    return {
      account: identity.account,
      ...(identity.userName && { user: identity.userName }),
      ...(list && {
        ...listedNow(world, list),
        statuses: Object.fromEntries(list.keys.map((key) => [key.id, key.status])),
      }),
      ownListDenied,
    }
  },
}

/** What a list tells of the user's keys before one is made; `listedAt` by this process's own clock. */
export function listedNow(world: World, list: KeyList): Facts {
  const { clock } = world.shop
  return {
    keysBefore: list.keys.map((key) => key.id),
    listedAt: new Date(clock.now()).toISOString(),
    clockOffsetMs: list.date === undefined ? 0 : list.date - clock.now(),
  }
}

export const rootKey = {
  name: 'root-key',
  title: 'A root key',
  detail: 'This key belongs to the account’s root user. Keyturn does not touch root keys.',
  remedy:
    'AWS advises to have none: sign in as root and delete it under Security credentials, once nothing uses it.',
}

/** The list as the pair itself gets it; undefined where IAM refuses: verify then takes the same refusal of the new pair for a pass. */
async function ownList(
  world: World,
  from: Awaited<ReturnType<World['fromPair']>>,
): Promise<KeyList | undefined> {
  try {
    return await world.shop.iam.listKeys(world.own(from), world.calls())
  } catch (error) {
    if (error instanceof AwsFailure && (error.kind === 'denied' || error.kind === 'mfa-required'))
      return undefined
    throw error
  }
}

/** The user's keys by whoever signs; undefined where listing is denied and the plan deletes no other key. */
async function listed(
  world: World,
  from: Awaited<ReturnType<World['fromPair']>>,
): Promise<KeyList | undefined> {
  try {
    return await world.signed(from, (signer, options) => world.shop.iam.listKeys(signer, options))
  } catch (error) {
    // Without a list nobody knows whether the key that makes room was active, which its undo must know.
    const neededForUndo = world.spec.spare !== undefined || world.spec.merge !== undefined
    if (error instanceof AwsFailure && error.kind === 'denied' && !neededForUndo) return undefined
    throw error
  }
}

/** For how many intervals a list may still show a key that a rollback deleted a moment ago. */
const listPatience = 10

/**
 * The same, once it shows room for a new key.
 * @param own what the pair itself was told; an administrator must show that it may look
 * @throws Failure `no-room`
 */
async function listedWithRoom(
  world: World,
  from: Awaited<ReturnType<World['fromPair']>>,
  own: KeyList | undefined,
): Promise<KeyList | undefined> {
  const { clock, settings } = world.shop
  const toDelete = spareOf(world.spec)
  const { intervalMs } = settings().verification
  const patience = new Patience(clock, listPatience * intervalMs)
  let known = world.spec.adminProfile === undefined ? own : undefined
  for (;;) {
    const list = known ?? (await listed(world, from))
    known = undefined
    const left =
      list?.keys.map((key) => key.id).filter((id) => id !== world.spec.from && id !== toDelete) ?? []
    if (left.length === 0) return list
    if (patience.over) throw noRoom(left)
    world.note('Looking whether the user really has no room for a new key')
    await world.pause(intervalMs)
  }
}

function noRoom(left: readonly string[]): Failure {
  const shown = left.map((id) => `****${id.slice(-4)}`).join(' and ')
  return new Failure({
    name: 'no-room',
    title: 'No room for a new key',
    detail: `AWS allows two keys per user, and this user also has ${shown}. Nothing was done.`,
    remedy: 'Make a new plan and pick what happens to the other key.',
  })
}
