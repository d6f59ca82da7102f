import { expect, it } from 'vitest'
import { parsePrintably } from './parsePrintably.ts'

it.each([
  ['prod\u202egro.live', 'prod\\u{202e}gro.live'],
  ['\u2066a\u2069', '\\u{2066}a\\u{2069}'],
  ['a\u0000\u001b[2J\u009b', 'a\\u{0}\\u{1b}[2J\\u{9b}'],
  ['de\u00adfau\u200blt\ufeff', 'de\\u{ad}fau\\u{200b}lt\\u{feff}'],
  ['\u{e0041}', '\\u{e0041}'],
  ['\\u{202e}', '\\u{5c}u{202e}'],
  ['two\nlines\tand a tab\r', 'two\nlines\\u{9}and a tab\\u{d}'],
  ['C:\\users\\Zoë 日本 אבג', 'C:\\users\\Zoë 日本 אבג'],
])('spells out what cannot be seen in %j', (text, shown) => {
  expect(parsePrintably(JSON.stringify({ deep: [{ text }] }))).toEqual({ deep: [{ text: shown }] })
})
