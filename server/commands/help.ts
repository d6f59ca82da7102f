import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'
import { commands, exits, rowOf, type Command } from './commandTable.ts'
import { optionOf, ownOptions, saysOf, sharedOptions, type OptionName } from './optionTable.ts'

const width = 80
/** They open no file. */
const tells = new Set<Command>(['completions', 'man'])

/** Pure: what `keyturn --help` prints, or `keyturn COMMAND --help`. No line is wider than 80 columns. */
export function help(command?: Command): string {
  const lines = command === undefined ? everything() : [...about(command), ...options(command)]
  return `${lines.join('\n').trimEnd()}\n`
}

function everything(): string[] {
  return [
    'Keyturn rotates the AWS access keys in your credentials file, from a page on',
    'this machine or without it.',
    '',
    ...commands.flatMap((command) => row(usageOf(command), rowOf(command).does, 26)),
    '',
    'The options of a command, with examples: keyturn COMMAND --help',
    '',
    ...options('serve'),
    'Where its output is no terminal, a command that has nothing to say prints',
    'nothing, as cron likes it.',
    '',
    ...exitLines(),
  ]
}

function about(command: Command): string[] {
  const { does, takes, words = {}, examples } = rowOf(command)
  const rows = Object.entries(words)
  return [
    `${usageOf(command)}${takes === undefined ? '' : ` ${takes}`} [options]`,
    '',
    ...wrapped(`${does[0]?.toUpperCase() ?? ''}${does.slice(1)}.`, 0),
    '',
    ...examples.flatMap(([line, what]) => {
      const shown = `keyturn ${line}`.trim()
      return stringWidth(shown) <= 38 ? row(shown, what, 42) : row(shown, what, 4)
    }),
    '',
    ...(rows.length > 0 ? [...rows.flatMap(([word, says]) => row(word, says, 28)), ''] : []),
  ]
}

function options(command: Command): string[] {
  const own = ownOptions(command)
  const rows = (names: readonly OptionName[]) =>
    names.flatMap((name) => row(shown(name), saysOf(command, name) ?? '', 28))
  const { exits: ends } = rowOf(command)
  return [
    ...(own.length > 0 ? [command === 'serve' ? 'The page' : 'Options', ...rows(own), ''] : []),
    ...(tells.has(command) ? [] : ['Options of every command', ...rows(sharedOptions), '']),
    ...(ends ? [...exitLines(ends), ''] : []),
  ]
}

function exitLines(own?: Readonly<Record<number, string>>): string[] {
  return ['Exit codes', ...Object.entries(own ?? exits).flatMap(([code, says]) => row(code, says, 7))]
}

function shown(name: OptionName): string {
  const { value, short } = optionOf(name)
  return `--${name}${value === undefined ? '' : ` ${value}`}${short === undefined ? '' : `, -${short}`}`
}

export function usageOf(command: Command): string {
  return command === 'serve' ? 'keyturn' : `keyturn ${command}`
}

/** Two columns; what is too long for the first has a line of its own. */
function row(name: string, says: string, column: number): string[] {
  const lines = wrapped(says, column)
  if (says === '') return [`  ${name}`]
  if (2 + stringWidth(name) + 1 >= column) return [`  ${name}`, ...lines]
  return [`  ${name}`.padEnd(column) + (lines[0] ?? '').trimStart(), ...lines.slice(1)]
}

function wrapped(text: string, indent: number): string[] {
  return wrapAnsi(text, width - indent)
    .split('\n')
    .map((line) => ' '.repeat(indent) + line)
}
