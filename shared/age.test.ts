import { expect, it } from 'vitest'
import { ageWords, daysOver, daysSince, dueAt, isOverdue } from './age.ts'

const now = Date.parse('2026-11-24T10:00:00Z')
const ago = (days: number) => new Date(now - days * 86_400_000).toISOString()

it.each([
  [0, 0],
  [1.999, 1],
  [90.5, 90],
  // A fast clock makes no key younger than new.
  [-0.1, 0],
])('counts %d days as %d', (days, whole) => expect(daysSince(ago(days), now)).toBe(whole))

it('counts none where there is no time', () => expect(daysSince('soon', now)).toBe(0))

it.each([
  [89.9, false],
  [90, false],
  [90.001, true],
  [90.5, true],
])('says of a key of %d days that it is over 90: %s', (days, overdue) =>
  expect(isOverdue(ago(days), 90, now)).toBe(overdue),
)

it.each([
  [90, undefined],
  [90.5, 0],
  [365.3, 275],
])('says of a key of %d days by how many it is over 90: %s', (days, over) =>
  expect(daysOver(ago(days), 90, now)).toBe(over),
)

it('falls due at an instant', () => expect(dueAt(ago(30), 90) - now).toBe(60 * 86_400_000))

it.each([
  [0, 'today'],
  [1, '1 day'],
  [412, '412 days'],
  [730, '730 days'],
  [1_460, '3.9 years'],
])('says an age of %d days as “%s”', (days, words) => expect(ageWords(days)).toBe(words))
