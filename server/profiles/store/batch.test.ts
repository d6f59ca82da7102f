import { describe, expect, it } from 'vitest'
import { planBatch } from './batch.ts'
import type { FoundProfile, PairChange } from '../ports.ts'
import { Secret } from '../keyPair.ts'
import { pair } from '../testing/storeFixture.ts'

const paths = { credentials: '/c', config: '/f' }
const holding = (name: string, n: number | undefined, more: Partial<FoundProfile> = {}): FoundProfile => ({
  name,
  file: 'credentials',
  line: 1,
  kind: 'access-key',
  ...(n !== undefined && { pair: pair(n) }),
  settings: { values: {}, services: {} },
  usedByRoles: [],
  rotatable: true,
  ...more,
})
const change = (profile: string, from: number, to: number): PairChange => ({
  file: 'credentials',
  profile,
  from: pair(from),
  to: pair(to),
})

function planned(profiles: readonly FoundProfile[], ...requests: (readonly PairChange[])[]) {
  const { accepted, rejected, pairs } = planBatch(
    profiles,
    requests.map((changes) => ({ changes })),
    paths,
  )
  return {
    accepted: accepted.length,
    refused: rejected.map(({ failure }) => [failure.trouble.name, failure.trouble.detail] as const),
    ids: [...pairs.credentials].map(([name, { id }]) => [name, id]),
  }
}

describe('a request whose profile does not hold what was expected is refused, and says what it holds', () => {
  it.each([
    ['is no longer in the file', []],
    ['no longer holds a pair', [holding('a', undefined)]],
    [
      `still names ${pair(1).id}, with another secret`,
      [holding('a', undefined, { pair: { id: pair(1).id, secret: new Secret('another') } })],
    ],
    [`now holds ${pair(3).id}`, [holding('a', 3)]],
  ])('%s', (words, profiles) => {
    const { refused, ids } = planned(profiles, [change('a', 1, 2)])
    expect(refused).toEqual([
      ['file-moved', expect.stringContaining(`[a] in /c ${words}, not ${pair(1).id}`)],
    ])
    expect(ids).toEqual([])
  })
})

it('refuses a pair that no reader would read as it is: a secret that is cut off locks its profile out', () => {
  for (const to of [
    { id: 'AKIA #1', secret: new Secret('x') },
    { id: pair(2).id, secret: new Secret('half # comment') },
  ]) {
    const { refused, ids } = planned([holding('a', 1)], [{ ...change('a', 1, 2), to }])
    expect(refused).toEqual([['file-write', expect.stringContaining('[a]')]])
    expect(refused[0]?.[1]).not.toContain('half')
    expect(ids).toEqual([])
  }
})

it('refuses a profile that may not be written, for its own reason or without one', () => {
  const reason = { name: 'file-ambiguous', title: 'Readers differ', detail: 'Line 3.' }
  const { refused, ids } = planned(
    [holding('a', 1, { rotatable: false, reason }), holding('b', 2, { rotatable: false })],
    [change('a', 1, 11)],
    [change('b', 2, 12)],
  )
  expect(refused.map(([name]) => name)).toEqual(['file-ambiguous', 'file-moved'])
  expect(ids).toEqual([])
})

it('takes all changes of a request or none, and each request on what those before it wrote', () => {
  const { accepted, refused, ids } = planned(
    [holding('a', 1), holding('b', 2)],
    [change('a', 1, 11)],
    [change('b', 2, 12), change('a', 1, 21)],
    [change('a', 11, 31)],
    [change('b', 7, 2)],
  )
  expect(accepted).toBe(3)
  expect(refused.map(([name]) => name)).toEqual(['file-moved'])
  // [b] holds the wanted pair already: nothing to write.
  expect(ids).toEqual([['a', pair(31).id]])
})
