import { describe, expect, it } from 'vitest'
import { ago, key, keys, manyKeys, now } from '../fixtures.ts'
import { distribution } from './age.ts'
import { byAccount, everything, filterKeys, inGroup, profilesByKey, sortKeys } from './filter.ts'
import { stateOf } from './keyState.ts'

const ids = (list: readonly { profiles: string[] }[]): (string | undefined)[] =>
  list.map(({ profiles }) => profiles[0])

describe('filterKeys', () => {
  it.each([
    ['7q2d', ['default']],
    ['acme-prod terra', ['terraform']],
    ['665544332211', ['staging']],
    ['STAGING-eu', ['staging']],
    ['nothing of it', []],
  ])('finds “%s”', (query, found) => {
    expect(ids(filterKeys(keys, query, 'all', 90, now))).toEqual(found)
  })

  it('narrows to a group', () => {
    expect(ids(filterKeys(keys, '', 'unchecked', 90, now))).toEqual(['planted', 'gov'])
    expect(ids(filterKeys(keys, '', 'excluded', 90, now))).toEqual(['vendor'])
    expect(ids(filterKeys(keys, '', 'overdue', 365, now))).toEqual(['default', 'ci-deploy', 'root'])
  })
})

describe('sortKeys', () => {
  const some = [
    key(['b'], { id: 'B', createdAt: ago(10) }),
    key(['c'], { id: 'C', createdAt: undefined }),
    key(['a'], { id: 'A', createdAt: ago(99) }),
  ]

  it('puts what is unknown last, whichever way it goes', () => {
    expect(ids(sortKeys(some, { by: 'age', descending: true }, 90, now))).toEqual(['a', 'b', 'c'])
    expect(ids(sortKeys(some, { by: 'age', descending: false }, 90, now))).toEqual(['b', 'a', 'c'])
  })

  it('sorts numbers within names as numbers', () => {
    const named = ['p10', 'p9', 'p1'].map((name) => key([name], { id: name }))
    expect(ids(sortKeys(named, { by: 'profile', descending: false }, 90, now))).toEqual(['p1', 'p9', 'p10'])
  })

  it('puts the most pressing state first', () => {
    const sorted = sortKeys(keys, { by: 'state', descending: false }, 90, now)
    const ranks = sorted.map((each) => stateOf(each, 90, now).rank)
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b))
    expect(sorted.at(-1)?.profiles).toEqual(['vendor'])
    expect(sorted[0]?.profiles).toEqual(['terraform'])
  })

  it('puts the oldest of the overdue first', () => {
    const late = [
      ['b', 100],
      ['c', 700],
      ['a', 95],
    ] as const
    const sorted = sortKeys(
      late.map(([name, days]) => key([name], { id: name, createdAt: ago(days) })),
      { by: 'state', descending: false },
      90,
      now,
    )
    expect(ids(sorted)).toEqual(['c', 'b', 'a'])
  })
})

describe('what the home page counts', () => {
  it('leaves planted, excluded and unrotatable keys out of everything', () => {
    expect(ids(everything(keys))).not.toEqual(expect.arrayContaining(['planted']))
    expect(everything(keys)).toHaveLength(9)
  })

  it('puts each key in one bin, with the policy on an edge', () => {
    const ages = [0, 22, 23, 90, 90.5, 91, 180, 181, 720, 721, 9_999]
    const bins = distribution(
      ages.map((days) => ago(days)),
      90,
      now,
    )
    expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(ages.length)
    const overdue = ages.filter((days) =>
      inGroup(key(['a'], { id: 'A', createdAt: ago(days) }), 'overdue', 90, now),
    )
    expect(overdue).toEqual([90.5, 91, 180, 181, 720, 721, 9_999])
    expect(bins.filter(({ tone }) => tone === 'over').reduce((sum, bin) => sum + bin.count, 0)).toBe(7)
  })

  it('shows the keys of a bar that is pressed', () => {
    const some = [22, 23, 90, 90.5, 200].map((days) =>
      key([`${days}`], { id: `${days}`, createdAt: ago(days) }),
    )
    const bins = distribution(
      some.map(({ createdAt = '' }) => createdAt),
      90,
      now,
    )
    const shown = bins.map((bin) => ids(filterKeys(some, '', 'all', 90, now, bin)))
    expect(shown).toEqual([['22', '23'], [], [], ['90'], ['90.5'], ['200'], [], []])
    expect(shown.map(({ length }) => length)).toEqual(bins.map(({ count }) => count))
  })

  it('stands by account from twenty keys on', () => {
    const many = manyKeys(20).map((each, at) => ({
      ...each,
      account: at % 2 ? { id: '2', derived: false } : each.account,
    }))
    expect(byAccount(many, 20).map(({ account, keys: list }) => [account, list.length])).toEqual([
      ['acme-prod', 10],
      ['2', 10],
    ])
    expect(byAccount(many.slice(1), 19)).toHaveLength(1)
  })

  it('gathers the profiles of a key', () => {
    const profile = { file: 'credentials' as const, line: 1, kind: 'access-key' as const, rotatable: true }
    const found = profilesByKey([
      { ...profile, name: 'a', key: 'K' },
      { ...profile, name: 'b' },
      { ...profile, name: 'c', key: 'K' },
    ])
    expect(found.get('K')?.map(({ name }) => name)).toEqual(['a', 'c'])
    expect(found.size).toBe(1)
  })
})
