import fs from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Which } from '../api/inventory.ts'
import { readSharedConfig } from '../aws/sharedConfigReader.ts'
import { classify } from './classify.ts'
import { readWithAll } from './agreement/reading.ts'
import { strictReaders } from './agreement/strictReaders.ts'
import { tidy } from './ini/tidy.ts'

/**
 * The README's tables of which files are written, row by row: each row stands for files, and Keyturn judges them as it
 * says there. A row without a file here, or a file without a row, fails.
 */
const readme = fs.readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

const id = 'aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n'
const secret = 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n'
const pair = id + secret
const good =
  '[good]\naws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY\n'

type Rows = readonly (readonly [found: string, ...texts: readonly (string | Buffer | Config)[]])[]
class Config {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
const config = (text: string) => new Config(text)

/** The rows of the table that follows these words, without their header. */
function table(words: string): string[][] {
  const after = readme.slice(readme.indexOf(words) + 1)
  const lines = after.slice(after.indexOf('\n|') + 1).split('\n')
  const end = lines.findIndex((line) => !line.startsWith('|'))
  return lines.slice(2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

async function judge(file: string | Buffer | Config) {
  const which: Which = file instanceof Config ? 'config' : 'credentials'
  const bytes = Buffer.from((file instanceof Config ? file.text : file) as string)
  const reading = await readWithAll(bytes, which, readSharedConfig)
  return { which, reading, profiles: classify({ [which]: reading }, { credentials: 'FILE', config: 'FILE' }) }
}

function each(
  words: string,
  rows: Rows,
  check: (cells: string[], file: string | Buffer | Config) => Promise<void>,
) {
  const cells = table(words)
  it('has the rows that are tried here', () => {
    expect(cells.map(([found]) => found)).toEqual(rows.map(([found]) => found))
  })
  for (const [at, [found, ...files]] of rows.entries())
    it.each(files.map((file) => [file instanceof Config ? file.text : String(file), file] as const))(
      `${found}: %j`,
      (_, file) => check(cells[at] as string[], file),
    )
}

describe('rotated, though an SDK cannot read it', () => {
  const rows: Rows = [
    ['an indented key', `[a]\n  ${id}  ${secret}`, `[a]\n${pair}[b]\n\tregion = x\n`],
    [
      "an indented comment above a section's first key, or in a block",
      `[a]\n  # c\n${pair}`,
      `  ; c\n[a]\n${pair}`,
      `[a]\n${pair}s3 =\n  # c\n  x = y\n`,
    ],
    ['an indented comment under the id or the secret', `[a]\n${id}  # c\n${secret}`, `[a]\n${pair}\n\t; c\n`],
    [
      'a no-break space beside the id or the secret',
      `[a]\n${id.trimEnd()}\u00a0\n${secret}`,
      `[a]\n${id}${secret.replace('= ', '=\u00a0')}`,
    ],
    ['a form feed or a vertical tab on a line of its own', `[a]\n${pair}\f\n`, `[a]\n\v\n${pair}`],
    ['another key with a colon (`region: x`)', `[a]\n${pair}region: x\n`],
    ['text after another header (`[old] x`)', `[old] x\nregion = x\n[a]\n${pair}`],
    [
      'a value that begins with `#` or `;` (`note = #1`)',
      `[a]\n${pair}note = #1\n`,
      `[b]\nnote =;x\n[a]\n${pair}`,
    ],
    [
      'quotes around a plain name in the config file (`[profile "a"]`)',
      config(`[profile "a"]\n${pair}`),
      config(`[profile 'a']\n${pair}`),
    ],
    [
      'a name beyond letters, digits and `_-./%@:+` (`[büro]`, `[my own prof]`)',
      `[büro]\n${pair}`,
      `[my own prof]\n${pair}`,
      `[r&d]\n${pair}`,
      `[a[b]\n${pair}`,
    ],
    [
      '`max_attempts = many`, `source_profile` without a role',
      `[a]\n${pair}max_attempts = many\n`,
      `[a]\n${pair}source_profile = b\n`,
    ],
    ['`credential_process` beside the pair', `[a]\n${pair}credential_process = x\n`],
  ]
  each('Rotated, with a word on the row', rows, async ([, who = '', what, by], file) => {
    const { which, reading, profiles } = await judge(file)
    const profile = profiles.find(({ pair: held }) => held)
    expect(profile).toMatchObject({ rotatable: true, warning: { name: 'strict-readers' } })
    const { title = '' } = profile?.warning ?? {}
    expect(title.startsWith(`${who} `)).toBe(true)
    expect(title.includes('cannot read this file')).toBe(what === 'the file')
    const tidied = tidy(reading.document, which)
    expect(tidied !== undefined).toBe(by === '_Tidy these lines_')
    if (!tidied) return
    const after = await readWithAll(tidied.bytes, which, readSharedConfig)
    expect(strictReaders(after.document, which)).toEqual([])
  })
})

describe('the whole file is not written', () => {
  const rows: Rows = [
    [
      'a byte order mark, or bytes that are not UTF-8',
      `\ufeff[a]\n${pair}${good}`,
      Buffer.from(`[a]\n${pair}x = \xff\n${good}`, 'latin1'),
    ],
    ['text before the first `[header]`', `region = x\n[a]\n${pair}${good}`],
    ['a second `[section]` of the same name', `[a]\n${pair}[b]\nx = y\n[b]\nx = y\n${good}`],
    ['a second key of the same name in a section', `[a]\n${pair}x = y\nx = y\n${good}`],
    ['a line that is neither a header nor `key = value`', `[a]\n${pair}nonsense\n${good}`],
  ]
  each('**The whole file is not written**', rows, async (_, file) => {
    const { profiles } = await judge(file)
    expect(profiles.length).toBeGreaterThan(0)
    for (const profile of profiles.filter(({ pair: held }) => held))
      expect(profile).toMatchObject({ rotatable: false, reason: { name: 'file-ambiguous' } })
  })
})

describe('only that profile is not written', () => {
  const rows: Rows = [
    [
      '`[dev] # note`, `[dev];x`, an indented header',
      `[dev] # note\n${pair}`,
      `[dev];x\n${pair}`,
      `  [dev]\n${pair}`,
    ],
    [
      '`#`, `;`, `]`, `\\.` or other quotes in a name',
      `[a\\.b]\n${pair}`,
      `[a#b]\n${pair}`,
      `[a;b]\n${pair}`,
      `[a]b]\n${pair}`,
      `["a"]\n${pair}`,
      `['a b c']\n${pair}`,
      config(`[profile "a b"]\n${pair}`),
    ],
    [
      'a name with blanks that the JavaScript SDK drops (`[my prof]`)',
      `[my prof]\n${pair}`,
      `[ a ]\n${pair}`,
    ],
    [
      '`[profile x]` in the credentials file',
      `[profile x]\n${pair}`,
      `[profile a b]\n${pair}`,
      `[profile "a b"]\n${pair}`,
    ],
    ['`[__proto__]`, `[constructor]`', `[__proto__]\n${pair}`, `[constructor]\n${pair}`],
    [
      'two headers for one profile (`[default]` and `[profile default]`)',
      config(`[default]\n${pair}[profile default]\nregion = x\n`),
      config(`[profile a]\n${pair}[profile "a"]\nregion = x\n`),
    ],
    ['an id, secret or token under `[DEFAULT]`', `[DEFAULT]\naws_session_token = x\n[a]\n${pair}`],
    [
      'an upper-case key, `key: value`',
      `[a]\n${id.replace('aws_access_key_id', 'AWS_ACCESS_KEY_ID')}${secret}`,
      `[a]\n${id.replace(' =', ':')}${secret}`,
    ],
    [
      '`value # comment`, quotes, `#`, `;`, `\\` in a value',
      `[a]\n${id.trimEnd()} # mine\n${secret}`,
      `[a]\n${id}aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"\n`,
      `[a]\n${id}aws_secret_access_key = wJalrXUtnFEMI#K7MDENG/bPxRfiCYEXAMPLEKEY\n`,
      `[a]\n${id}aws_secret_access_key = wJalrXUtnFEMI\\K7MDENG/bPxRfiCYEXAMPLEKEY\n`,
    ],
    ['an indented line after the id or the secret', `[a]\n${id}  region = x\n${secret}`],
    ['the same key later in an indented block', `[a]\n${pair}s3 =\n  aws_access_key_id = x\n`],
    ['a lone carriage return in the section', `[a]\n${pair}x = y\rz = w\n`],
  ]
  each('**Only that profile is not written:**', rows, async ([, who = ''], file) => {
    const { profiles } = await judge(
      file instanceof Config ? config(file.text + good.replace('[', '[profile ')) : `${String(file)}${good}`,
    )
    const others = profiles.filter(({ name }) => name !== 'good')
    const row = others.find(({ rotatable, reason }) => !rotatable && reason?.name === 'file-ambiguous')
    expect(row).toBeDefined()
    expect(others.filter(({ rotatable }) => rotatable)).toEqual([])
    const takesOthersAlong = /or the file|every profile/.test(who)
    if (!takesOthersAlong) expect(profiles.find(({ name }) => name === 'good')?.rotatable).toBe(true)
  })
})
