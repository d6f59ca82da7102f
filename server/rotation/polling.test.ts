import { expect, it } from 'vitest'
import { defaultSettings } from '../api/settings.ts'
import { AwsFailure } from '../keys/iam.ts'
import { Secret } from '../profiles/keyPair.ts'
import { refused } from './polling.ts'
import { QuickClock, target } from './testing/machineRoom.ts'
import type { World } from './world.ts'

const pair = { id: 'AKIAPOLLINGPOLLING01', secret: new Secret('x'.repeat(40)) }

/** A world whose STS answers each poll as told, and takes `callMs` to do so; the last answer is repeated. */
function worldThat(answers: readonly ('accepts' | 'refuses')[], callMs: number) {
  const clock = new QuickClock()
  let polls = 0
  const world = {
    shop: {
      clock,
      settings: () => defaultSettings,
      iam: {
        whoAmI: () => {
          clock.advance(callMs)
          const answer = answers[Math.min(polls, answers.length - 1)]
          polls += 1
          return answer === 'accepts'
            ? Promise.resolve({})
            : Promise.reject(new AwsFailure('invalid-key', { name: 'x', title: 'x', detail: 'x' }))
        },
      },
    },
    own: () => ({ kind: 'own', pair, target }),
    calls: () => ({}),
    note: () => undefined,
  }
  return { world: world as unknown as World, polls: () => polls }
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
