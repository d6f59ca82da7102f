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
