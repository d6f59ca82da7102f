import { describe, expect, it } from 'vitest'
import type { Key } from '../../server/api/inventory.ts'
import type { Run } from '../../server/api/run.ts'
import { ago, interrupted, key, now, run, running } from '../fixtures.ts'
import { comingWeeks, homeOf } from './home.ts'

const fresh = (name: string, days: number) => key([name], { id: name, createdAt: ago(days) })
const settled = { asked: 0, open: [] }
const unasked = key(['new'], { id: 'N', asOf: undefined, createdAt: undefined })

describe('what the home page is about', () => {
  it.each([
    ['an interrupted run, whatever else there is', [fresh('a', 400)], [running, interrupted], 'interrupted'],
    ['a run under way', [fresh('a', 400)], [running], 'running'],
    [
      'what a run left open',
      [fresh('a', 400)],
      [],
      'ledger',
      { asked: 2, open: [{ key: 'K', profiles: ['k'], reason: 'R', run: 'run-1' }] },
    ],
    ['a check under way', [{ ...fresh('a', 400), checking: true }], [], 'checking'],
    ['what is overdue, even where others were never checked', [fresh('a', 400), unasked], [], 'overdue'],
    ['keys that were never checked', [fresh('a', 10), unasked], [], 'unchecked'],
    ['nothing, where all is fine', [fresh('a', 10)], [run([])], 'fine'],
  ] as [string, Key[], Run[], string, Parameters<typeof homeOf>[2]?][])(
    '%s',
    (_, keys, runs, is, ledger = settled) => expect(homeOf(keys, runs, ledger, 90, now).is).toBe(is),
  )

  it('counts what is overdue and names what of it can be rotated', () => {
    const home = homeOf(
      [
        fresh('a', 91),
        { ...fresh('root', 91), rotatable: false },
        { ...fresh('vendor', 91), excluded: true },
        fresh('b', 90),
      ],
      [],
      settled,
      90,
      now,
    )
    expect(home).toMatchObject({ is: 'overdue', count: 2, keys: [{ id: 'a' }] })
  })

  it('names what falls due next', () => {
    expect(homeOf([fresh('a', 10), fresh('b', 80)], [], settled, 90, now)).toEqual({
      is: 'fine',
      next: { key: expect.objectContaining({ id: 'b' }) as unknown, at: now + 10 * 86_400_000 },
    })
  })
})

it('puts each key into the week in which it falls due', () => {
  const weeks = comingWeeks([fresh('a', 89), fresh('b', 83), fresh('c', 80), fresh('d', 0)], 90, now)
  expect(weeks.map(({ keys }) => keys.length)).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
})
