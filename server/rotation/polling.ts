import { AwsFailure, type Identity } from '../keys/iam.ts'
import { Failure } from '../platform/failure.ts'
import { Patience } from '../platform/patience.ts'
import type { KeyPair } from '../profiles/keyPair.ts'
import type { Facts } from './entries.ts'
import { LeftWaiting } from './machine.ts'
import { isStop, type World } from './world.ts'

/** `ms` in words for a sentence, such as 90 seconds. */
export function seconds(ms: number): string {
  const whole = Math.round(ms / 1000)
  return whole === 1 ? '1 second' : `${whole} seconds`
}

/** What AWS must say of a pair that passes. */
export interface Expected {
  /** The account that STS must name; undefined where none is known yet. */
  readonly account?: string | undefined
  /** Whether IAM's AccessDenied counts as a pass, since the old pair got the same. */
  readonly denialPasses: boolean
}

/**
 * Polls a pair until STS and IAM have both accepted it `passes` times in a row. IAM is eventually consistent and
 * flaps: one success proves nothing, so that any failure starts the count anew. Until STS has passed once, IAM is
 * not asked. Polls are `settings.verification.intervalMs` apart; half of it after a failure of a key that AWS has
 * accepted before.
 * @param passes how many passes in a row
 * @throws Failure `not-working` after `settings.verification.patienceMs`
 */
export async function provePair(
  world: World,
  pair: KeyPair,
  passes: number,
  { account, denialPasses }: Expected,
): Promise<{ readonly polls: number }> {
  const { clock, iam, settings } = world.shop
  const { intervalMs, patienceMs } = settings().verification
  const signer = world.own(pair)
  const patience = new Patience(clock, patienceMs)
  let inARow = 0
  let polls = 0
  let met = false
  let last: unknown
  for (;;) {
    polls += 1
    try {
      const identity = await iam.whoAmI(signer, world.calls())
      mustBe(identity, account)
      met = true
      await listOrDenied(world, pair, denialPasses)
      inARow += 1
    } catch (error) {
      // Nobody waits for the answer any more.
      if (error instanceof LeftWaiting || isStop(error)) throw error
      if (error instanceof Failure && error.trouble.name === 'other-identity') throw error
      last = error
      inARow = 0
    }
    world.note(
      inARow > 0
        ? `Accepted ${inARow} of ${passes} times in a row`
        : met
          ? 'Not yet everywhere: AWS accepted it once and then did not'
          : 'AWS is spreading the key, usually 5–20 s',
    )
    if (inARow >= passes) {
      world.proofs.passed(pair.id)
      return { polls }
    }
    if (patience.over) {
      throw notWorking(pair, passes, patienceMs, last)
    }
    // A key that flaps is about to settle: the end of a flap is looked for sooner. Passes stay a whole interval apart.
    await world.pause(met && inARow === 0 ? intervalMs / 2 : intervalMs)
  }
}

/** Refused as an unknown key is what waiting was for; anything else in the way says what it is in its own words. */
function notWorking(pair: KeyPair, passes: number, patienceMs: number, last: unknown): Failure {
  const detail = `****${pair.id.slice(-4)} was not accepted ${passes === 1 ? '' : `${passes} times in a row `}within ${seconds(patienceMs)}.`
  const said = last instanceof AwsFailure ? last.trouble : undefined
  if (last instanceof AwsFailure && last.kind !== 'invalid-key' && last.kind !== 'bad-signature') {
    return new Failure({ ...last.trouble, detail: `${detail} ${last.trouble.detail}` }, { cause: last })
  }
  return new Failure(
    {
      name: 'not-working',
      title: 'The key does not work',
      detail,
      remedy: 'Try again later; AWS’s health page says whether IAM is slow today.',
      ...(said?.code && { code: said.code }),
      ...(said?.requestId && { requestId: said.requestId }),
    },
    { cause: last },
  )
}

async function listOrDenied(world: World, pair: KeyPair, denialPasses: boolean): Promise<void> {
  try {
    const { keys } = await world.shop.iam.listKeys(world.own(pair), world.calls())
    // A list that lags, or that shows the key as off, is no pass, though its pair could still ask for it.
    if (!keys.some(({ id, status }) => id === pair.id && status === 'Active'))
      throw new Failure(notListed(pair.id))
  } catch (error) {
    const denied = error instanceof AwsFailure && (error.kind === 'denied' || error.kind === 'mfa-required')
    if (!(denied && denialPasses)) throw error
  }
}

function notListed(id: string) {
  return {
    name: 'not-listed',
    title: 'Not among the user’s active keys',
    detail: `AWS accepts ****${id.slice(-4)} and does not list it as active.`,
  }
}

function mustBe(identity: Identity, account: string | undefined): void {
  if (account === undefined || identity.account === account) return
  throw new Failure({
    name: 'other-identity',
    title: 'Another account answered',
    detail: `The key belongs to account ${identity.account}, not to ${account} as planned.`,
    remedy: 'Check the keys again; the file may have changed.',
  })
}

/**
 * Polls until STS has refused the pair `times` in a row: a deactivated key lives on for some seconds. Patience ends
 * only with an acceptance, since slow calls may have left no time for the last refusals of a row.
 * @returns undefined where it was still accepted after `settings.verification.confirmPatienceMs`; else the last refusal,
 * with its time by AWS's clock (milliseconds since the epoch) where its reply told one
 */
export async function refused(
  world: World,
  pair: KeyPair,
  times: number,
): Promise<{ readonly date?: number } | undefined> {
  const { clock, iam, settings } = world.shop
  const { intervalMs, confirmPatienceMs } = settings().verification
  const patience = new Patience(clock, confirmPatienceMs)
  let inARow = 0
  for (;;) {
    let last = {}
    try {
      await iam.whoAmI(world.own(pair), world.calls())
      inARow = 0
    } catch (error) {
      if (!(error instanceof AwsFailure && error.kind === 'invalid-key')) throw error
      inARow += 1
      last = error.date === undefined ? {} : { date: error.date }
    }
    if (inARow >= times) return last
    if (inARow === 0 && patience.over) return undefined
    world.note(
      inARow > 0
        ? `Refused ${inARow} of ${times} times in a row`
        : 'AWS still accepts the old key for some seconds',
    )
    await world.pause(intervalMs)
  }
}

/** What the journal notes of a refusal: when it was, by AWS's clock, where its reply told that. */
export function refusalFacts({ date }: { readonly date?: number }): Facts {
  return date === undefined ? {} : { refusedAt: new Date(date).toISOString() }
}
