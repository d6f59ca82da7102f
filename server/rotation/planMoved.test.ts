import { expect, it } from 'vitest'
import { whatMoved } from './planMoved.ts'
import { a, b, c, finding, held, rows } from './testing/planned.ts'

const made = (...parts: Parameters<typeof rows>) => rows(...parts).rows
const one = made([{ held: held(a), finding: finding(a, 'ann') }])
const sibling = (id: string) => ({ id, status: 'Active', lastUsed: {} })
const ask = { keys: 'all' as const, oldKey: 'deactivate' as const }

it('says nothing of what does not matter', () => {
  const older = made([
    { held: held(a), finding: finding(a, 'ann', { createdAt: '2020-01-01T00:00:00.000Z' }) },
  ])
  expect(whatMoved(one, older)).toEqual([])
})

it('names a key that is not rotated any more, and why', () => {
  const two = made([{ held: held(a), finding: finding(a, 'ann', { siblings: [sibling(b)] }) }])
  expect(whatMoved(one, two)).toEqual(['****AAA1 is not rotated any more: its user has a second key now'])
  const dead = finding(a, 'ann', { problem: { name: 'invalid-key', title: 'Not known', detail: 'X.' } })
  expect(whatMoved(one, made([{ held: held(a), finding: dead }]))).toEqual([
    '****AAA1 is not rotated any more: Not known',
  ])
  expect(whatMoved(one, made([]))).toEqual(['****AAA1 is not rotated any more: it is gone'])
  expect(whatMoved(made([]), one)).toEqual(['****AAA1 would be rotated too'])
})

it('names another key that would go, one that came into use, and another signer', () => {
  const spare = (id: string) =>
    made([{ held: held(a), finding: finding(a, 'ann', { siblings: [sibling(id)] }) }], {
      ...ask,
      deleteSpares: [b, c],
    })
  expect(whatMoved(spare(b), spare(c))).toEqual([
    'For ****AAA1 ****CCC3 would be deleted for good, not ****BBB2',
  ])
  expect(whatMoved(one, spare(b))).toEqual(['For ****AAA1 ****BBB2 would be deleted for good'])
  expect(whatMoved(spare(b), one)).toEqual(['For ****AAA1 no second key is deleted any more'])
  const used = finding(a, 'ann', { lastUsed: { at: '2026-02-28T23:00:00.000Z', service: 's3' } })
  expect(whatMoved(one, made([{ held: held(a), finding: used }]))).toEqual(['****AAA1 has come into use'])
  const admin = made([{ held: held(a), finding: finding(a, 'ann') }], {
    ...ask,
    signers: [{ key: a, profile: 'x' }],
  })
  expect(whatMoved(one, admin)).toEqual(['Another profile would sign for ****AAA1'])
})
