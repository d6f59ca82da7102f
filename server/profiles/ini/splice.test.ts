import { expect, it } from 'vitest'
import { splice } from './splice.ts'

const bytes = Buffer.from('0123456789')
const made = (...edits: [start: number, end: number, text: string][]) =>
  splice(
    bytes,
    edits.map(([start, end, text]) => ({ start, end, text })),
  ).toString()

it('replaces ranges in any order, and keeps the rest', () => {
  expect(made()).toBe('0123456789')
  expect(made([2, 4, 'ab'])).toBe('01ab456789')
  expect(made([8, 10, 'Z'], [0, 1, 'A'], [4, 6, ''])).toBe('A12367Z')
  expect(made([0, 10, 'é'])).toBe('é')
})

it('takes ranges that touch, and insertions before a range at the same place', () => {
  expect(made([4, 6, 'b'], [2, 4, 'a'])).toBe('01ab6789')
  expect(made([2, 4, 'b'], [2, 2, 'a'])).toBe('01ab456789')
  expect(made([10, 10, '!'])).toBe('0123456789!')
})

it.each<[string, [number, number, string][]]>([
  [
    'overlap',
    [
      [0, 2, ''],
      [1, 3, ''],
    ],
  ],
  [
    'lie within one another',
    [
      [0, 5, ''],
      [1, 2, ''],
    ],
  ],
  [
    'are the same',
    [
      [1, 2, 'a'],
      [1, 2, 'b'],
    ],
  ],
  ['end beyond the file', [[2, 11, '']]],
  ['begin before it', [[-1, 2, '']]],
  ['end before they begin', [[4, 3, '']]],
])('refuses ranges that %s', (_, edits) => {
  expect(() => made(...edits)).toThrow(new RangeError('edits overlap or lie outside the file'))
})
