import { AwsFailure, type KeyList } from '../keys/iam.ts'
import { telling } from '../platform/diskTrouble.ts'
import { Failure } from '../platform/failure.ts'
import { Patience } from '../platform/patience.ts'
import type { Trouble } from '../api/problem.ts'
import type { KeyPair } from '../profiles/keyPair.ts'
import type { Facts } from './entries.ts'
import { LeftWaiting } from './machine.ts'
import type { World } from './world.ts'

/** How long AWS may still act on a CreateAccessKey after it was sent, in milliseconds: our timeout and some slack. */
const actWindowMs = 120_000
/** IAM's dates are whole seconds, and two of its hosts may differ a little. */
const dateSlackMs = 2_000

export type Stray =
  | { readonly found: 'none' }
  | { readonly found: 'ours'; readonly key: string }
  | { readonly found: 'unclear'; readonly trouble: Trouble }

/**
 * After a CreateAccessKey whose reply never came: did AWS make a key? CreateAccessKey has no idempotency token, so
 * that the only way to know is to list and compare with what was journaled before. Exactly one new key, made
 * between the request and its timeout by AWS's own clock and never used, is ours with its secret lost. `none` is
 * believed only after 3 lists without it, `orphanPatienceMs` after this look began: ListAccessKeys lags, and no clock
 * that somebody may set can shorten that.
 * @param known must hold `keysBefore`, `requestedAt` and `clockOffsetMs` as create journaled them
 */
export async function findStray(world: World, known: Facts): Promise<Stray> {
  const { clock, settings, iam } = world.shop
  const { intervalMs, orphanPatienceMs } = settings().verification
  const patience = new Patience(clock, orphanPatienceMs)
  const made = windowOf(known)
  const before = known['keysBefore']
  if (!Array.isArray(before) || !made) {
    return {
      found: 'unclear',
      trouble: {
        name: 'stray-unknown',
        title: 'Perhaps a key was made',
        detail:
          'AWS’s reply to CreateAccessKey was lost, and the user’s keys could not be listed before, so that nobody can tell whether it made a key.',
        remedy:
          'Look at the user’s keys in the AWS console; delete one that was made just now and never used.',
      },
    }
  }
  // What another run made is explained.
  const expected = new Set([...before, ...listOf(known['strays']), ...world.ours()].map(String))
  const from = await telling(notTold, () => world.fromPair())
  let absent = 0
  for (;;) {
    const list = await telling(notTold, () =>
      world.signed(from, (signer, options) => iam.listKeys(signer, options)),
    )
    const fresh = list.keys.filter((key) => !expected.has(key.id))
    if (fresh.length > 0)
      return judge(
        world,
        list,
        fresh.map((key) => key.id),
        made,
      )
    absent += 1
    if (absent >= 3 && patience.over) return { found: 'none' }
    world.note('AWS’s reply was lost; looking whether it made a key')
    await world.rest(intervalMs)
  }
}

/** However the run ends, the person must have been told that a key may be there. */
const notTold = 'CreateAccessKey may have been sent, and nobody can tell whether it made a key.'

interface Window {
  /** By AWS's clock, in milliseconds since the epoch. */
  readonly from: number
  readonly to: number
}

/** When AWS can have made the key: from the request to the moment when it was given up, or as long as it could act. */
function windowOf(known: Facts): Window | undefined {
  const offset = Number(known['clockOffsetMs'])
  const requested = Date.parse(String(known['requestedAt'])) + offset
  if (Number.isNaN(requested)) return undefined
  const lost = Date.parse(String(known['lostAt'])) + offset
  const last = requested + actWindowMs
  return { from: requested - dateSlackMs, to: Number.isNaN(lost) ? last : Math.max(last, lost + dateSlackMs) }
}

async function judge(world: World, list: KeyList, fresh: readonly string[], made: Window): Promise<Stray> {
  const shown = fresh.map((id) => `****${id.slice(-4)}`).join(', ')
  const trouble: Trouble = {
    name: 'stray-unclear',
    title: 'An unexplained key',
    detail: `AWS’s reply to CreateAccessKey was lost, and the user now has ${shown}. It cannot be proved that Keyturn made ${fresh.length === 1 ? 'it' : 'them'}, so that nothing was touched.`,
    remedy: 'Look at the key in the AWS console; delete it if nobody knows it, then retry.',
  }
  const [only] = fresh
  if (fresh.length !== 1 || only === undefined) return { found: 'unclear', trouble }
  const createdAt = list.keys.find((key) => key.id === only)?.createdAt
  if (createdAt === undefined || createdAt < made.from || createdAt > made.to) {
    return { found: 'unclear', trouble }
  }
  const unused = await telling(
    `AWS’s reply to CreateAccessKey was lost, and the user now has ${shown}.`,
    async () => neverUsed(world, await world.fromPair(), only),
  )
  return unused ? { found: 'ours', key: only } : { found: 'unclear', trouble }
}

async function neverUsed(world: World, signs: KeyPair, id: string): Promise<boolean> {
  const used = await world.signed(signs, (signer, options) => world.shop.iam.keyLastUsed(signer, id, options))
  return used.at === undefined
}

/** A key that was taken for ours, and that somebody uses: it is on again, and stays. */
export class NotOurs extends Failure {}

/**
 * Deletes a key that Keyturn made and nobody uses. Where the delete is denied it is deactivated and shown.
 * @throws Failure whose words name the key, when it could not be deleted: `key-left` where that was denied; NotOurs
 */
export async function deleteOurs(world: World, id: string, known: Facts): Promise<void> {
  try {
    await deleteUnused(world, id, known)
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    const detail = `Keyturn made ****${id.slice(-4)}, which nothing uses yet, and could not delete it again. ${error.trouble.detail}`
    throw new Failure({ ...error.trouble, detail }, { cause: error })
  }
}

async function deleteUnused(world: World, id: string, known: Facts): Promise<void> {
  const { acts, clock, settings } = world.shop
  const { intervalMs, orphanPatienceMs } = settings().verification
  const from = await world.fromPair()
  // Found in a list, not told in a reply: a key that another machine made in the same seconds would look the same.
  const guessed = known['secretLost'] === true
  try {
    if (guessed && (await watchedUse(world, id, from))) throw new NotOurs(notOurs(id))
    const patience = new Patience(clock, orphanPatienceMs)
    // AWS may not show it yet, nor know it: gone is what is still not there once it must have shown up.
    for (;;) {
      if ((await acts.takeBack(world, id, from, 'deleted', true)) === 'off') return
      if (patience.over) return
      world.note('Making sure that the unused new key is gone')
      await world.rest(intervalMs)
    }
  } catch (error) {
    if (error instanceof AwsFailure && (error.kind === 'denied' || error.kind === 'quarantined'))
      return deactivateInstead(world, id, error)
    throw error
  }
}

/** Turns it off, and looks for as long as AWS may take to tell of a use. @returns whether somebody uses it: then it is on again */
async function watchedUse(world: World, id: string, from: KeyPair): Promise<boolean> {
  const { acts, clock, settings } = world.shop
  const { intervalMs, orphanPatienceMs } = settings().verification
  if ((await acts.takeBack(world, id, from, 'turned off', true)) === 'gone') return false
  const patience = new Patience(clock, orphanPatienceMs)
  for (;;) {
    if (!(await neverUsed(world, from, id))) {
      await acts.turnOn(world, from, id)
      return true
    }
    if (patience.over) return false
    world.note('Making sure that nobody uses the key of the lost reply')
    await world.rest(10 * intervalMs)
  }
}

function notOurs(id: string): Trouble {
  return {
    name: 'stray-unclear',
    title: 'An unexplained key',
    detail: `AWS’s reply to CreateAccessKey was lost, and ****${id.slice(-4)} appeared at that moment; but somebody uses it, so that Keyturn cannot have made it. It is active.`,
    remedy: 'Look at the key in the AWS console; retry once it is known whose it is.',
  }
}

async function deactivateInstead(world: World, id: string, denied: AwsFailure): Promise<never> {
  const from = await world.fromPair()
  const off = await world.shop.acts.takeBack(world, id, from, 'turned off', true).then(
    () => true,
    (error: unknown) => {
      if (error instanceof LeftWaiting) throw error
      return false
    },
  )
  throw new Failure(
    {
      ...denied.trouble,
      name: 'key-left',
      title: 'A new key is left over',
      detail: `Keyturn made ****${id.slice(-4)} but its secret is lost or unused, and deleting it was denied. It is ${off ? 'inactive' : 'still active'} on the user.`,
      remedy: `Delete ${id} in the AWS console, or allow iam:DeleteAccessKey and retry.`,
    },
    { cause: denied },
  )
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
