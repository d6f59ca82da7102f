import { telling } from '../../platform/diskTrouble.ts'
import { Failure } from '../../platform/failure.ts'
import { type Facts, spareOf } from '../entries.ts'
import type { Step } from '../machine.ts'
import { refused, seconds } from '../polling.ts'
import type { World } from '../world.ts'
import { newKeyOf } from './facts.ts'

/** The old key is refused, and nobody made a key meanwhile that we do not know. */
export const confirm: Step<World> = {
  name: 'confirm',
  async do(world, known) {
    const { store } = world.shop
    const id = newKeyOf(world, known)
    const truth =
      world.spec.retire === 'keep'
        ? 'The new key is in use; the old one was kept.'
        : `The new key is in use; AWS took the old key ****${world.spec.from.slice(-4)} for ${known['oldKey'] === 'deleted' ? 'deleted' : 'inactive'}, and only the last look is missing.`
    const { refusedAt, notes } = await telling(truth, async () => {
      const refusedAt = world.spec.retire === 'keep' ? undefined : await mustBeRefused(world)
      const reconciled = await store.reconcile()
      await lookForStrangers(world, known, id)
      return { refusedAt, notes: reconciled.notes }
    })
    await keepPairs(world, id, known)
    return {
      ...(refusedAt !== undefined && { refusedAt: new Date(refusedAt).toISOString() }),
      ...(notes.length > 0 && { foreignWrites: notes }),
    }
  },
}

/** @returns when AWS refused it, by AWS's own clock; undefined where no reply told */
async function mustBeRefused(world: World): Promise<number | undefined> {
  // After a restart with `undoDays` 0 the secret may be gone: then the list alone tells.
  const old = await world.maybeFromPair()
  if (!old) return undefined
  const refusal = await refused(world, old, 3)
  if (refusal) return refusal.date
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
  const strays = (known['strays'] as unknown[] | undefined) ?? []
  const expected = new Set<unknown>([...before, ...strays, ...world.ours(), id])
  for (const key of list.keys) {
    if (expected.has(key.id)) continue
    await world.alarm({
      name: 'intruder-key',
      title: 'A key that nobody here made',
      detail: `During this run the access key ${key.id} appeared on the user. Keyturn did not make it.`,
      remedy:
        'If you do not know it, someone else holds this user: deactivate it in the AWS console and look at CloudTrail.',
    })
  }
}

/** The pair that works stays kept beside the file for `undoDays`, and the old one while it could come back. */
async function keepPairs(world: World, id: string, known: Facts): Promise<void> {
  const { undo, acts, settings } = world.shop
  const { from, kind } = world.spec
  const others = [id]
  const spare = spareOf(world.spec)
  if (spare !== undefined) await acts.drop(world, spare, 'gone')
  // The entry of the rotation that this undoes: its old pair is in the files again, and its new one is off.
  if (kind === 'restore') await acts.drop(world, id, others)
  if (settings().undoDays === 0) return acts.drop(world, from, others)
  await undo.confirm(from, kind === 'rotate' && known['oldKey'] !== 'deleted')
}
