import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { commands, rowOf } from './commandTable.ts'
import { help } from './help.ts'
import { parseOptions } from './options.ts'
import { optionNames, ownOptions, saysOf } from './optionTable.ts'

describe('help', () => {
  it.each([undefined, ...commands])('of %s fits 80 columns', (command) => {
    const wide = help(command)
      .split('\n')
      .filter((line) => stringWidth(line) > 80)
    expect(wide).toEqual([])
  })

  it.each(commands)('of %s names its options, and has examples', (command) => {
    const text = help(command)
    for (const name of ownOptions(command)) expect(text).toContain(`--${name}`)
    expect(rowOf(command).examples.length).toBeGreaterThan(0)
  })

  it('names every command, and no option is without words', () => {
    for (const command of commands)
      expect(help()).toContain(command === 'serve' ? 'keyturn' : `keyturn ${command}`)
    const unsaid = optionNames.filter((name) =>
      commands.every((command) => saysOf(command, name) === undefined),
    )
    // One that is there to be refused with the way to do it.
    expect(unsaid).toEqual(['host'])
  })

  it.each(commands.flatMap((command) => rowOf(command).examples.map(([words]) => [words])))(
    'keyturn %s is taken as it stands',
    (words) => {
      const argv =
        words
          .split(/ [|>] /)[0]
          ?.split(' ')
          .filter((word) => word !== '') ?? []
      expect(parseOptions(argv).kind).not.toBe('usage')
    },
  )
})
