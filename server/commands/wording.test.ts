import { describe, expect, it } from 'vitest'
import { left, sentence, when } from './wording.ts'

const now = Date.parse('2026-03-01T10:00:00Z')
const at = (ms: number) => new Date(now + ms).toISOString()
const day = 86_400_000

describe('times in words', () => {
  it.each([
    ['seven days', 7 * day, 'for 7 days, until 2026-03-08 10:00 UTC'],
    [
      'seven days less the second that the run took',
      7 * day - 1_000,
      'for 7 days, until 2026-03-08 09:59 UTC',
    ],
    ['a day and a half', 1.5 * day, 'for 36 hours, until 2026-03-02 22:00 UTC'],
    ['a minute', 60_000, 'for 1 minute, until 2026-03-01 10:01 UTC'],
    ['what is over', -day, 'until 2026-02-28 10:00 UTC'],
  ])('%s left', (_, ms, words) => {
    expect(left(at(ms), now)).toBe(words)
  })

  it.each([
    ['that is past: an age is rounded down', -2.9 * day, '2 days ago, 2026-02-26 12:24 UTC'],
    ['to come', 7 * day - 1_000, 'in 7 days, 2026-03-08 09:59 UTC'],
  ])('a time %s', (_, ms, words) => {
    expect(when(at(ms), now)).toBe(words)
  })
})

describe('a trouble in words', () => {
  const trouble = { name: 'x', title: 'X', detail: 'It is so.', remedy: 'Do that.' }

  it('ends with AWS’s own words where there are any, to search for', () => {
    expect(sentence({ ...trouble, code: 'AccessDenied', requestId: 'r-1' })).toBe(
      'It is so. Do that. (AWS: AccessDenied, request r-1)',
    )
    expect(sentence(trouble)).toBe('It is so. Do that.')
  })

  it.each(['EPERM', 'ENOSPC', 'EMFILE'])('never calls %s, which is the system’s, AWS’s', (code) => {
    expect(sentence({ ...trouble, code })).toBe(`It is so. Do that. (${code})`)
  })
})
