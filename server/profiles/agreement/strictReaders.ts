import type { Which } from '../../api/inventory.ts'
import type { IniDocument } from '../ini/document.ts'
import { profileOf } from '../ini/profileNames.ts'
import { strip } from '../ini/lines.ts'

/**
 * Readers that share one grammar, stricter than botocore's. C++ stands for the SDK and for what is built on it, CRT
 * for the Common Runtime beneath several SDKs. Go 2 is with them where a name is quoted; Go 1, on which s5cmd is built,
 * has a grammar of its own and loses a file for one thing that the others read.
 */
export type StrictReader = 'Java 2' | 'Rust' | 'C++' | 'CRT' | 'Go 2' | 'Go 1'

export type StrictKind =
  | 'indented'
  | 'indented-comment'
  | 'no-equals'
  | 'header-text'
  | 'block-line'
  | 'joined'
  | 'odd-blank'
  | 'name'
  | 'quoted-name'
  | 'sign-first'

/** A line for which some strict readers lose a profile, or the whole file. */
export interface StrictFinding {
  readonly kind: StrictKind
  /** 1-based. */
  readonly line: number
  readonly readers: readonly StrictReader[]
  /** The header of the only section that is affected; absent: the whole file cannot be read. */
  readonly header?: string
  /** What is affected: a key, or a name. */
  readonly subject: string
}

/** How a group of readers reads. */
interface Dialect {
  readonly readers: readonly StrictReader[]
  /** Where lines end: at LF alone, or at a lone CR too. */
  readonly cutsAtCr: boolean
  /** An unindented line that is no setting ends the whole file; else it is passed over. */
  readonly refusesStray: boolean
  /** Names that it takes for a profile's. */
  readonly names: RegExp
  /** What it takes off both ends of a value. */
  readonly blanks: RegExp
  /** Of a line in a block it cuts a comment off before it looks for the equals sign. */
  readonly cutsBlockComments: boolean
  /** Lines of a section that it does not take for a profile: read as others are, or not looked at. */
  readonly unknown: 'reads' | 'skips'
  /** A setting that it does not take, by its name or its section, leaves an indented line below it without one. */
  readonly forgets: boolean
}

const plain = /^[A-Za-z0-9_\-./%@:+]+$/
const spaces = /^[ \t]+|[ \t]+$/g
const dialects: readonly Dialect[] = [
  {
    readers: ['Java 2'],
    cutsAtCr: true,
    refusesStray: true,
    names: plain,
    blanks: /^[\0-\x20]+|[\0-\x20]+$/g,
    cutsBlockComments: false,
    unknown: 'skips',
    forgets: false,
  },
  {
    readers: ['Rust'],
    cutsAtCr: false,
    refusesStray: true,
    names: plain,
    blanks: spaces,
    cutsBlockComments: true,
    unknown: 'reads',
    forgets: false,
  },
  {
    readers: ['C++', 'CRT'],
    cutsAtCr: false,
    refusesStray: false,
    names: /^[A-Za-z0-9_\-./%@:+\\]+$/,
    blanks: spaces,
    cutsBlockComments: false,
    unknown: 'reads',
    forgets: true,
  },
]

const pairKeys = new Set(['aws_access_key_id', 'aws_secret_access_key'])

/**
 * What Java 2, Rust, C++ and CRT cannot read of a file that botocore and the JavaScript SDK read. It never refuses:
 * a rotation changes nothing about it.
 * @returns in the order of the lines; the same line and kind once, with all readers that trip over it
 */
export function strictReaders(document: IniDocument, which: Which): readonly StrictFinding[] {
  const known = asked.get(document)
  if (known) return known
  const found = findings(document, which)
  asked.set(document, found)
  return found
}

/** Of one document every profile asks. */
const asked = new WeakMap<IniDocument, readonly StrictFinding[]>()

function findings(document: IniDocument, which: Which): StrictFinding[] {
  const found = new Map<string, StrictFinding>()
  const add = (finding: Found, readers: readonly StrictReader[]) => {
    const key = `${finding.line} ${finding.kind} ${finding.header ?? ''}`
    found.set(key, { ...finding, readers: [...(found.get(key)?.readers ?? []), ...readers] })
  }
  for (const { name, line } of document.sections)
    for (const finding of isKnown(name, which, plain) ? [] : unknownName(name, which, line))
      if (finding.kind === 'quoted-name') add(finding, ['Go 2'])
  for (const { entries } of document.sections)
    for (const { key, line, value, delimiter } of entries)
      if (delimiter === '=' && typeof value === 'string' && /^[#;]/.test(value))
        add({ kind: 'sign-first', line, subject: key }, ['Go 1'])
  for (const dialect of dialects)
    for (const finding of read(document, which, dialect)) add(finding, dialect.readers)
  return [...found.values()].sort((a, b) => a.line - b.line)
}

/** Those of the findings that keep a reader from the pair of one section. */
export function strictAbout(findings: readonly StrictFinding[], header: string): StrictFinding[] {
  return findings.filter((finding) => finding.header === undefined || finding.header === header)
}

type Found = Omit<StrictFinding, 'readers'>

/** One walk over the lines; the first line that ends the file for this dialect is the last that is looked at. */
function* read(document: IniDocument, which: Which, dialect: Dialect): Generator<Found> {
  let header: string | undefined
  let known = false
  let property: { readonly key: string; readonly block: boolean } | undefined
  for (const { number, text } of linesOf(document, dialect)) {
    if (/^[ \t]*$/.test(text) || /^[#;]/.test(text)) continue
    if (text.startsWith('[')) {
      const line = withoutComment(text, /[#;]/).replace(dialect.blanks, '')
      if (dialect.refusesStray ? !line.endsWith(']') : isOpen(line, which))
        return yield { kind: 'header-text', line: number, subject: '' }
      header = line.slice(1, line.lastIndexOf(']'))
      const named = dialect.refusesStray ? header : text.slice(1, text.indexOf(']'))
      known = isKnown(named.replace(spaces, ''), which, dialect.names)
      property = undefined
      if (!known || isNotPlain(header, which)) yield* unknownName(header, which, number)
      continue
    }
    if (header !== undefined && !known && dialect.unknown === 'skips') continue
    if (/^[ \t]/.test(text)) {
      const kind = /^[ \t]+[#;]/.test(text) ? 'indented-comment' : 'indented'
      if (!property) return yield { kind, line: number, subject: '' }
      if (property.block) {
        const inner = text.replace(spaces, '')
        const setting = dialect.cutsBlockComments ? withoutComment(inner, /\s[#;]/) : inner
        if (setting.indexOf('=') <= 0)
          return yield {
            kind: kind === 'indented' ? 'block-line' : kind,
            line: number,
            subject: property.key,
          }
      } else if (pairKeys.has(property.key) && header !== undefined)
        yield { kind: 'joined', line: number, header, subject: property.key }
      continue
    }
    const line = withoutComment(text, /\s[#;]/)
    const at = line.indexOf('=')
    if (at < 0) {
      if (dialect.refusesStray || plain.test(line))
        return yield { kind: 'no-equals', line: number, subject: '' }
      property = undefined
      continue
    }
    if (header === undefined) return yield { kind: 'no-equals', line: number, subject: '' }
    const key = line.slice(0, at).replace(spaces, '').toLowerCase()
    const value = line.slice(at + 1).replace(dialect.blanks, '')
    property = dialect.forgets && !(known && plain.test(key)) ? undefined : { key, block: value === '' }
    const odd = pairKeys.has(strip(key)) && (!pairKeys.has(key) || value !== strip(value))
    if (odd && document.entry(header, strip(key))?.line === number)
      yield { kind: 'odd-blank', line: number, header, subject: strip(key) }
  }
}

/** Whether they take a section for a profile, or for one of the other kinds that they look at. */
function isKnown(header: string, which: Which, plain: RegExp): boolean {
  if (which === 'credentials' || header === 'default') return plain.test(header)
  const [, kind, name] = /^(profile|sso-session|services)[ \t]+(.*)$/.exec(header) ?? []
  return kind !== undefined && plain.test(name ?? '')
}

/** `[ a ]` is `a` to them, ` a ` to botocore. */
function isNotPlain(header: string, which: Which): boolean {
  return which === 'credentials' && header !== header.trim()
}

function* unknownName(header: string, which: Which, line: number): Generator<Found> {
  const name = profileOf(which, header)
  if (name === undefined) return
  const quoted = which === 'config' && plain.test(name)
  yield { kind: quoted ? 'quoted-name' : 'name', line, header, subject: name }
}

/** A header without its end, in a place where one counts. */
function isOpen(line: string, which: Which): boolean {
  return !line.includes(']') && (which === 'credentials' || /^\[(profile[ \t]|default)/.test(line))
}

function withoutComment(text: string, start: RegExp): string {
  const at = text.search(start)
  return (at < 0 ? text : text.slice(0, at)).replace(spaces, '')
}

/** The lines as the dialect cuts them; numbers are those of the document's first line in each. */
function* linesOf(document: IniDocument, { cutsAtCr }: Dialect): Generator<{ number: number; text: string }> {
  let joined: { number: number; text: string } | undefined
  for (const [index, { end, next }] of document.lines.entries()) {
    const text = document.text(index + 1)
    joined = joined ? { ...joined, text: `${joined.text}\r${text}` } : { number: index + 1, text }
    const loneCr = next === end + 1 && document.bytes[end] === 0x0d
    if (loneCr && !cutsAtCr && index < document.lines.length - 1) continue
    yield joined
    joined = undefined
  }
}
