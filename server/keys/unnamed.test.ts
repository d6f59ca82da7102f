import { describe, expect, it } from 'vitest'
import type { Finding } from './ports.ts'
import { unnamed } from './unnamed.ts'

const day = 86_400_000
const now = Date.parse('2026-03-10T00:00:00Z')
const ago = (days: number) => new Date(now - days * day).toISOString()

function found(id: string, days: number, siblings: string[] = [], part: Partial<Finding> = {}): Finding {
  return {
    id,
    asOf: ago(days),
    status: 'Active',
    user: { name: 'ann', arn: 'arn:aws:iam::111122223333:user/ann' },
    siblings: siblings.map((sibling) => ({ id: sibling, status: 'Inactive' })),
    ...part,
  }
}

const forgotten = (findings: Finding[], held: string[], days = 7) =>
  unnamed(findings, { ids: new Set(held), days, now })

describe('what is forgotten of checks', () => {
  it('is nothing of a key that a file holds or an open run names, however old', () => {
    expect(forgotten([found('HELD', 400), found('OPEN', 400)], ['HELD', 'OPEN'])).toEqual([])
  })

  it('is nothing of a key that the newest list of its user names', () => {
    expect(forgotten([found('OLD', 400), found('HELD', 1, ['OLD'])], ['HELD'])).toEqual([])
  })

  it('is a key that a newer list of its user lacks, at once', () => {
    expect(forgotten([found('GONE', 0.5), found('HELD', 1), found('HELD2', 0.1)], ['HELD', 'HELD2'])).toEqual(
      ['GONE'],
    )
  })

  it.each([
    ['an older list', found('HELD', 2)],
    ['a look that got no list', found('HELD', 0, [], { status: undefined } as never)],
    ['another user’s list', found('HELD', 0, [], { user: { name: 'bob', arn: 'arn:bob' } })],
    ['a look that did not tell whose it is', found('HELD', 0, [], { user: undefined } as never)],
  ])('is not what %s lacks, before the days are over', (_, other) => {
    expect(forgotten([found('KEY', 1), other], ['HELD'])).toEqual([])
    expect(forgotten([found('KEY', 8), { ...other, asOf: ago(9) }], ['HELD'])).toEqual(['KEY'])
  })

  it('is what nobody has listed since, once the days are over, though nobody knows whose it is', () => {
    const stranger = found('KEY', 8, [], { user: undefined } as never)
    expect(forgotten([stranger], [])).toEqual(['KEY'])
    expect(forgotten([stranger], [], 30)).toEqual([])
  })
})
