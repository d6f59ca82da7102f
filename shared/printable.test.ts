import { describe, expect, it } from 'vitest'
import { nameMeant, printable, printableJson } from './printable.ts'

const cases: readonly [string, string][] = [
  ['\u001b[2J\u001b[H[prod]', '\\u{1b}[2J\\u{1b}[H[prod]'],
  ['a\rb\u0007\u009b31m', 'a\\u{d}b\\u{7}\\u{9b}31m'],
  ['user\u202egpj.exe', 'user\\u{202e}gpj.exe'],
  ['de\u00adfau\u200blt', 'de\\u{ad}fau\\u{200b}lt'],
  ['tagged\u{e0041}', 'tagged\\u{e0041}'],
  ['\\u{202e}', '\\u{5c}u{202e}'],
  ['two\nlines', 'two\nlines'],
  ['Zoë 日本', 'Zoë 日本'],
]

describe('what is printed', () => {
  it.each(cases)('spells out what would act on the terminal in %j', (text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  it.each(cases)('means the same as JSON, and does nothing to the terminal: %j', (text) => {
    const json = printableJson({ deep: [text] })
    expect(JSON.parse(json)).toEqual({ deep: [text] })
    expect(json).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
  })
})

describe('a name that a person gives back', () => {
  const hidden = 'ad\u200bmin'

  it.each([
    ['as it was shown', 'ad\\u{200b}min', hidden],
    ['as it is', hidden, hidden],
    ['of nothing that is there', 'other', 'other'],
    ['that has nothing hidden', 'admin', 'admin'],
  ])('%s', (_, text, meant) => {
    expect(nameMeant(text, ['admin', hidden])).toBe(meant)
  })

  it('is never that of another which merely looks like it', () => {
    const posing = 'ad\\u{200b}min'
    expect(nameMeant(printable(hidden), [posing, hidden])).toBe(hidden)
    expect(nameMeant(printable(posing), [posing, hidden])).toBe(posing)
  })
})
