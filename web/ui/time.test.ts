import { describe, expect, it } from 'vitest'
import { absolute, age, relative, span } from './time.ts'

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

  it('gives the absolute time with its zone', () => {
    expect(absolute(before(0))).toMatch(/23 November 2026.*\d\d:\d\d:\d\d \S+/)
  })

  it.each([
    [0, 'today'],
    [1, '1 day'],
    [119, '119 days'],
    [412, '412 days'],
    [730, '730 days'],
    [1_460, '3.9 years'],
  ])('says an age of %d days as “%s”', (days, words) => expect(age(days)).toBe(words))

  it.each([
    [400, '0.4 s'],
    [12_400, '12 s'],
    [200_000, '3 min 20 s'],
    [3_900_000, '1 h 5 min'],
  ])('says a span of %d ms as “%s”', (ms, words) => expect(span(ms)).toBe(words))
})
