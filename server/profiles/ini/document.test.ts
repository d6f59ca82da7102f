import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IniDocument } from './document.ts'
import { splice } from './splice.ts'
import { anyBytes, awkwardFile, keyId, mutatedFile, nastyFile, soup } from '../testing/generateFiles.ts'

const parse = (text: string) => IniDocument.parse(Buffer.from(text))
const files = fc.oneof(
  anyBytes,
  soup,
  nastyFile('credentials'),
  nastyFile('config'),
  mutatedFile('credentials'),
  mutatedFile('config'),
)

describe('parse and print', () => {
  it('gives back any bytes as they were', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(files, (bytes) => {
        const document = IniDocument.parse(bytes)
        expect(document.print().equals(bytes)).toBe(true)
        let at = 0
        for (const line of document.lines) {
          expect(line.start).toBe(at)
          at = line.next
        }
        expect(at).toBe(bytes.length)
      }),
      { numRuns: 10_000 },
    )
  })
})

describe('splice', () => {
  it('changes exactly the bytes of the value', { timeout: 120_000 }, () => {
    let [tried, spliced] = [0, 0]
    fc.assert(
      fc.property(
        fc.oneof(awkwardFile('credentials'), awkwardFile('config')),
        fc.nat(),
        keyId,
        (bytes, pick, text) => {
          tried++
          const before = IniDocument.parse(bytes)
          const all = before.sections.flatMap((section) =>
            section.entries.map((entry) => ({ section, entry })),
          )
          const chosen = all[pick % Math.max(1, all.length)]
          if (!chosen) return
          spliced++
          const { start, end, line } = chosen.entry
          const made = splice(bytes, [{ start, end, text }])
          expect(made.subarray(0, start).equals(bytes.subarray(0, start))).toBe(true)
          expect(made.subarray(start, start + text.length).toString()).toBe(text)
          expect(made.subarray(start + text.length).equals(bytes.subarray(end))).toBe(true)
          // Without its one undecodable byte a file is decoded otherwise, and nothing can be compared.
          if (!isUtf8(bytes)) return
          const after = IniDocument.parse(made)
          const again = after.sections.flatMap((section) =>
            section.entries.map((entry) => ({ section, entry })),
          )
          expect(again.map(({ section, entry }) => [section.name, entry.key, entry.line])).toEqual(
            all.map(({ section, entry }) => [section.name, entry.key, entry.line]),
          )
          for (const [index, { entry }] of again.entries()) {
            if (entry.line !== line) expect(entry.value).toEqual(all[index]?.entry.value)
            else if (chosen.entry.continuations.length === 0) expect(entry.value).toBe(text)
          }
        },
      ),
      { numRuns: 10_000 },
    )
    expect(spliced / tried).toBeGreaterThan(0.8)
  })
})

describe('values as botocore reads them', () => {
  it.each([
    ['[a]\nk = v # c\n', 'v # c'],
    ['[a]\nK=v', 'v'],
    ['[a]\nk: v', 'v'],
    ['[a]\n k = v\n k2 = w', 'v'],
    ['[a]\nk = v\n  w\n# c\n\n  x\n\n', 'v\nw\n\nx'],
    ['[a]\rk = v\r', 'v'],
    ['[a] # c\nk=v=w', 'v=w'],
    ['[a]\nk = "v"', '"v"'],
    ['[a]\nk =\n\n\n', ''],
    ['[DEFAULT]\nk=inherited\n[a]\nj=1', 'inherited'],
  ])('%j', (text, value) => {
    const document = parse(text)
    expect(document.faults).toEqual([])
    expect(document.values('a').get('k')).toBe(value)
  })

  it('reads a nested block as a block', () => {
    const block = parse('[a]\ns3 =\n  x = 1\n  y=2\nk = v').values('a').get('s3')
    expect(block).toEqual(
      new Map([
        ['x', '1'],
        ['y', '2'],
      ]),
    )
  })

  it.each([
    ['\ufeff[a]\nk=v', 'bom', 1],
    ['k=v\n[a]', 'before-first-header', 1],
    ['[a]\nk=v\n[b]\n[a]\nj=w', 'duplicate-section', 4],
    ['[a]\nk=v\nK = w', 'duplicate-key', 3],
    ['[a]\ngarbage', 'not-a-setting', 2],
    ['[a]\n= v', 'no-key', 2],
    ['[a]\nk =\n  v', 'bad-block', 3],
  ])('%j is refused as %s on line %i', (text, kind, line) => {
    expect(parse(text).faults[0]).toMatchObject({ kind, line })
  })

  it('names the line with bytes that are not UTF-8', () => {
    expect(IniDocument.parse(Buffer.from('[a]\nk=\xe9\n', 'latin1')).faults[0]).toMatchObject({
      kind: 'encoding',
      line: 2,
    })
  })
})
