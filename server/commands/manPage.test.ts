import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { commands } from './commandTable.ts'
import { manPage } from './manPage.ts'
import { optionNames } from './optionTable.ts'

describe('manPage', () => {
  it('has every command and every option that help names', () => {
    const text = manPage('1.2.3').replaceAll('\\-', '-')
    expect(text).toContain('keyturn 1.2.3')
    for (const command of commands)
      expect(text).toContain(command === 'serve' ? '.SS keyturn' : `.SS keyturn ${command}`)
    for (const name of optionNames) if (name !== 'host') expect(text).toContain(`--${name}`)
  })

  it.skipIf(spawnSync('groff', ['--version']).error !== undefined)(
    'is read by groff without a warning',
    () => {
      const read = spawnSync('groff', ['-man', '-ww', '-Tascii', '-P-c'], {
        input: manPage('1.2.3'),
        encoding: 'utf8',
      })
      expect([read.status, read.stderr]).toEqual([0, ''])
      // Bold is a letter struck twice, italic one over a line.
      expect(read.stdout.replace(/.\u0008/g, '')).toContain('--older-than DAYS')
    },
  )
})
