import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mergeLines } from './mergeLines.ts'

const text = fc
  .array(fc.constantFrom('a', 'b', 'c\r', 'd', ''), { maxLength: 12 })
  .map((lines) => lines.join('\n'))
const bytes = (value: string) => Buffer.from(value)

it('takes the one side that changed, and agrees with itself', () => {
  fc.assert(
    fc.property(text, text, (base, changed) => {
      expect(mergeLines(bytes(base), bytes(base), bytes(changed))?.toString()).toBe(changed)
      expect(mergeLines(bytes(base), bytes(changed), bytes(base))?.toString()).toBe(changed)
    }),
  )
})

it('applies two changes in different places', () => {
  expect(mergeLines(bytes('1\n2\n3\n4\n'), bytes('1\nX\n3\n4\n'), bytes('1\n2\n3\n4\n5\n'))?.toString()).toBe(
    '1\nX\n3\n4\n5\n',
  )
  expect(mergeLines(bytes('1\n2\n'), bytes('1\n2\nO\n'), bytes('1\n2\nT\n'))?.toString()).toBe('1\n2\nO\nT\n')
})

it('gives up where both changed the same lines', () => {
  expect(mergeLines(bytes('1\n2\n3\n'), bytes('1\nO\n3\n'), bytes('1\nT\n3\n'))).toBeUndefined()
})

it.each<[string, string, string, string, string | undefined]>([
  ['a change of each, side by side', '1\n2\n', 'O\n2\n', '1\nT\n', 'O\nT\n'],
  ['an insertion beside a change', '1\n2\n', '1\nO\n2\n', '1\nT\n', '1\nO\nT\n'],
  ['an insertion behind a change', '1\n2\n', 'T\n2\n', '1\nO\n2\n', 'T\nO\n2\n'],
  ['insertions at both ends', '1\n', 'O\n1\n', '1\nT\n', 'O\n1\nT\n'],
  ['a line removed and another changed', '1\n2\n3\n', '2\n3\n', '1\n2\nT\n', '2\nT\n'],
  ['a line removed and one inserted in its place', '1\n2\n3\n', '1\n3\n', '1\nT\n2\n3\n', '1\nT\n3\n'],
  ['the same line removed by both, which is taken for a conflict', '1\n2\n', '1\n', '1\n', undefined],
  ['a change inside what the other removed', '1\n2\n3\n4\n', '1\n4\n', '1\n2\nT\n4\n', undefined],
  ['all removed, one changed', '1\n2\n', '', '1\nT\n', undefined],
  ['all removed and nothing else', '1\n2\n', '', '1\n2\n', ''],
  ['both written from nothing', '', 'O\n', 'T\n', 'O\nT\n'],
  ['a line among its likes removed, another added', 'a\na\nb\n', 'a\nb\n', 'a\na\nb\na\n', 'a\nb\na\n'],
  ['a line doubled behind what the other inserted', 'a\n', 'a\nO\n', 'a\na\n', 'a\nO\na\n'],
  ['only the line ending changed', '1\r\n2\n', '1\n2\n', '1\r\n2\nT\n', '1\n2\nT\n'],
])('%s', (_, base, ours, theirs, merged) => {
  expect(mergeLines(bytes(base), bytes(ours), bytes(theirs))?.toString()).toBe(merged)
})

it('keeps bytes that are no text', () => {
  const odd = (text: string) => Buffer.from(text, 'latin1')
  expect(mergeLines(odd('\xe9\n1\n2\n'), odd('\xe9\n1\n\xff\n'), odd('\x80\n1\n2\n'))).toEqual(
    odd('\x80\n1\n\xff\n'),
  )
})
