import { expect, it } from 'vitest'
import { accountWords } from './account.ts'

const open = (key: string) => ({ key, state: 'open' as const })
const now = (key: string, oldKeyState: string) => ({ key, oldKeyState })

it.each([
  [{ asked: 2, left: [], rotations: [now('a', 'inactive')] }, '2 of 2 keys replaced.'],
  [{ asked: 1, left: [open('a')], rotations: [now('a', 'active')] }, '0 of 1 key replaced. 1 still works.'],
  [
    { asked: 1, left: [open('a')], rotations: [now('a', 'unknown')] },
    '0 of 1 key replaced. 1 may still work.',
  ],
  [
    {
      asked: 3,
      left: [open('a'), open('b'), { ...open('c'), state: 'closed' as const, closedBy: 'dead' }],
      rotations: [now('a', 'unknown')],
    },
    '0 of 3 keys replaced. 1 still works, 1 may still work, 1 is refused by AWS.',
  ],
  [{ rotations: [] }, undefined],
])('%j: %s', (run, words) => expect(accountWords(run)).toBe(words))
