import { expect, it } from 'vitest'
import { denied, rotation } from '../fixtures.ts'
import { failuresOf } from './failures.ts'

it('puts what failed for one reason together, and leaves the rest to its row', () => {
  const failed = (name: string, part = {}) =>
    rotation([name], { state: 'rolledBack', problem: { ...denied, detail: `${name} may not.`, ...part } })
  const found = failuresOf([
    failed('a'),
    rotation(['fine']),
    failed('b', { requestId: 'another' }),
    failed('c', { action: 'iam:DeleteAccessKey' }),
  ])
  expect(found.map(({ rotations }) => rotations.map(({ profiles }) => profiles[0]?.name))).toEqual([
    ['a', 'b'],
  ])
})
