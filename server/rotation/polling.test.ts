import { describe, expect, it } from 'vitest'
import { defaultSettings } from '../api/settings.ts'
import { AwsFailure } from '../keys/iam.ts'
import type { AwsFailureKind } from '../keys/iam.ts'
import { Secret } from '../profiles/keyPair.ts'
import { provePair, refused, seconds } from './polling.ts'
import { QuickClock } from './testing/machineRoom.ts'
import { target } from './testing/target.ts'
import { Proofs, type World } from './world.ts'

const pair = { id: 'AKIAPOLLINGPOLLING01', secret: new Secret('x'.repeat(40)) }

/** A world whose STS answers each poll as told, and takes `callMs` to do so; the last answer is repeated. */
function worldThat(
  answers: readonly ('accepts' | 'refuses')[],
  callMs: number,
  kind: AwsFailureKind = 'invalid-key',
) {
  const clock = new QuickClock()
  const began = clock.now()
  const asked: number[] = []
  let polls = 0
  const world = {
    shop: {
      clock,
      settings: () => defaultSettings,
      iam: {
        listKeys: () => Promise.resolve({ keys: [{ id: pair.id, status: 'Active' }] }),
        whoAmI: () => {
          asked.push(clock.now() - began)
          clock.advance(callMs)
          const answer = answers[Math.min(polls, answers.length - 1)]
          polls += 1
          return answer === 'accepts'
            ? Promise.resolve({})
            : Promise.reject(
                new AwsFailure(kind, {
                  name: kind,
                  title: kind,
                  detail: `It was ${kind}.`,
                  remedy: 'Mend it.',
                }),
              )
        },
      },
    },
    proofs: new Proofs(clock),
    pause: (ms: number) => clock.sleep(ms),
    own: () => ({ kind: 'own', pair, target }),
    calls: () => ({}),
    note: () => undefined,
  }
  return { world: world as unknown as World, polls: () => polls, asked }
}

it('believes an old key dead after refusals in a row, however slow the calls are', async () => {
  const slow = worldThat(['refuses'], defaultSettings.verification.confirmPatienceMs)
  expect(await refused(slow.world, pair, 3)).toBeDefined()
  expect(slow.polls()).toBe(3)
})

it('starts the row anew at each acceptance, and gives up with one after the patience', async () => {
  const flapping = worldThat(['refuses', 'refuses', 'accepts', 'refuses'], 10)
  expect(await refused(flapping.world, pair, 3)).toBeDefined()
  expect(flapping.polls()).toBe(6)
  expect(await refused(worldThat(['accepts'], 1_000).world, pair, 3)).toBeUndefined()
})

it('says what stood in the way of a proof, where it was not the key', async () => {
  const unknown = await provePair(worldThat(['refuses'], 10).world, pair, 3, { denialPasses: false }).catch(
    (e: unknown) => e,
  )
  expect(unknown).toMatchObject({ trouble: { name: 'not-working' } })
  const { world } = worldThat(['refuses'], 10, 'network')
  const away = await provePair(world, pair, 3, { denialPasses: false }).catch((e: unknown) => e)
  expect(away).toMatchObject({
    trouble: {
      name: 'network',
      detail: '****NG01 was not accepted 3 times in a row within 90 seconds. It was network.',
      remedy: 'Mend it.',
    },
  })
})

it('looks sooner for the end of a flap, and leaves passes a whole interval apart', async () => {
  const flapping = worldThat(['refuses', 'refuses', 'accepts', 'refuses', 'refuses', 'accepts'], 0)
  expect(await provePair(flapping.world, pair, 3, { denialPasses: false })).toEqual({ polls: 8 })
  const { intervalMs } = defaultSettings.verification
  expect(flapping.asked.map((ms) => ms / intervalMs)).toEqual([0, 1, 2, 3, 3.5, 4, 5, 6])
})

const { intervalMs, patienceMs, confirmPatienceMs } = defaultSettings.verification
const said = (kind: AwsFailureKind, detail = `It was ${kind}.`) =>
  new AwsFailure(kind, { name: kind, title: kind, detail, code: `Code.${kind}`, requestId: 'req-1' })
type Answer = AwsFailure | Error | string

/** STS answers with an account, IAM with anything; a failure is thrown. The last answer of each is repeated. */
function answering(sts: readonly Answer[], iam: readonly Answer[] = ['']) {
  const clock = new QuickClock()
  const began = clock.now()
  const asked: string[] = []
  const notes: string[] = []
  const next = (name: string, answers: readonly Answer[]) => {
    const nth = asked.filter((each) => each === name).length
    asked.push(name)
    const answer = answers[Math.min(nth, answers.length - 1)]
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  }
  const world = {
    shop: {
      clock,
      settings: () => defaultSettings,
      iam: {
        whoAmI: async () => ({ account: await next('sts', sts) }),
        listKeys: async () => {
          await next('iam', iam)
          return { keys: [{ id: pair.id, status: 'Active' }] }
        },
      },
    },
    proofs: new Proofs(clock),
    pause: (ms: number) => clock.sleep(ms),
    own: () => ({ kind: 'own', pair, target }),
    calls: () => ({}),
    note: (text: string) => notes.push(text),
  }
  return { world: world as unknown as World, asked, notes, waited: () => clock.now() - began }
}
const refusal = said('invalid-key')
const denial = said('denied')
const trouble = (proof: Promise<unknown>) =>
  proof.then(
    () => undefined,
    (error: { trouble?: unknown }) => error.trouble ?? error,
  )

describe('a proof', () => {
  it('is so many passes in a row of both, and IAM is asked only where STS accepts', async () => {
    const { world, asked, notes } = answering([refusal, ''], [refusal, ''])
    expect(await provePair(world, pair, 2, { denialPasses: false })).toEqual({ polls: 4 })
    expect(asked.join(' ')).toBe('sts sts iam sts iam sts iam')
    expect(notes).toEqual([
      'AWS is spreading the key, usually 5–20 s',
      'Not yet everywhere: AWS accepted it once and then did not',
      'Accepted 1 of 2 times in a row',
      'Accepted 2 of 2 times in a row',
    ])
  })

  it('is of the account that was planned, and ends at once where another one answers', async () => {
    const other = answering(['222'])
    expect(await trouble(provePair(other.world, pair, 3, { account: '111', denialPasses: true }))).toEqual({
      name: 'other-identity',
      title: 'Another account answered',
      detail: 'The key belongs to account 222, not to 111 as planned.',
      remedy: 'Check the keys again; the file may have changed.',
    })
    expect(other.asked).toEqual(['sts'])
    expect(
      await provePair(answering(['111']).world, pair, 3, { account: '111', denialPasses: true }),
    ).toEqual({ polls: 3 })
  })

  it.each(['denied', 'mfa-required'] as const)(
    'takes %s of IAM for a pass where the old pair got the same, and only there',
    async (kind) => {
      const iam = [said(kind)]
      expect(await provePair(answering([''], iam).world, pair, 3, { denialPasses: true })).toEqual({
        polls: 3,
      })
      expect(
        await trouble(provePair(answering([''], iam).world, pair, 3, { denialPasses: false })),
      ).toMatchObject({
        name: kind,
      })
    },
  )

  it('takes nothing else for a pass: no refusal of IAM, no denial of STS', async () => {
    for (const iam of [refusal, said('network'), new Error('unforeseen')])
      expect(
        await trouble(provePair(answering([''], [iam, iam, '']).world, pair, 1, { denialPasses: true })),
      ).toBeUndefined()
    expect(
      await provePair(answering([''], [refusal, refusal, '']).world, pair, 1, { denialPasses: true }),
    ).toEqual({
      polls: 3,
    })
    expect(await provePair(answering([denial, '']).world, pair, 1, { denialPasses: true })).toEqual({
      polls: 2,
    })
  })

  it('is given up when patience has run out, not before', async () => {
    const never = answering([refusal])
    expect(await trouble(provePair(never.world, pair, 1, { denialPasses: false }))).toEqual({
      name: 'not-working',
      title: 'The key does not work',
      detail: '****NG01 was not accepted within 90 seconds.',
      remedy: 'Try again later; AWS’s health page says whether IAM is slow today.',
      code: 'Code.invalid-key',
      requestId: 'req-1',
    })
    expect(never.asked).toHaveLength(patienceMs / intervalMs + 1)
    const late = answering([...Array<Answer>(patienceMs / intervalMs).fill(refusal), ''])
    expect(await provePair(late.world, pair, 1, { denialPasses: false })).toEqual({
      polls: patienceMs / intervalMs + 1,
    })
  })

  it('says of a key that is not accepted what AWS said, and of anything else in the way what that is', async () => {
    const failed = (failure: Error) =>
      trouble(provePair(answering([failure]).world, pair, 2, { denialPasses: false }))
    const detail = '****NG01 was not accepted 2 times in a row within 90 seconds.'
    expect(await failed(said('bad-signature'))).toMatchObject({ name: 'not-working', detail })
    expect(await failed(said('throttled'))).toEqual({
      name: 'throttled',
      title: 'throttled',
      detail: `${detail} It was throttled.`,
      code: 'Code.throttled',
      requestId: 'req-1',
    })
    const unforeseen = await failed(new Error('unforeseen'))
    expect(unforeseen).toMatchObject({ name: 'not-working', detail })
    expect(unforeseen).not.toHaveProperty('code')
    expect(unforeseen).not.toHaveProperty('requestId')
    for (const cause of [said('throttled'), new Error('unforeseen')])
      await expect(
        provePair(answering([cause]).world, pair, 2, { denialPasses: false }),
      ).rejects.toHaveProperty('cause', cause)
  })
})

describe('a refusal', () => {
  it('is of the key itself: anything else in the way is no sign that it is off', async () => {
    for (const other of [denial, said('network'), new Error('unforeseen')])
      await expect(refused(answering([refusal, other]).world, pair, 3)).rejects.toBe(other)
  })

  it('is waited for as long as patience lasts, then for the row that has begun', async () => {
    const polls = confirmPatienceMs / intervalMs
    const never = answering([''])
    expect(await refused(never.world, pair, 3)).toBeUndefined()
    expect(never.asked).toHaveLength(polls + 1)
    expect(new Set(never.notes)).toEqual(new Set(['AWS still accepts the old key for some seconds']))
    const late = answering([...Array<Answer>(polls).fill(''), refusal])
    expect(await refused(late.world, pair, 3)).toBeDefined()
    expect(late.notes.slice(-2)).toEqual(['Refused 1 of 3 times in a row', 'Refused 2 of 3 times in a row'])
    expect(late.waited()).toBe(confirmPatienceMs + 2 * intervalMs)
  })
})

it.each([
  [90_000, '90 seconds'],
  [1_000, '1 second'],
  [1_499, '1 second'],
  [1_500, '2 seconds'],
  [0, '0 seconds'],
])('%i ms is %s', (ms, words) => {
  expect(seconds(ms)).toBe(words)
})
