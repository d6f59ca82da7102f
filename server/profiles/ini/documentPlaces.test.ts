import { describe, expect, it } from 'vitest'
import { IniDocument } from './document.ts'
import type { Entry } from './document.ts'

const parse = (text: string) => IniDocument.parse(Buffer.from(text))
const entriesOf = (text: string) => parse(text).sections.flatMap((section) => section.entries)
/** The bytes that an edit of the value would replace. */
const range = (text: string, { start, end }: Entry) => Buffer.from(text).subarray(start, end).toString()

describe('where a value stands', () => {
  it.each([
    ['[a]\nk=v', 'v'],
    ['[a]\r\n  k \t= \t v w \t\r\n', 'v w'],
    ['[a]\nk:v=w', 'v=w'],
    ['[a]\nk=v:w', 'v:w'],
    ['[a]\nk =   \n', ''],
    ['[é]\nö = Grüße \u00a0\n', 'Grüße'],
    ['[a]\nk = \u2003😀\n', '😀'],
    ['[a]\nk = one\n  two\n', 'one'],
    ['\ufeff[a]\nk = v', 'v'],
  ])('in %j', (text, value) => {
    const [entry] = entriesOf(text)
    expect(range(text, entry!)).toBe(value)
  })

  it('in a file that is not UTF-8, byte by byte', () => {
    const bytes = Buffer.from('[a]\nx=\xe9\nk\xfc = v\xe9 \n', 'latin1')
    const entry = IniDocument.parse(bytes).sections[0]!.entries[1]!
    expect(bytes.subarray(entry.start, entry.end)).toEqual(Buffer.from('v\xe9', 'latin1'))
  })
})

describe('an entry', () => {
  it('knows its key as written and as looked up, its line, its sign and its column', () => {
    const [first, second] = entriesOf('# c\n[a]\n  Key One  :  v\n\n  k=w')
    expect(first).toMatchObject({
      key: 'key one',
      writtenKey: 'Key One',
      line: 3,
      delimiter: ':',
      indent: 2,
      value: 'v',
      continuations: [],
    })
    expect(second).toMatchObject({ key: 'k', writtenKey: 'k', line: 5, delimiter: '=', value: 'w' })
  })

  it('knows the lines that are joined to it', () => {
    const [entry, next] = entriesOf('[a]\nk = v\n  w\n# c\n\n  x\nl = 1')
    expect(entry).toMatchObject({ value: 'v\nw\n\nx', continuations: [3, 6] })
    expect(next).toMatchObject({ key: 'l', line: 7 })
  })

  it('is not gone on with by a line of the same or a lesser column', () => {
    expect(entriesOf('[a]\n  k = v\n  l = w\n m = x').map(({ key, value }) => [key, value])).toEqual([
      ['k', 'v'],
      ['l', 'w'],
      ['m', 'x'],
    ])
  })

  it('is gone on with behind a line that is none, by what is indented deeper than that', () => {
    expect(parse('[a]\n  k = v\ngarbage\n  more').values('a').get('k')).toBe('v\nmore')
    expect(parse('[a]\nk = v\ngarbage\nmore').values('a').get('k')).toBe('v')
  })

  it('of a block keeps its settings apart, the last of a name wins', () => {
    expect(entriesOf('[a]\ns3 =\n  x = 1\n\n  y = = 2\n  x=3 \n')[0]?.value).toEqual(
      new Map([
        ['x', '3'],
        ['y', '= 2'],
      ]),
    )
    expect(entriesOf('[a]\ns3 =\n  x = 1\u2028y = 2\n')[0]?.value).toEqual(
      new Map([
        ['x', '1'],
        ['y', '2'],
      ]),
    )
  })

  it('of a block is cut where Python cuts, passes over what is empty, and takes a setting without a name', () => {
    const { faults, sections } = parse('[a]\ns3 =\n  x = 1\v\fy = V\n  = z\n')
    expect(faults).toEqual([])
    expect(sections[0]?.entries[0]?.value).toEqual(
      new Map([
        ['x', '1'],
        ['y', 'V'],
        ['', 'z'],
      ]),
    )
  })

  it('is no comment, and one that ends with a bracket is no header', () => {
    const text = '[a]\n; b = 1\n# c = 2\nk = v\n  ; d\n  # e\nl = m]\n'
    expect(entriesOf(text).map(({ key, value }) => [key, value])).toEqual([
      ['k', 'v'],
      ['l', 'm]'],
    ])
  })
})

describe('a section', () => {
  it('reaches to the next header, or to just after the last line', () => {
    const text = '# c\n[a]\n\n  [b]\nk = v\n  [no]\n[c]'
    expect(
      parse(text).sections.map(({ name, line, endLine, indent }) => [name, line, endLine, indent]),
    ).toEqual([
      ['a', 2, 4, 0],
      ['b', 4, 7, 2],
      ['c', 7, 8, 0],
    ])
  })

  it.each([
    ['[a]', 'a'],
    ['[a] # note', 'a'],
    ['[a]]', 'a]'],
    ['[ a ]', ' a '],
    ['[[a]', '[a'],
    ['[a]\t', 'a'],
    ['[a]x]', 'a]x'],
    ['[café]', 'café'],
  ])('is named by %j', (header, name) => {
    expect(parse(header).sections.map((section) => section.name)).toEqual([name])
  })

  it.each(['[]', '[', 'a]', '[a', '; [a]', '# [a]'])('is not begun by %j', (text) => {
    expect(parse(text).sections).toEqual([])
  })

  it('of several of one name: the last is meant, and each later setting counts', () => {
    const document = parse('[a]\nk = 1\nj = 1\nonly = 1\n[b]\n[a]\nk = 2\nj = 2\nj = 3')
    expect(document.section('a')?.line).toBe(6)
    expect(document.entry('a', 'k')?.line).toBe(7)
    expect(document.entry('a', 'j')?.line).toBe(9)
    expect(document.entry('a', 'only')?.line).toBe(4)
    expect(document.entry('a', 'none')).toBeUndefined()
    expect(document.entry('x', 'k')).toBeUndefined()
    expect(document.section('x')).toBeUndefined()
    expect([...document.values('a')]).toEqual([
      ['k', '2'],
      ['j', '3'],
      ['only', '1'],
    ])
  })

  it('inherits from [DEFAULT] what it does not say itself, but not as an entry of its own', () => {
    const document = parse('[DEFAULT]\nk = 1\nj = 1\n[a]\nk = 2\n[DEFAULT]\nj = 3\n[default]\nx = 1')
    expect(document.values('a')).toEqual(
      new Map([
        ['k', '2'],
        ['j', '3'],
      ]),
    )
    expect(document.values('gone')).toEqual(
      new Map([
        ['k', '1'],
        ['j', '3'],
      ]),
    )
    expect(document.entry('a', 'j')).toBeUndefined()
  })
})

describe('faults', () => {
  const faults = (text: string) => parse(text).faults.map(({ kind, line, subject }) => [kind, line, subject])

  it.each<[string, [string, number, string][]]>([
    ['[a]\nk = v', []],
    ['[DEFAULT]\n[DEFAULT]', []],
    ['\ufeff', [['bom', 1, '']]],
    ['[a]\nk = \ufeff', []],
    ['[a]\n\ufeffk = v', []],
    [
      '# c\n\nk = v\nl\n[a]',
      [
        ['before-first-header', 3, ''],
        ['before-first-header', 4, ''],
      ],
    ],
    [
      '[a]\n[b]\n[a]\n[a]',
      [
        ['duplicate-section', 3, 'a'],
        ['duplicate-section', 4, 'a'],
      ],
    ],
    [
      '[a]\nk=1\n[b]\nk=2\n[a]\nK=3',
      [
        ['duplicate-section', 5, 'a'],
        ['duplicate-key', 6, 'k'],
      ],
    ],
    ['[DEFAULT]\nk=1\n[DEFAULT]\nk=2', [['duplicate-key', 4, 'k']]],
    ['[a]\ngarbage\nk=1', [['not-a-setting', 2, '']]],
    ['[a]\n = v', [['no-key', 2, '']]],
    ['[a]\ns3 =\n  x', [['bad-block', 3, 's3']]],
    [
      '[a]\ns3 =\n  x = 1\n# c\n\n  y\n  z = 1\n  w',
      [
        ['bad-block', 6, 's3'],
        ['bad-block', 8, 's3'],
      ],
    ],
  ])('of %j', (text, found) => {
    expect(faults(text)).toEqual(found)
  })

  it('goes on reading behind each', () => {
    expect(parse('x\n[a]\ngarbage\n= v\nk = v').values('a').get('k')).toBe('v')
  })

  it('takes a value above a key-less line for ended', () => {
    expect(parse('[a]\nk = v\n= x\n  more').values('a').get('k')).toBe('v')
  })

  it('tells two hundred of a file of nonsense, and not a million', () => {
    expect(faults('[a]\n' + 'garbage\n'.repeat(201))).toHaveLength(200)
    expect(faults('[a]\n' + 'garbage\n'.repeat(200))).toHaveLength(200)
  })

  it('names the line that is not UTF-8 first, whatever else is wrong', () => {
    const document = IniDocument.parse(Buffer.from('x\n[a]\nb=1\nk=\xe9\nl=\xe9', 'latin1'))
    expect(document.faults).toEqual([
      { kind: 'encoding', line: 4, subject: '' },
      { kind: 'before-first-header', line: 1, subject: '' },
    ])
  })
})

describe('text and line endings', () => {
  it('tells a line without its ending, and none for a line that is not there', () => {
    const document = parse('[é]\r\nk = v')
    expect([0, 1, 2, 3].map((line) => document.text(line))).toEqual(['', '[é]', 'k = v', ''])
  })

  it('finds the first lone carriage return of the lines asked for', () => {
    const document = parse('[a]\r\nk = v\n[b]\rl = w\rm = x\r\n')
    expect(document.hasLoneCr(1, 3)).toBeUndefined()
    expect(document.hasLoneCr(1, 4)).toBe(3)
    expect(document.hasLoneCr(4, 6)).toBe(4)
    expect(document.hasLoneCr(5, 6)).toBeUndefined()
    expect(document.hasLoneCr(1, 99)).toBe(3)
    expect(parse('[a]\rk').hasLoneCr(2, 3)).toBeUndefined()
  })
})
