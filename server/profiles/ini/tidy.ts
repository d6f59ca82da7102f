import type { Which } from '../../api/inventory.ts'
import { IniDocument } from './document.ts'
import type { Entry, Section } from './document.ts'
import { profileOf } from './profileNames.ts'
import { contentOf } from '../agreement/reading.ts'
import { isBlank, skipBlanks, strip } from './lines.ts'
import { splice } from './splice.ts'
import type { Edit } from './splice.ts'
import { strictReaders } from '../agreement/strictReaders.ts'
import type { StrictFinding } from '../agreement/strictReaders.ts'

/** A line as it is and as it would be; values are left out, since a line may hold a secret in any place. */
export interface TidyLine {
  /** 1-based. */
  readonly line: number
  readonly before: string
  readonly after: string
}

export interface Tidied {
  readonly bytes: Buffer
  /** That undo it in the new bytes: they put back blanks, quotes and colons, never a value. */
  readonly inverse: readonly Edit[]
  readonly lines: readonly TidyLine[]
}

const pairKeys = new Set(['aws_access_key_id', 'aws_secret_access_key'])

/**
 * The edit that lets Java 2, Rust, C++ and CRT read what botocore reads: lines begin at the first column, comments
 * too, odd blanks and quotes of a name go, a colon becomes an equals sign. Names that they do not take stay: other
 * programs know the profile by its name.
 * @returns undefined where nothing can be mended, or where botocore would read anything else than before
 */
export function tidy(document: IniDocument, which: Which): Tidied | undefined {
  const known = asked.get(document)
  if (known) return known.tidied
  const tidied = tidiedOf(document, which)
  asked.set(document, { tidied })
  return tidied
}

/** Each look at the files asks of the same document. */
const asked = new WeakMap<IniDocument, { readonly tidied: Tidied | undefined }>()

function tidiedOf(document: IniDocument, which: Which): Tidied | undefined {
  const found = strictReaders(document, which)
  if (document.faults.length > 0 || found.length === 0) return undefined
  const edits = [...editsOf(document, which)].sort((a, b) => a.start - b.start)
  if (edits.length === 0) return undefined
  const { bytes } = document
  const after = IniDocument.parse(splice(bytes, edits))
  if (after.faults.length > 0 || meaning(document, which) !== meaning(after, which)) return undefined
  // They stop at the first line that they cannot read: where that is mended a later one may show, for a person to mend.
  const left = new Set(strictReaders(after, which).map(placeOf))
  if (found.every((finding) => left.has(placeOf(finding)))) return undefined
  return { bytes: after.bytes, inverse: inverseOf(bytes, edits), lines: linesOf(document, after) }
}

function placeOf({ line, kind }: StrictFinding): string {
  return `${line} ${kind}`
}

/** What botocore reads, by the names of profiles: quotes around a name are no part of it. */
function meaning(document: IniDocument, which: Which): string {
  return [...contentOf(document)]
    .map(([place, value]) => {
      const [header = '', key = ''] = place.split('\0')
      return [profileOf(which, header) ?? `[${header}]`, key, value].join('\0')
    })
    .join('\n')
}

function* editsOf(document: IniDocument, which: Which): Generator<Edit> {
  const first = document.sections[0]?.line ?? document.lines.length + 1
  yield* commentEdits(document, 1, first)
  for (const section of document.sections) {
    yield* headerEdits(document, section, which)
    yield* commentEdits(document, section.line + 1, section.entries[0]?.line ?? section.endLine)
    for (const [at, entry] of section.entries.entries()) {
      yield* entryEdits(document, entry)
      // Where a comment is taken into a value, or into a block that must hold settings alone.
      if (pairKeys.has(entry.key) || typeof entry.value !== 'string')
        yield* commentEdits(document, entry.line + 1, section.entries[at + 1]?.line ?? section.endLine)
    }
  }
  for (const [at, { start, end }] of document.lines.entries()) {
    const text = document.text(at + 1)
    if (strip(text) === '' && !/^[ \t]*$/.test(text)) yield { start, end, text: '' }
  }
}

/** Comments of these lines, [from, to), begin at the first column. */
function* commentEdits(document: IniDocument, from: number, to: number): Generator<Edit> {
  for (let number = from; number < to; number++) {
    const blanks = skipBlanks(document.text(number), 0)
    if (blanks > 0 && /[#;]/.test(document.text(number)[blanks] ?? ''))
      yield cutAtStart(document, number, blanks)
  }
}

function* headerEdits(document: IniDocument, { name, line }: Section, which: Which): Generator<Edit> {
  const profile = profileOf(which, name)
  const [, quoted] = /^profile[ \t]+(["'])([A-Za-z0-9_\-./%@:+]+)\1$/.exec(name) ?? []
  if (which !== 'config' || quoted === undefined || profile === undefined) return
  const { start } = document.lines[line - 1] as { start: number }
  const at = document.text(line).indexOf(name)
  const from = start + Buffer.byteLength(document.text(line).slice(0, at))
  yield { start: from, end: from + Buffer.byteLength(name), text: `profile ${profile}` }
}

/** The setting at the first column, what is below it as much less indented, plain blanks, an equals sign. */
function* entryEdits(document: IniDocument, entry: Entry): Generator<Edit> {
  const { indent, line, writtenKey, start, end, delimiter } = entry
  if (indent > 0) {
    yield cutAtStart(document, line, indent)
    for (const below of entry.continuations) {
      const blanks = skipBlanks(document.text(below), 0)
      yield cutAtStart(document, below, Math.min(indent, blanks - 1))
    }
  }
  const text = document.text(line)
  const { start: from, end: to } = document.lines[line - 1] as { start: number; end: number }
  const keyEnd = from + Buffer.byteLength(text.slice(0, indent + writtenKey.length))
  const around = [document.bytes.toString('utf8', keyEnd, start), document.bytes.toString('utf8', end, to)]
  const isOdd = pairKeys.has(entry.key) && around.some((part) => [...part].some(isOddBlank))
  if (isOdd || (delimiter === ':' && !text.includes('='))) yield { start: keyEnd, end: start, text: ' = ' }
  if (isOdd) yield { start: end, end: to, text: '' }
}

function isOddBlank(char: string): boolean {
  return char !== ' ' && char !== '\t' && isBlank(char.charCodeAt(0))
}

function cutAtStart(document: IniDocument, line: number, characters: number): Edit {
  const { start } = document.lines[line - 1] as { start: number }
  const cut = Buffer.byteLength(document.text(line).slice(0, characters))
  return { start, end: start + cut, text: '' }
}

function inverseOf(bytes: Buffer, edits: readonly Edit[]): Edit[] {
  let moved = 0
  return edits.map(({ start, end, text }) => {
    const from = start + moved
    moved += Buffer.byteLength(text) - (end - start)
    return { start: from, end: from + Buffer.byteLength(text), text: bytes.toString('utf8', start, end) }
  })
}

/** The lines that differ. No edit adds or removes one. */
export function linesOf(before: IniDocument, after: IniDocument): TidyLine[] {
  return before.lines.flatMap((_, at) => {
    const line = at + 1
    if (before.text(line) === after.text(line)) return []
    return [{ line, before: shown(before, line), after: shown(after, line) }]
  })
}

/** A name of a setting, as AWS's are; anything else on its left side may be a piece of a secret. */
const settingName = /^[a-z][a-z0-9_.]{0,38}$/i

/** Of a line: its blanks, its name, and that there is more; odd blanks by their number. */
function shown(document: IniDocument, line: number): string {
  const text = document.text(line)
  const from = skipBlanks(text, 0)
  const visible = (part: string) =>
    [...part].map((char) => (isOddBlank(char) ? `‹U+${code(char)}›` : char)).join('')
  const start = visible(text.slice(0, from))
  if (from === text.length) return start
  if (/[#;]/.test(text[from] ?? '')) return `${start}${text[from]} …`
  if (text[from] === '[') return start + visible(text.slice(from))
  const [, name = '', delimiter = '', tail = ''] =
    /^([^=:]*?)(\s*[=:]\s*).*?(\s*)$/s.exec(text.slice(from)) ?? []
  return settingName.test(name) ? `${start}${name}${visible(delimiter)}…${visible(tail)}` : `${start}…`
}

function code(char: string): string {
  return char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
}
