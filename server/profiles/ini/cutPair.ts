import type { Entry, IniDocument, Section } from './document.ts'
import { isBlank } from './lines.ts'
import type { Edit } from './splice.ts'

/** Lines that stood together, and where: so that they come back there, whatever else was written meanwhile. */
export interface CutLines {
  readonly text: string
  /**
   * `in` a section that stayed: so many lines below its header. `before` the next section, or the end of the file where
   * there was none: with so many lines between.
   */
  readonly at:
    { readonly in: string; readonly below: number } | { readonly before?: string; readonly above: number }
}

/** A line that is cut, as it may be shown. */
export interface ShownLine {
  /** 1-based. */
  readonly line: number
  readonly text: string
}

export interface PairCut {
  /** The section goes, too. */
  readonly whole: boolean
  readonly cut: readonly CutLines[]
  readonly edits: readonly Edit[]
  readonly shown: readonly ShownLine[]
}

/**
 * Pure: how the pair of a section is cut out of a file. The whole section goes where it holds nothing else; else the two
 * lines alone, since what stands beside them is the person's.
 * @param isLast of the sections that the file has left: it stays, since an empty file is taken for one that is being written
 */
export function cutPair(
  document: IniDocument,
  section: Section,
  { id, secret, isLast }: { readonly id: Entry; readonly secret: Entry; readonly isLast: boolean },
): PairCut {
  const [first, last] = id.line < secret.line ? [id, secret] : [secret, id]
  const whole = !isLast && isAlone(document, section, first.line, last.line)
  const ranges = whole
    ? [[section.line, lastBlankFrom(document, last.line, section.endLine)] as const]
    : last.line === first.line + 1
      ? [[first.line, last.line] as const]
      : [[first.line, first.line] as const, [last.line, last.line] as const]
  const next = document.sections.find(({ line }) => line === section.endLine)?.name
  const cut: CutLines[] = []
  const edits: Edit[] = []
  const shown: ShownLine[] = []
  for (const [from, to] of ranges) {
    const start = startOf(document, from)
    const end = startOf(document, to + 1)
    edits.push({ start, end, text: '' })
    cut.push({
      text: document.bytes.toString('utf8', start, end),
      at:
        from === section.line
          ? { ...(next !== undefined && { before: next }), above: section.endLine - 1 - to }
          : { in: section.name, below: from - section.line },
    })
    for (let line = from; line <= to; line++) shown.push({ line, text: masked(document, line, secret) })
  }
  return { whole, cut, edits, shown }
}

/** Pure: how they come back, into a file in which the profile holds no pair. @param header of the profile, in brackets */
export function putPairBack(
  document: IniDocument,
  header: string,
  cut: readonly CutLines[],
): readonly Edit[] {
  const own = document.section(header)
  // The lines that stand below one another in the end come in one edit each, counted as they stood.
  let inserted = 0
  return cut.map(({ text, at }) => {
    if ('in' in at) {
      const line = own ? Math.min(own.line + at.below - inserted, own.endLine) : document.lines.length + 1
      const whole = own || inserted > 0 ? text : `[${header}]${newlineOf(document)}${text}`
      inserted += linesIn(text)
      return insertion(document, line, whole)
    }
    // Somebody wrote the section again, without a pair.
    if (own) return insertion(document, own.line + 1, text.slice(text.indexOf('\n') + 1))
    const next = at.before === undefined ? undefined : document.section(at.before)
    const end = next?.line ?? document.lines.length + 1
    return insertion(document, at.before === undefined || next ? above(document, end, at.above) : end, text)
  })
}

function newlineOf({ bytes }: IniDocument): string {
  return bytes.includes('\r\n') ? '\r\n' : '\n'
}

function linesIn(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

/** So many lines above a line, as long as they are comments and blanks, as they were. */
function above(document: IniDocument, line: number, count: number): number {
  let at = line
  while (line - at < count && at > 1 && isFiller(document.text(at - 1))) at--
  return at
}

/** Complete lines, though the file should end in the middle of one there. */
function insertion(document: IniDocument, line: number, text: string): Edit {
  const start = startOf(document, line)
  const newline = newlineOf(document)
  const isCut = start > 0 && document.bytes[start - 1] !== 0x0a
  const atEnd = start === document.bytes.length
  return {
    start,
    end: start,
    text: (isCut ? newline : '') + text + (atEnd || text.endsWith('\n') ? '' : newline),
  }
}

function startOf({ lines, bytes }: IniDocument, line: number): number {
  return lines[line - 1]?.start ?? bytes.length
}

/** Nothing of anybody's stands between the header and the last of the two lines, nor any setting below. */
function isAlone(document: IniDocument, section: Section, first: number, last: number): boolean {
  if (section.entries.length > 2) return false
  for (let line = section.line + 1; line < last; line++)
    if (line !== first && !isEmpty(document.text(line))) return false
  return true
}

function lastBlankFrom(document: IniDocument, line: number, end: number): number {
  let at = line
  while (at + 1 < end && isEmpty(document.text(at + 1))) at++
  return at
}

function isFiller(text: string): boolean {
  return isEmpty(text) || /^\s*[#;]/.test(text)
}

function isEmpty(text: string): boolean {
  return [...text].every((char) => isBlank(char.charCodeAt(0)))
}

function masked(document: IniDocument, line: number, secret: Entry): string {
  if (line !== secret.line) return document.text(line)
  const { start, end } = document.lines[line - 1] as { start: number; end: number }
  const text = (from: number, to: number) => document.bytes.toString('utf8', from, to)
  return `${text(start, secret.start)}••••••••${text(secret.end, end)}`
}
