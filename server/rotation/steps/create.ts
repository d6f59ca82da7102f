import { AwsFailure, type AwsFailureKind } from '../../keys/iam.ts'
import { Failure } from '../../platform/failure.ts'
import { Patience } from '../../platform/patience.ts'
import type { KeyPair } from '../../profiles/keyPair.ts'
import type { Facts } from '../entries.ts'
import type { Step } from '../machine.ts'
import { deleteOurs, findStray, NotOurs } from '../strayKey.ts'
import type { World } from '../world.ts'
import { listedNow } from './check.ts'
import { newKeyOf } from './facts.ts'

/** The quota may linger for a moment after a key was deleted. */
const roomPatienceMs = 30_000
/** The list of before must be younger than this, in milliseconds: a key that is made after it may be another's. */
const listAgeMs = 2_000
const mayHaveActed: ReadonlySet<AwsFailureKind> = new Set(['ambiguous', 'aborted', 'other'])

/**
 * Makes the new key. Each CreateAccessKey is sent once (the SDK would repeat a lost reply and orphan a key); a
 * lost reply is resolved by looking, and only then is it tried once more.
 */
export const create: Step<World> = {
  name: 'create',
  async before(world, known) {
    return asked(world, known, await world.fromPair())
  },
  async do(world, known) {
    const { acts, clock, settings } = world.shop
    const from = await world.fromPair()
    let room: Patience | undefined
    let facts: Facts = known
    let second = false
    for (;;) {
      try {
        const places = world.profiles.map((profile) => ({ ...profile, id: from.id }))
        const made = await acts.create(world, from, places)
        // No new key is one that was there before: nobody who answers so made it, and the list must tell what is.
        if (idsIn(known['keysBefore']).includes(made.id)) throw new AwsFailure('ambiguous', oldKeyForNew)
        world.rememberTo(made)
        return { newKey: made.id }
      } catch (error) {
        if (!(error instanceof AwsFailure)) throw error
        const full = error.kind === 'quota' ? await whoFills(world, known, facts, from) : undefined
        if (full === 'nobody' && !(room ??= new Patience(clock, roomPatienceMs)).over) {
          world.note('Waiting for AWS to notice that there is room again')
          await world.pause(settings().verification.intervalMs)
        } else if (error.kind === 'ambiguous' && !second) {
          second = true
          facts = { ...facts, ...(await lost(world)) }
          facts = { ...facts, ...(await settleLostReply(world, facts)) }
        } else {
          // Said at once, so that neither the rollback nor a recovery waits for a key that was never made.
          if (!mayHaveActed.has(error.kind)) await world.record('create', { createRefused: true })
          else await lost(world)
          if (full === 'another') throw overtaken(error)
          throw error.kind === 'ambiguous' ? lostAgain(error) : error
        }
        // After a lost reply the list of before it stays: in a newer one its key would pass for an older one.
        const again = second ? request(world) : await asked(world, facts, from)
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
    try {
      await deleteOurs(world, id, known)
    } catch (error) {
      if (!(error instanceof NotOurs)) throw error
      await world.alarm(error.trouble)
      return { newKey: null }
    }
    await world.shop.acts.drop(world, world.spec.from, [world.spec.from])
    return { newKey: null, deletedNew: id }
  },
}

/**
 * Who took the room that the check had found, by the list as it is now. Nobody: AWS still counts a key that is gone, be it
 * the one that made room, one of a lost reply, or one that an earlier run or a person deleted a moment ago.
 */
async function whoFills(
  world: World,
  known: Facts,
  facts: Facts,
  from: KeyPair,
): Promise<'nobody' | 'another' | undefined> {
  const unseen = known['spareDeleted'] === true ? 'nobody' : undefined
  if (!Array.isArray(known['keysBefore'])) return unseen
  const expected = new Set([...idsIn(known['keysBefore']), ...idsIn(facts['strays']), ...world.ours()])
  return world
    .signed(from, (signer, options) => world.shop.iam.listKeys(signer, options))
    .then(
      ({ keys }) => (keys.every(({ id }) => expected.has(id)) ? 'nobody' : 'another'),
      () => unseen,
    )
}

/** Whether it acted is looked for, and what it made deleted, before a rotation with these words ends. */
function lostAgain(cause: AwsFailure): Failure {
  return new Failure(
    {
      ...cause.trouble,
      title: 'AWS’s replies are lost on the way',
      detail:
        'CreateAccessKey was sent twice, and neither time did AWS’s reply arrive. A key that it made all the same is deleted again.',
    },
    { cause },
  )
}

/** To advise deleting a key could cost someone else the one they have just made. */
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
  try {
    await deleteOurs(world, stray.key, { ...known, secretLost: true })
  } catch (error) {
    if (error instanceof NotOurs) await world.record('create', { newKey: null, createRefused: true })
    throw error
  }
  await world.record('create', { newKey: null, secretLost: false, strays })
  return { strays }
}

/** From when AWS can no longer have been asked: what is made later is another's. */
async function lost(world: World): Promise<Facts> {
  const facts = { lostAt: new Date(world.shop.clock.now()).toISOString() }
  await world.record('create', facts)
  return facts
}

const idsIn = (fact: unknown): readonly unknown[] => (Array.isArray(fact) ? fact : [])

const oldKeyForNew = {
  name: 'outcome-unknown',
  title: 'The answer is not one of IAM’s',
  detail: 'Who answered gave out a key that was there before as a new one.',
  remedy: 'Look at the endpoint that is configured for this profile.',
  action: 'iam:CreateAccessKey',
}

/**
 * What is durable before the request: when it was, and which keys there were. The list of `check` serves while it is
 * fresh; an older one would let a key that somebody else makes meanwhile pass for ours.
 */
async function asked(world: World, known: Facts, from: KeyPair): Promise<Facts> {
  const { clock, iam } = world.shop
  const age = clock.now() - Date.parse(String(known['listedAt']))
  let listed: Facts = {}
  if (Array.isArray(known['keysBefore']) && !(age >= 0 && age <= listAgeMs)) {
    listed = listedNow(world, await world.signed(from, (signer, options) => iam.listKeys(signer, options)))
  }
  return { ...listed, ...request(world) }
}

function request(world: World): Facts {
  return {
    requestedAt: new Date(world.shop.clock.now()).toISOString(),
    createRefused: false,
    lostAt: null,
  }
}
