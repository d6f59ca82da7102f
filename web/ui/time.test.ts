import { describe, expect, it } from 'vitest'
import { absolute, firstWholeDay, relative, span, written } from './time.ts'

const now = Date.parse('2026-11-23T12:00:00Z')
const before = (seconds: number): string => new Date(now - seconds * 1_000).toISOString()

describe('time', () => {
  it.each([
    [0, 'just now'],
    [44, 'just now'],
    [50, '1 minute ago'],
    [119, '1 minute ago'],
    [3_599, '59 minutes ago'],
    [3_600, '1 hour ago'],
    [86_400, 'yesterday'],
    [86_400 * 59, '59 days ago'],
    [86_400 * 61, '61 days ago'],
    [86_400 * 800, '2 years ago'],
    [-30, 'just now'],
    [-86_400 * 6, 'in 6 days'],
    [-86_400 * 7 + 60, 'in 7 days'],
  ])('says %d seconds as “%s”', (seconds, words) => {
    expect(relative(before(seconds), now)).toBe(words)
  })

  it('says so where there is no time', () => {
    expect(relative('soon', now)).toBe('at an unknown time')
    expect(absolute('soon')).toBe('soon')
  })

  it('gives the exact time with its zone', () => {
    expect(absolute(before(0))).toMatch(/2026.*\d\d:\d\d \S+/)
  })

  it('writes dates in the locale of the browser', () => {
    const at = new Date(2026, 11, 2, 3, 46).getTime()
    expect(written(at, 'date', 'en-GB')).toBe('2 December')
    expect(written(at, 'date', 'de')).toBe('2. Dezember')
    expect(written(at, 'dateTime', 'en-GB')).toBe('2 Dec 2026, 03:46')
  })

  it('calls a thing safe on the first day that is safe from its beginning', () => {
    expect(firstWholeDay(new Date(2026, 11, 2, 3, 46).getTime())).toBe(new Date(2026, 11, 3).getTime())
    expect(firstWholeDay(new Date(2026, 11, 2).getTime())).toBe(new Date(2026, 11, 2).getTime())
  })

  it.each([
    [400, '0.4 s'],
    [12_400, '12 s'],
    [200_000, '3 min 20 s'],
    [3_900_000, '1 h 5 min'],
  ])('says a span of %d ms as “%s”', (ms, words) => expect(span(ms)).toBe(words))
})
