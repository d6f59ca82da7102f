import { AwsFailure, type AwsFailureKind } from '../../keys/iam.ts'
import { Failure } from '../../platform/failure.ts'
import type { Facts } from '../entries.ts'
import type { Step } from '../machine.ts'
import { deleteOurs, findStray } from '../strayKey.ts'
import type { World } from '../world.ts'
import { newKeyOf } from './save.ts'

/** The quota may linger for a moment after the spare key was deleted. */
const roomPatienceMs = 30_000
const mayHaveActed: ReadonlySet<AwsFailureKind> = new Set(['ambiguous', 'aborted', 'other'])

/**
 * Makes the new key. Each CreateAccessKey is sent once (the SDK would repeat a lost reply and orphan a key); a
 * lost reply is resolved by looking, and only then is it tried once more.
 */
export const create: Step<World> = {
  name: 'create',
  async before(world) {
    return asked(world)
  },
  async do(world, known) {
    const { iam, clock, settings } = world.shop
    const from = await world.fromPair()
    const roomUntil = clock.now() + roomPatienceMs
    let facts: Facts = known
    let second = false
    for (;;) {
      try {
        const made = await world.signed(from, (signer, options) => iam.createKey(signer, options))
        world.rememberTo(made.pair)
        return { newKey: made.pair.id }
      } catch (error) {
        if (!(error instanceof AwsFailure)) throw error
        const lingering = error.kind === 'quota' && known['spareDeleted'] === true && clock.now() < roomUntil
        if (lingering) {
          world.note('Waiting for AWS to notice that there is room again')
          await world.pause(settings().verification.intervalMs)
        } else if (error.kind === 'ambiguous' && !second) {
          second = true
          facts = { ...facts, ...(await settleLostReply(world, facts)) }
        } else {
          // Said at once, so that neither the rollback nor a recovery waits for a key that was never made.
          if (!mayHaveActed.has(error.kind)) await world.record('create', { createRefused: true })
          throw error.kind === 'quota' && Array.isArray(known['keysBefore']) ? overtaken(error) : error
        }
        const again = asked(world)
        await world.record('create', again)
        facts = { ...facts, ...again }
      }
    }
  },
  async settle(world, known) {
    if (typeof known['newKey'] === 'string') return { found: 'in' }
    if (known['createRefused'] === true) return { found: 'out' }
    const stray = await findStray(world, known)
    if (stray.found === 'none') return { found: 'out' }
    if (stray.found === 'ours') return { found: 'in', facts: { newKey: stray.key, secretLost: true } }
    return { found: 'unclear', trouble: stray.trouble }
  },
  async undo(world, known) {
    const id = newKeyOf(world, known)
    await deleteOurs(world, id, known)
    return { newKey: null, deletedNew: id }
  },
}

/** The check had found room: to advise deleting a key could cost someone else the one they have just made. */
function overtaken(quota: AwsFailure): Failure {
  return new Failure(
    {
      ...quota.trouble,
      title: 'Someone else made a key at the same time',
      detail:
        'There was room for a new key a moment ago, and now the user has two: another program has made one, perhaps another Keyturn. No key was made here.',
      remedy: 'Let the other program finish, then check the keys again.',
    },
    { cause: quota },
  )
}

/** One lost reply within the step: what AWS made is deleted again, and then there is room for another try. */
async function settleLostReply(world: World, known: Facts): Promise<Facts> {
  const stray = await findStray(world, known)
  if (stray.found === 'unclear') throw new Failure(stray.trouble)
  if (stray.found === 'none') return {}
  const strays = [...((known['strays'] as string[] | undefined) ?? []), stray.key]
  // Durable before the delete: after a crash the undo must know whose key this is.
  await world.record('create', { newKey: stray.key, secretLost: true })
  await deleteOurs(world, stray.key, known)
  await world.record('create', { newKey: null, secretLost: false, strays })
  return { strays }
}

function asked(world: World): Facts {
  return { requestedAt: new Date(world.shop.clock.now()).toISOString(), createRefused: false }
}
