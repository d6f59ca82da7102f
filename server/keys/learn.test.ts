import { expect, it } from 'vitest'
import { findingOf } from './learn.ts'
import type { Finding } from './ports.ts'

const user = { name: 'ann', arn: 'arn:aws:iam::111122223333:user/ann' }
const now = Date.parse('2026-03-01T12:00:00Z')

it('finds what a check would have found, and keeps the last uses that were known before', () => {
  const before: Finding = {
    id: 'AKIAOLD0000000000000',
    asOf: '2026-02-01T00:00:00.000Z',
    user,
    lastUsed: { at: '2026-01-31T00:00:00.000Z', service: 's3' },
    siblings: [
      { id: 'AKIASPARE00000000000', status: 'Active', lastUsed: { at: '2025-01-01T00:00:00.000Z' } },
    ],
  }
  const keys = [
    { id: 'AKIANEW0000000000000', status: 'Active', createdAt: now - 20_000 },
    { id: 'AKIAOLD0000000000000', status: 'Inactive' },
  ]
  expect(findingOf({ key: 'AKIANEW0000000000000', user, keys }, [before], now)).toEqual({
    id: 'AKIANEW0000000000000',
    asOf: '2026-03-01T12:00:00.000Z',
    user,
    status: 'Active',
    createdAt: '2026-03-01T11:59:40.000Z',
    siblings: [
      {
        id: 'AKIAOLD0000000000000',
        status: 'Inactive',
        lastUsed: { at: '2026-01-31T00:00:00.000Z', service: 's3' },
      },
    ],
  })
})
