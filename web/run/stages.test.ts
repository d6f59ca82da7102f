import { expect, it } from 'vitest'
import { rotation, steps } from '../fixtures.ts'
import { busiest, stagesOf } from './stages.ts'

const at = (done: number, state: 'running' | 'pending' | 'failed' = 'running') =>
  rotation(['p'], { steps: steps(done, state) })
const short = (list: ReturnType<typeof stagesOf>) =>
  list.map(({ name, through, now }) => [name, through, now])

it('counts at each step who is through it and who is in it', () => {
  expect(short(stagesOf([at(7), at(2), at(2), at(0, 'pending'), at(1, 'failed')]))).toEqual([
    ['check', 4, 0],
    ['create', 3, 0],
    ['verify', 1, 2],
    ['save', 1, 0],
    ['prove', 1, 0],
    ['retire', 1, 0],
    ['confirm', 1, 0],
  ])
})

it('lets a rotation pass a step that it does not have once it is past what comes before', () => {
  const roomy = rotation(['q'], {
    steps: [
      { name: 'check', state: 'done' },
      { name: 'makeRoom', state: 'running' },
      { name: 'create', state: 'pending' },
    ],
  })
  expect(short(stagesOf([at(0), at(1), roomy])).slice(0, 3)).toEqual([
    ['check', 2, 1],
    ['makeRoom', 1, 1],
    ['create', 0, 1],
  ])
})

it('counts one that was rolled back at no step after the one that failed, though these are skipped', () => {
  const back = rotation(['r'], {
    state: 'rolledBack',
    steps: steps(1, 'failed').map((step) =>
      step.state === 'pending' ? { ...step, state: 'skipped' } : step,
    ),
  })
  expect(stagesOf([back]).map(({ through }) => through)).toEqual([1, 0, 0, 0, 0, 0, 0])
})

it('explains the step that most are in, the later one of equals, and none where nothing goes on', () => {
  expect(busiest(stagesOf([at(1), at(2), at(2), at(6)]))?.name).toBe('verify')
  expect(busiest(stagesOf([at(1), at(6)]))?.name).toBe('confirm')
  expect(busiest(stagesOf([at(7), at(0, 'pending')]))).toBeUndefined()
})
