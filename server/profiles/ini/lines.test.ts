import { describe, expect, it } from 'vitest'
import { isBlank, scanLines, skipBlanks, strip, trimBlanks } from './lines.ts'

describe('lines', () => {
  it.each<[string, [text: string, ending: string][]]>([
    ['', []],
    ['a', [['a', '']]],
    [
      'a\nb',
      [
        ['a', '\n'],
        ['b', ''],
      ],
    ],
    [
      'a\r\nb\r\n',
      [
        ['a', '\r\n'],
        ['b', '\r\n'],
      ],
    ],
    [
      'a\rb\r',
      [
        ['a', '\r'],
        ['b', '\r'],
      ],
    ],
    [
      '\n\n',
      [
        ['', '\n'],
        ['', '\n'],
      ],
    ],
    [
      '\n\r',
      [
        ['', '\n'],
        ['', '\r'],
      ],
    ],
    [
      '\r\r\n',
      [
        ['', '\r'],
        ['', '\r\n'],
      ],
    ],
    [
      'a\r\n\rb',
      [
        ['a', '\r\n'],
        ['', '\r'],
        ['b', ''],
      ],
    ],
    ['a\vb\fc\x85', [['a\vb\fc\x85', '']]],
  ])('%j', (text, lines) => {
    const bytes = Buffer.from(text, 'latin1')
    const cut = (from: number, to: number) => bytes.subarray(from, to).toString('latin1')
    expect(scanLines(bytes).map(({ start, end, next }) => [cut(start, end), cut(end, next)])).toEqual(lines)
  })
})

describe('blanks', () => {
  it('are what Python takes for blank', () => {
    // [c for c in range(0x10000) if chr(c).isspace()]
    const python = [
      0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002,
      0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
    ]
    expect(Array.from({ length: 0x10000 }, (_, code) => code).filter(isBlank)).toEqual(python)
  })

  it('are passed over from the front and from the back, within bounds', () => {
    expect(skipBlanks(' \t x y ', 0)).toBe(3)
    expect(skipBlanks(' \t x y ', 4)).toBe(5)
    expect(skipBlanks('    ', 0)).toBe(4)
    expect(skipBlanks('    ', 1, 3)).toBe(3)
    expect(skipBlanks('', 0)).toBe(0)
    expect(trimBlanks(' x y \t ', 0)).toBe(4)
    expect(trimBlanks(' x y \t ', 0, 3)).toBe(2)
    expect(trimBlanks('    ', 1)).toBe(1)
    expect(trimBlanks('x', 0)).toBe(1)
  })

  it.each([
    ['', ''],
    ['  ', ''],
    ['a', 'a'],
    ['\u00a0 a b\u2003\x1c', 'a b'],
    ['\ufeffa', '\ufeffa'],
  ])('are stripped off %j', (text, stripped) => {
    expect(strip(text)).toBe(stripped)
  })
})
