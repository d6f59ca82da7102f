import { expect, it } from 'vitest'
import { defaultSettings } from '../api/settings.ts'
import { AwsFailure } from '../keys/iam.ts'
import type { AwsFailureKind } from '../keys/iam.ts'
import { Secret } from '../profiles/keyPair.ts'
import { provePair, refused } from './polling.ts'
import { QuickClock } from './testing/machineRoom.ts'
import { target } from './testing/target.ts'
import type { World } from './world.ts'

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
        listKeys: () => Promise.resolve({ keys: [] }),
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
    pause: (ms: number) => clock.sleep(ms),
    own: () => ({ kind: 'own', pair, target }),
    calls: () => ({}),
    note: () => undefined,
  }
  return { world: world as unknown as World, polls: () => polls, asked }
}

it('believes an old key dead after refusals in a row, however slow the calls are', async () => {
  const slow = worldThat(['refuses'], defaultSettings.verification.confirmPatienceMs)
  expect(await refused(slow.world, pair, 3)).toBe(true)
  expect(slow.polls()).toBe(3)
})

it('starts the row anew at each acceptance, and gives up with one after the patience', async () => {
  const flapping = worldThat(['refuses', 'refuses', 'accepts', 'refuses'], 10)
  expect(await refused(flapping.world, pair, 3)).toBe(true)
  expect(flapping.polls()).toBe(6)
  expect(await refused(worldThat(['accepts'], 1_000).world, pair, 3)).toBe(false)
})

it('says what stood in the way of a proof, where it was not the key', async () => {
  const unknown = await provePair(worldThat(['refuses'], 10).world, pair, 3, {}, false).catch(
    (e: unknown) => e,
  )
  expect(unknown).toMatchObject({ trouble: { name: 'not-working' } })
  const { world } = worldThat(['refuses'], 10, 'network')
  const away = await provePair(world, pair, 3, {}, false).catch((e: unknown) => e)
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
  expect(await provePair(flapping.world, pair, 3, {}, false)).toEqual({ polls: 8 })
  const { intervalMs } = defaultSettings.verification
  expect(flapping.asked.map((ms) => ms / intervalMs)).toEqual([0, 1, 2, 3, 3.5, 4, 5, 6])
})
