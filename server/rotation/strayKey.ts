import { AwsFailure, type KeyList } from '../keys/iam.ts'
import { Failure } from '../platform/failure.ts'
import type { Trouble } from '../api/problem.ts'
import type { Facts } from './entries.ts'
import type { World } from './world.ts'

/** How long AWS may still act on a CreateAccessKey after it was sent, in milliseconds: our timeout and some slack. */
const actWindowMs = 120_000
/** IAM's dates are whole seconds, and two of its hosts may differ a little. */
const dateSlackMs = 5_000

export type Stray =
  | { readonly found: 'none' }
  | { readonly found: 'ours'; readonly key: string }
  | { readonly found: 'unclear'; readonly trouble: Trouble }

/**
 * After a CreateAccessKey whose reply never came: did AWS make a key? CreateAccessKey has no idempotency token, so
 * that the only way to know is to list and compare with what was journaled before. Exactly one new key, made
 * between the request and its timeout by AWS's own clock and never used, is ours with its secret lost. `none` is
 * believed only after 3 lists without it, at least `orphanPatienceMs` after the request: ListAccessKeys lags.
 * @param known must hold `keysBefore`, `requestedAt` and `clockOffsetMs` as create journaled them
 */
export async function findStray(world: World, known: Facts): Promise<Stray> {
  const { clock, settings, iam } = world.shop
  const { intervalMs, orphanPatienceMs } = settings().verification
  const before = known['keysBefore']
  const requestedAt = Date.parse(String(known['requestedAt']))
  const sentAt = requestedAt + Number(known['clockOffsetMs'])
  if (!Array.isArray(before) || Number.isNaN(sentAt)) {
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
  const known2 = new Set([...before, ...listOf(known['strays'])].map(String))
  const from = await world.fromPair()
  const deadline = requestedAt + orphanPatienceMs
  let absent = 0
  for (;;) {
    const list = await world.signed(from, (signer, options) => iam.listKeys(signer, options))
    const fresh = list.keys.filter((key) => !known2.has(key.id))
    if (fresh.length > 0)
      return judge(
        world,
        list,
        fresh.map((key) => key.id),
        sentAt,
      )
    absent += 1
    if (absent >= 3 && clock.now() >= deadline) return { found: 'none' }
    world.note('AWS’s reply was lost; looking whether it made a key')
    await clock.sleep(intervalMs)
  }
}

async function judge(world: World, list: KeyList, fresh: readonly string[], sentAt: number): Promise<Stray> {
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
  if (createdAt === undefined || createdAt < sentAt - dateSlackMs || createdAt > sentAt + actWindowMs) {
    return { found: 'unclear', trouble }
  }
  const from = await world.fromPair()
  const used = await world.signed(from, (signer, options) =>
    world.shop.iam.keyLastUsed(signer, only, options),
  )
  return used.at === undefined ? { found: 'ours', key: only } : { found: 'unclear', trouble }
}

/**
 * Deletes a key that Keyturn made and nobody uses. Where the delete is denied it is deactivated and shown.
 * @throws Failure whose words name the key, when it could not be deleted: `key-left` where that was denied
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
  const { iam, clock, settings } = world.shop
  const { intervalMs, orphanPatienceMs } = settings().verification
  const from = await world.fromPair()
  const deadline = Date.parse(String(known['requestedAt'])) + orphanPatienceMs
  // 'Not found' of a key made a moment ago may only mean 'not yet': gone is what three lists do not show.
  let absent = 0
  while (absent < 3 || clock.now() < deadline) {
    try {
      await world.signed(from, (signer, options) => iam.deleteKey(signer, id, options))
      return
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error
      if (error.kind === 'denied' || error.kind === 'quarantined')
        return await deactivateInstead(world, id, error)
      if (error.kind !== 'not-found') throw error
    }
    const list = await world.signed(from, (signer, options) => iam.listKeys(signer, options))
    absent = list.keys.some((key) => key.id === id) ? 0 : absent + 1
    world.note('Making sure that the unused new key is gone')
    await clock.sleep(intervalMs)
  }
}

async function deactivateInstead(world: World, id: string, denied: AwsFailure): Promise<never> {
  const from = await world.fromPair()
  const off = await world
    .signed(from, (signer, options) => world.shop.iam.setKeyStatus(signer, id, 'Inactive', options))
    .then(
      () => true,
      () => false,
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
