import { describe, expect, it } from 'vitest'
import type { StepView } from '../../server/api/run.ts'
import { ago, now, rotation, run } from '../fixtures.ts'
import { paceOf, timeLeft } from './pace.ts'

const took = (name: StepView['name'], seconds: number): StepView => ({
  name,
  state: 'done',
  startedAt: ago(0, 100),
  finishedAt: ago(0, 100 - seconds),
})
const past = run([
  rotation(['a'], { steps: [took('verify', 8), took('confirm', 4)] }),
  rotation(['b'], { steps: [took('verify', 12), { name: 'save', state: 'done' }] }),
  rotation(['c'], { steps: [took('verify', 30)] }),
])

it('takes the middle of what each step took', () =>
  expect(paceOf([past])).toEqual({ verify: 12_000, confirm: 4_000 }))

describe('what is left', () => {
  const going = (elapsed: number, ...done: StepView[]) =>
    run(
      [
        rotation(['a'], {
          state: 'running',
          steps: [
            ...done,
            { name: 'verify', state: 'running', startedAt: ago(0, elapsed) },
            { name: 'confirm', state: 'pending' },
          ],
        }),
        rotation(['b'], { state: 'rolledBack', steps: [] }),
      ],
      { state: 'running' },
    )

  it('is what the steps of the longest rotation usually take', () => {
    expect(timeLeft(going(2), paceOf([past]), now)).toBe(14_000)
    expect(timeLeft(going(20), paceOf([past]), now)).toBe(4_000)
    expect(timeLeft(going(60), paceOf([past]), now)).toBe(Infinity)
  })

  it('goes by this run where it has shown a step', () => {
    const own = going(2)
    own.rotations.push(rotation(['c'], { steps: [took('verify', 20)] }))
    expect(timeLeft(own, paceOf([past]), now)).toBe(22_000)
  })

  it('is not known where a step was never seen', () => expect(timeLeft(going(2), {}, now)).toBeUndefined())
})
