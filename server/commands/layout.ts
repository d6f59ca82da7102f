import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'
import { printable } from '../../shared/printable.ts'
import type { Environment } from '../platform/environment.ts'
import { coloured, hasColours, styled } from './colours.ts'
import { eachHint, withInvocation, withoutStrayMarks, type Invocation } from './hints.ts'

/** Of no character, as a hint's marks. */
const asIs = '\ufdd2'
const unbroken = '\ufdd3'
/** A name that is longer than that makes no room for itself in the rows of others. */
const widestColumn = 40

/** Text as one stream shows it: nothing in it acts on a terminal, and a command is spelled as it is typed here. */
export function printed(
  text: string,
  { program, given }: Invocation,
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Environment,
): string {
  const columns = stream.isTTY === true ? stream.columns || undefined : undefined
  const here = { program: printable(program), given: printable(given) }
  const words = withInvocation(withoutStrayMarks(printable(text)), here)
  return laidOut(words, hasColours(stream, env), columns)
}

/** Text that somebody copies whole, such as a policy: it is neither wrapped nor coloured. */
export function verbatim(text: string): string {
  return text
    .split('\n')
    .map((line) => asIs + line)
    .join('\n')
}

/**
 * Pure: text as it is seen. Columns, which two spaces part, are aligned; a line that is wider than the terminal goes on below,
 * under its last column. What a thing is shows in its form: a name in brackets, an id, a sign before a change, a marked command.
 * @param columns undefined: lines are as long as they are
 */
export function laidOut(text: string, colours: boolean, columns?: number): string {
  const lines = text.split('\n').map(parted)
  align(lines)
  return lines.map((line) => drawn(line, colours, columns)).join('\n')
}

interface Line {
  readonly text: string
  readonly indent: number
  readonly cells: readonly string[]
  /** Of each cell but the last. */
  widths: readonly number[]
}

function parted(text: string): Line {
  if (text.startsWith(asIs)) return { text, indent: 0, cells: [], widths: [] }
  const indent = text.length - text.trimStart().length
  const rest = text.slice(indent)
  // Only what begins with a name or an id is a row of a table: two spaces elsewhere are somebody's own.
  const isRow = /^(\[|\*{4}\w|[A-Z0-9]{16,}\b)/.test(rest)
  return { text, indent, cells: isRow ? cellsOf(rest) : [rest], widths: [] }
}

/** Two spaces within brackets belong to a profile's name. */
function cellsOf(text: string): string[] {
  return (text.match(/(?:\[[^\]]*\]|(?! {2}).)+/g) ?? [text])
    .map((cell) => cell.trim())
    .filter((cell) => cell !== '')
}

/** Rows of one table have one indentation; what stands deeper below a row belongs to it. */
function align(lines: readonly Line[]): void {
  const open: Line[][] = []
  const close = (from: number) => {
    for (const rows of open.splice(from)) if (rows) alignRows(rows)
  }
  for (const line of lines) {
    const isRow = line.cells.length > 1
    close(isRow ? line.indent + 1 : line.cells.length === 0 ? 0 : line.indent)
    if (isRow) (open[line.indent] ??= []).push(line)
  }
  close(0)
}

function alignRows(rows: readonly Line[]): void {
  const most = Math.max(...rows.map(({ cells }) => cells.length))
  const widths = Array.from({ length: most - 1 }, (_, at) => {
    const own = rows.flatMap(({ cells }) => (at < cells.length - 1 ? [stringWidth(cells[at] ?? '')] : []))
    return Math.max(0, ...own.filter((width) => width <= widestColumn))
  })
  for (const row of rows) row.widths = widths
}

function drawn({ text, indent, cells, widths }: Line, colours: boolean, columns: number | undefined): string {
  if (text.startsWith(asIs)) return text.slice(asIs.length)
  const first = cells
    .slice(0, -1)
    .map((cell, at) => `${cell}${' '.repeat(Math.max(0, (widths[at] ?? 0) - stringWidth(cell)))}  `)
    .join('')
  const last = cells.at(-1) ?? ''
  const seen = (words: string) => painted(words, colours)
  const whole = seen(first + last)
  if (columns === undefined || stringWidth(whole) + indent <= columns)
    return finish(' '.repeat(indent) + whole)
  const offset = indent + stringWidth(first)
  const [head, rest, hang] =
    first === ''
      ? ['', whole, indent + 2]
      : offset <= columns / 2
        ? [seen(first), seen(last), offset]
        : ['', whole, indent + 4]
  // A word that is wider than the room keeps its line to itself, whole: it may be a path or a command to copy.
  const [line = '', ...below] = wrapAnsi(rest, Math.max(20, columns - hang)).split('\n')
  return [`${' '.repeat(indent)}${head}${line}`, ...below.map((each) => ' '.repeat(hang) + each)]
    .map(finish)
    .join('\n')
}

function painted(text: string, colours: boolean): string {
  return eachHint(
    text,
    (command) => coloured(colours, 'hint', command).replaceAll(' ', unbroken),
    (words) => styled(words, colours),
  )
}

const finish = (line: string) => line.replaceAll(unbroken, ' ')
