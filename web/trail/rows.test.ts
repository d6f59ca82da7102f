import { expect, test } from 'vitest'
import type { TrailRow } from '../../server/api/trail.ts'
import { matching, rowHeight, windowOf } from './rows.ts'

const row = (over: Partial<TrailRow>): TrailRow => ({
  ...{ id: 'e', at: '2026-11-21T00:00:00.000Z', act: 'ListUsers', service: 'iam', region: 'us-east-1' },
  ...{ by: 'AKIA', address: '203.0.113.9', agent: 'aws-cli/2', mine: false, own: false },
  ...over,
})

test('of ten thousand rows only those in sight are drawn, wherever the list stands', () => {
  for (const scrolled of [0, 1, 4_321, 9_980 * rowHeight, 10_000 * rowHeight]) {
    const { from, to } = windowOf(10_000, scrolled, 400)
    expect(to - from).toBeLessThan(40)
    expect(from * rowHeight).toBeLessThanOrEqual(scrolled)
    expect(to * rowHeight).toBeGreaterThanOrEqual(Math.min(scrolled + 400, 10_000 * rowHeight))
  }
})

test('a list that a filter made shorter than the scroll shows its end', () => {
  expect(windowOf(3, 90_000, 400)).toEqual({ from: 0, to: 3 })
  expect(windowOf(0, 90_000, 400)).toEqual({ from: 0, to: 0 })
})

test('the filter wants every word, in any field, and keeps the newest first', () => {
  const rows = [
    row({ id: 'old', act: 'CreateUser', target: 'backup-svc' }),
    row({ id: 'new', act: 'CreateUser', at: '2026-11-22T00:00:00.000Z' }),
    row({ id: 'else', address: '198.51.100.7' }),
  ]
  expect(matching(rows, '').map(({ id }) => id)).toEqual(['new', 'old', 'else'])
  expect(matching(rows, ' createuser  BACKUP ').map(({ id }) => id)).toEqual(['old'])
  expect(matching(rows, '198.51').map(({ id }) => id)).toEqual(['else'])
})
