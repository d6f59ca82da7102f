import stringWidth from 'string-width'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { hasColours } from './colours.ts'
import { hint } from './hints.ts'
import { laidOut, printed, verbatim } from './layout.ts'

const rows = `Will rotate 3 keys.
  [a]  ****AAAA  sam in acme, 143 days old
      ~ /home/sam/.aws/credentials: lines 4, 5
  [a longer name] [b]  ****BBBB  ops
  [日本]  ****CCCC  é\u0301cole`

describe('laidOut', () => {
  it('aligns the rows of a table to the longest name, by what is seen', () => {
    const lines = laidOut(rows, false).split('\n')
    const at = ['AAAA', 'BBBB', 'CCCC'].map((id) => {
      const line = lines.find((each) => each.includes(id)) ?? ''
      return stringWidth(line.slice(0, line.indexOf(id)))
    })
    expect(new Set(at).size).toBe(1)
    expect(lines[2]).toBe('      ~ /home/sam/.aws/credentials: lines 4, 5')
  })

  it('keeps spaces that belong to a name, and those of a sentence', () => {
    expect(laidOut('  [a  b]  ****AAAA\n  [c]  ****BBBB', false)).toBe(
      '  [a  b]  ****AAAA\n  [c]     ****BBBB',
    )
    expect(laidOut('It says  so.\nAnd  so.', false)).toBe('It says  so.\nAnd  so.')
  })

  it('makes no room for a name that is wider than all others need', () => {
    const long = 'x'.repeat(60)
    expect(laidOut(`  [${long}]  one\n  [b]  two`, false)).toBe(`  [${long}]  one\n  [b]  two`)
  })

  it.each([40, 80, 200])('fits %d columns, with what goes on below its last column', (columns) => {
    const text = `  [name]  ****AAAA  ${'some words that say why '.repeat(9)}\n${'A sentence of its own. '.repeat(9)}\n      - ${'deleted for good '.repeat(9)}`
    for (const colours of [true, false]) {
      const lines = laidOut(text, colours, columns).split('\n').map(stripVTControlCharacters)
      expect(lines.filter((line) => stringWidth(line) > columns)).toEqual([])
      expect(lines.join(' ').replace(/\s+/g, ' ').trim()).toBe(text.replace(/\s+/g, ' ').trim())
    }
  })

  it('hangs by the columns of the row', () => {
    const lines = laidOut(`  [name]  ****AAAA  ${'words '.repeat(20)}`, false, 60).split('\n')
    expect(lines[0]).toBe(`  [name]  ****AAAA  ${'words '.repeat(6).trim()}`)
    expect(lines[1]).toMatch(/^ {20}words/)
  })

  it('never breaks a command, nor what is to be copied whole', () => {
    const command = `keyturn undo ${'R'.repeat(30)} --state-dir '/a b'`
    const lines = laidOut(
      `To put the old keys back: ${hint(command)} (possible for 7 days)`,
      false,
      40,
    ).split('\n')
    expect(lines.map((line) => line.trim())).toContain(command)
    const policy = `    {"Statement": [${'"word", '.repeat(20)}]}`
    expect(laidOut(verbatim(policy), true, 40)).toBe(policy)
  })

  it('spells out what would pass for its own marks, or act on a terminal', () => {
    const here = { program: 'npx keyturn', given: '' }
    const shown = (text: string) => printed(text, here, {}, {})
    expect(shown('  [pro\ufdd0\ufdd1d]  \ufdd3x \ufdd2y \u001b[2J')).toBe(
      '  [pro\\u{fdd0}\\u{fdd1}d]  \\u{fdd3}x \\u{fdd2}y \\u{1b}[2J',
    )
    expect(shown(`${verbatim('{ "a":  1 }')}\n${hint('keyturn ls')} ${hint('--merge X')}`)).toBe(
      '{ "a":  1 }\nnpx keyturn ls --merge X',
    )
  })

  it('shows by colour what a thing is, and nothing where colours are off', () => {
    const text = '  [prod]  ****AAAA  is inactive\n      + one\n      ~ two\n      - three'
    expect(laidOut(text, false)).toBe(text)
    const [row, ...changes] = laidOut(text, true).split('\n')
    expect(row).toBe('  \u001b[1m[prod]\u001b[22m  \u001b[2m****AAAA\u001b[22m  is inactive')
    expect(changes).toEqual([
      '      \u001b[32m+ one\u001b[39m',
      '      \u001b[33m~ two\u001b[39m',
      '      \u001b[31m- three\u001b[39m',
    ])
    expect(laidOut(`so: ${hint('keyturn ls')}`, true)).toBe('so: \u001b[36mkeyturn ls\u001b[39m')
  })
})

it.each([
  [true, {}, true],
  [true, { TERM: 'dumb' }, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [false, {}, false],
  [false, { FORCE_COLOR: '1' }, true],
  [false, { FORCE_COLOR: '', NO_COLOR: '1' }, true],
  [true, { FORCE_COLOR: '0' }, false],
])('a stream that is a terminal (%s) has with %j colours: %s', (isTTY, env, has) => {
  expect(hasColours({ isTTY }, env)).toBe(has)
})
