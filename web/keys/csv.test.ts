import { expect, it } from 'vitest'
import { ago, key, now } from '../fixtures.ts'
import { keysCsv } from './csv.ts'

it('writes a line a key, its age and what is to say of it', () => {
  const csv = keysCsv(
    [
      key(['work', '=cmd'], { id: 'A', createdAt: ago(100), lastUsed: { at: ago(1), service: 's3' } }),
      key(['new'], { id: 'B', asOf: undefined, user: undefined, account: undefined, status: undefined }),
    ],
    90,
    now,
  )
  expect(csv.split('\r\n').map((line) => line.split(','))).toEqual([
    expect.arrayContaining(['key', 'ageDays', 'daysOver', 'state']),
    expect.arrayContaining(['A', 'work =cmd', '100', '10', 's3', '10 days over', 'acme-prod']),
    expect.arrayContaining(['B', 'new', 'Not checked']),
    [''],
  ])
})
