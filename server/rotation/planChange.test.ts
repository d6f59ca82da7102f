import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { PlanChange, PlanRequest } from '../api/plan.ts'
import { changedRequest } from './planChange.ts'

const ids = ['AKIAAAAAAAAAAAAAAAA1', 'AKIABBBBBBBBBBBBBBB2', 'AKIACCCCCCCCCCCCCCC3'] as const
const [a, b, c] = ids
const ask: PlanRequest = { keys: 'all', oldKey: 'deactivate' }
const line = (key: string, spare: string, decided = true) => ({
  key,
  spare,
  class: 'ours-quiet' as const,
  decided,
})
const changed = (request: PlanRequest, ...changes: PlanChange[]) =>
  changes.reduce((now, change) => changedRequest({ request: now, makeRoom: [] }, change), request)

it('names a spare, merges two, and takes either back', () => {
  const room = { key: a, spare: b }
  const spare = changed(ask, { room: { ...room, how: 'delete' } })
  expect(spare).toEqual({ ...ask, deleteSpares: [b] })
  const merge = changed(spare, { room: { ...room, how: 'merge' } })
  expect(merge).toEqual({ ...ask, merge: [a, b] })
  expect(changed(merge, { room: { ...room, how: 'ask' } })).toEqual(ask)
})

it('of what went without being named the others are named where one is taken back', () => {
  const makeRoom = [line(a, 'spareA'), line(b, 'spareB'), line(c, 'spareC', false)]
  const change: PlanChange = { room: { key: a, spare: 'spareA', how: 'ask' } }
  expect(changedRequest({ request: ask, makeRoom }, change)).toEqual({
    ...ask,
    makeRoom: 'ask',
    deleteSpares: ['spareB'],
  })
  // Named ones are only named no more.
  const named = { ...ask, deleteSpares: ['spareA'] }
  expect(changedRequest({ request: named, makeRoom }, change)).toEqual(ask)
})

it('keeps old keys for some days, and forgets these with another answer', () => {
  const kept = changed(ask, { oldKey: 'keep', keepDays: 7 })
  expect(kept).toEqual({ keys: 'all', oldKey: 'keep', keepDays: 7 })
  expect(changed(kept, { oldKey: 'keep' })).not.toHaveProperty('keepDays')
})

it('chooses a signer for one key, and none again', () => {
  const signed = changed(ask, { signer: { key: a, profile: 'x' } }, { signer: { key: b, profile: 'y' } })
  expect(changed(signed, { signer: { key: a, profile: 'z' } }).signers).toEqual([
    { key: b, profile: 'y' },
    { key: a, profile: 'z' },
  ])
  expect(changed(signed, { signer: { key: a } }, { signer: { key: b } })).toEqual(ask)
})

const key = fc.constantFrom(...ids)
const change: fc.Arbitrary<PlanChange> = fc.oneof(
  fc.record({ oldKey: fc.constantFrom('deactivate' as const, 'delete' as const, 'keep' as const) }),
  fc.record({ leaveOut: fc.record({ keys: fc.array(key, { minLength: 1 }), on: fc.boolean() }) }),
  fc.record({ keepActive: fc.record({ keys: fc.array(key, { minLength: 1 }), on: fc.boolean() }) }),
  fc.record({ signer: fc.record({ key, profile: fc.constantFrom('x', 'y') }) }),
  fc.record({
    room: fc.record({ key, spare: key, how: fc.constantFrom('delete' as const, 'ask' as const) }),
  }),
)

it('no change undoes one of another kind', () => {
  fc.assert(
    fc.property(fc.array(change), change, (before, last) => {
      const then = changed(ask, ...before)
      const now = changedRequest({ request: then, makeRoom: [] }, last)
      const touched =
        'room' in last ? ['deleteSpares', 'merge'] : 'signer' in last ? ['signers'] : Object.keys(last)
      const others = (request: PlanRequest) =>
        Object.fromEntries(Object.entries(request).filter(([name]) => !touched.includes(name)))
      expect(others(now)).toEqual(others(then))
    }),
  )
})
