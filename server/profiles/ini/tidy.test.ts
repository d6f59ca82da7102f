import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IniDocument } from './document.ts'
import { splice } from './splice.ts'
import { strictReaders } from '../agreement/strictReaders.ts'
import { awkwardFile } from '../testing/generateFiles.ts'
import { tidy } from './tidy.ts'

const id = 'aws_access_key_id = AKIAIOSFODNN7EXAMPLE'
const secret = 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const pair = `${id}\n${secret}\n`
const run = (text: string, which: 'credentials' | 'config' = 'credentials') =>
  tidy(IniDocument.parse(Buffer.from(text)), which)

describe('lines are mended', () => {
  it.each([
    [`[a]\n  ${id}\n  ${secret}\n`, `[a]\n${pair}`],
    [`[a]\n\t${id}\n\n\t${secret}\n\ts3 =\n\t\tx = y\n`, `[a]\n${id}\n\n${secret}\ns3 =\n\tx = y\n`],
    [`[a]\r\n  ${id}\r\n  ${secret}\r\n`, `[a]\r\n${id}\r\n${secret}\r\n`],
    [`[a]\n  # c\n${pair}`, `[a]\n# c\n${pair}`],
    [`  # c\n[a]\n${pair}`, `# c\n[a]\n${pair}`],
    [`[a]\n${id}\n  ; rotate in June\n${secret}\n`, `[a]\n${id}\n; rotate in June\n${secret}\n`],
    [`[a]\n${pair}s3 =\n  # c\n  x = y\n`, `[a]\n${pair}s3 =\n# c\n  x = y\n`],
    [`[a]\n${id}\u00a0\n${secret}\n`, `[a]\n${pair}`],
    [`[a]\n${id.replace('= ', '=\u00a0')}\n${secret}\n`, `[a]\n${pair}`],
    [`[a]\n${pair}\f\n[b]\nk = v\n`, `[a]\n${pair}\n[b]\nk = v\n`],
    [`[a]\n${pair}region: eu-west-1\n`, `[a]\n${pair}region = eu-west-1\n`],
  ])('%j', (text, wanted) => {
    const tidied = run(text)
    expect(tidied?.bytes.toString()).toBe(wanted)
    expect(splice(tidied?.bytes as Buffer, tidied?.inverse ?? []).toString()).toBe(text)
  })

  it('and quotes around a plain name of the config file', () => {
    expect(run(`[profile "a"]\n${pair}`, 'config')?.bytes.toString()).toBe(`[profile a]\n${pair}`)
  })

  it('and one that a person must mend keeps no other from it', () => {
    expect(run(`[a]\n  ${id}\n  ${secret}\n[b] x\n`)?.bytes.toString()).toBe(`[a]\n${pair}[b] x\n`)
    const rest = 's3 =\n  x # = y\n'
    expect(run(`[a]\n  # c\n${pair}${rest}`)?.bytes.toString()).toBe(`[a]\n# c\n${pair}${rest}`)
  })

  it('and what is harmless, or is not ours to change, stays', () => {
    for (const text of [
      `[a]\n${pair}`,
      `[a]\n${pair}k = v\n  # c\n`,
      `[my own prof]\n${pair}`,
      `[a] x\n${pair}`,
      `[a]\n  ${id}\nnonsense\n`,
    ])
      expect(run(text)).toBeUndefined()
  })
})

it('shows lines without what may be secret', () => {
  const lines = run(`[a]\n  ${id}\u00a0\n  ${secret}\n  # ${secret}\nregion: x\n`)?.lines
  expect(lines).toEqual([
    { line: 2, before: '  aws_access_key_id = …‹U+00A0›', after: 'aws_access_key_id = …' },
    { line: 3, before: '  aws_secret_access_key = …', after: 'aws_secret_access_key = …' },
    { line: 4, before: '  # …', after: '# …' },
    { line: 5, before: 'region: …', after: 'region = …' },
  ])
})

it('of any file leaves what botocore reads, makes strict readers read more, and can be undone', () => {
  for (const which of ['credentials', 'config'] as const)
    fc.assert(
      fc.property(awkwardFile(which), (bytes) => {
        const document = IniDocument.parse(bytes)
        const tidied = tidy(document, which)
        if (!tidied) return
        const after = IniDocument.parse(tidied.bytes)
        expect(after.faults).toEqual([])
        expect(after.sections.map(({ entries }) => entries.map(({ key, value }) => [key, value]))).toEqual(
          document.sections.map(({ entries }) => entries.map(({ key, value }) => [key, value])),
        )
        const [left, found] = [after, document].map((each) => strictReaders(each, which))
        expect(left).not.toEqual(found)
        expect(splice(tidied.bytes, tidied.inverse).equals(bytes)).toBe(true)
        expect(tidy(after, which)).toBeUndefined()
      }),
      { seed: 20_261_125, numRuns: 1_000 },
    )
})
