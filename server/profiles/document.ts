import { isUtf8 } from 'node:buffer'
import { scanLines, skipBlanks, strip, trimBlanks } from './scan.ts'
import type { Line } from './scan.ts'

/** What botocore makes of a value: text, or a nested block of one level. */
export type Value = string | ReadonlyMap<string, string>

export interface Entry {
  /** Lower-case, as botocore looks it up. */
  readonly key: string
  /** As it stands in the file. */
  readonly writtenKey: string
  /** 1-based. */
  readonly line: number
  /** Byte range of the value's text on that line, without the blanks around it. */
  readonly start: number
  readonly end: number
  readonly delimiter: '=' | ':'
  readonly indent: number
  value: Value
  /** 1-based lines that botocore joins to the value since they are indented deeper. */
  readonly continuations: number[]
}

export interface Section {
  readonly name: string
  /** 1-based line of the header. */
  readonly line: number
  /** 1-based, exclusive: where the next header stands, or just after the last line. */
  endLine: number
  readonly indent: number
  readonly entries: Entry[]
}

export type FaultKind =
  | 'bom'
  | 'encoding'
  | 'before-first-header'
  | 'duplicate-section'
  | 'duplicate-key'
  | 'not-a-setting'
  | 'no-key'
  | 'bad-block'

/** Something for which botocore, and with it the AWS CLI, refuses the whole file. */
export interface Fault {
  readonly kind: FaultKind
  /** 1-based. */
  readonly line: number
  readonly subject: string
}

export const inherited = 'DEFAULT'

/**
 * A credentials or config file, lossless: it keeps the bytes, cut into lines, and knows the byte range of each
 * value. Sections, keys and values are what botocore reads (Python's RawConfigParser, strict), ported rule by rule;
 * where botocore would refuse the file, the reason is a fault and reading goes on, as the other readers do.
 */
export class IniDocument {
  readonly bytes: Buffer
  readonly lines: readonly Line[]
  readonly sections: readonly Section[]
  readonly faults: readonly Fault[]
  readonly #byName = new Map<string, Section>()
  readonly #inherited = new Map<string, Value>()
  readonly #text: (line: Line) => string

  private constructor(bytes: Buffer) {
    this.bytes = bytes
    this.lines = scanLines(bytes)
    const encoding = isUtf8(bytes) ? 'utf8' : 'latin1'
    this.#text = (line) => bytes.toString(encoding, line.start, line.end)
    const { sections, faults } = read(this.lines, this.#text, encoding)
    this.sections = sections
    this.faults =
      encoding === 'utf8' ? faults : [{ kind: 'encoding', line: this.#undecodable(), subject: '' }, ...faults]
    for (const section of sections) {
      this.#byName.set(section.name, section)
      if (section.name === inherited)
        for (const entry of section.entries) this.#inherited.set(entry.key, entry.value)
    }
  }

  /** Any bytes at all; never throws. Time is linear in their number. */
  static parse(bytes: Buffer): IniDocument {
    return new IniDocument(bytes)
  }

  /** The bytes again, put together from the lines. */
  print(): Buffer {
    return Buffer.concat(this.lines.map((line) => this.bytes.subarray(line.start, line.next)))
  }

  /** Text of a 1-based line, without its ending. */
  text(line: number): string {
    const found = this.lines[line - 1]
    return found ? this.#text(found) : ''
  }

  /** The section of that name; of several, the last. */
  section(name: string): Section | undefined {
    return this.#byName.get(name)
  }

  /** The entry that counts: of several, the last. Not what is inherited from [DEFAULT]. */
  entry(section: string, key: string): Entry | undefined {
    return this.#byName.get(section)?.entries.findLast((entry) => entry.key === key)
  }

  /** Effective values as botocore reads them: its own over those inherited from [DEFAULT]. */
  values(name: string): Map<string, Value> {
    const values = new Map(this.#inherited)
    for (const entry of this.#byName.get(name)?.entries ?? []) values.set(entry.key, entry.value)
    return values
  }

  /** Whether a carriage return stands alone in these 1-based lines, [from, to): readers differ on whether it ends a line. */
  hasLoneCr(from: number, to: number): number | undefined {
    for (let number = from; number < to; number++) {
      const line = this.lines[number - 1]
      if (line && line.next === line.end + 1 && this.bytes[line.end] === 0x0d) return number
    }
    return undefined
  }

  #undecodable(): number {
    const index = this.lines.findIndex((line) => !isUtf8(this.bytes.subarray(line.start, line.end)))
    return index + 1
  }
}

/** An entry while its continuation lines are still being gathered. */
interface Open {
  readonly entry: Entry
  readonly parts: string[]
}

function read(lines: readonly Line[], textOf: (line: Line) => string, encoding: BufferEncoding) {
  const sections: Section[] = []
  const faults: Fault[] = []
  const names = new Map<string, Set<string>>()
  let section: Section | undefined
  let open: Open | undefined
  let level = 0

  const close = () => {
    if (open) finish(open, faults)
    open = undefined
  }

  for (const [index, line] of lines.entries()) {
    const number = index + 1
    const text = textOf(line)
    const indent = skipBlanks(text, 0)
    const stop = trimBlanks(text, indent)
    if (indent === stop) {
      if (section) open?.parts.push('')
      continue
    }
    const first = text[indent]
    if (first === '#' || first === ';') continue
    if (index === 0 && first === '\ufeff') {
      faults.push({ kind: 'bom', line: 1, subject: '' })
    }
    if (section && open && indent > level) {
      open.parts.push(text.slice(indent, stop))
      open.entry.continuations.push(number)
      continue
    }
    level = indent
    const bracket = first === '[' ? text.lastIndexOf(']', stop - 1) : -1
    if (bracket > indent + 1) {
      const name = text.slice(indent + 1, bracket)
      close()
      if (section) section.endLine = number
      section = { name, line: number, endLine: lines.length + 1, indent, entries: [] }
      sections.push(section)
      if (name !== inherited && names.has(name))
        faults.push({ kind: 'duplicate-section', line: number, subject: name })
      if (!names.has(name)) names.set(name, new Set())
      continue
    }
    if (!section) {
      if (!(index === 0 && first === '\ufeff'))
        faults.push({ kind: 'before-first-header', line: number, subject: '' })
      continue
    }
    const at = delimiterAt(text, indent, stop)
    if (at < 0) {
      faults.push({ kind: 'not-a-setting', line: number, subject: '' })
      continue
    }
    close()
    const writtenKey = text.slice(indent, trimBlanks(text, indent, at))
    const key = writtenKey.toLowerCase()
    if (key === '') {
      faults.push({ kind: 'no-key', line: number, subject: '' })
      continue
    }
    const from = skipBlanks(text, at + 1, stop)
    const bytesTo = (to: number) => line.start + Buffer.byteLength(text.slice(0, to), encoding)
    const entry: Entry = {
      key,
      writtenKey,
      line: number,
      start: bytesTo(from),
      end: bytesTo(stop),
      delimiter: text[at] === '=' ? '=' : ':',
      indent,
      value: '',
      continuations: [],
    }
    const taken = names.get(section.name)
    if (taken?.has(key)) faults.push({ kind: 'duplicate-key', line: number, subject: key })
    taken?.add(key)
    section.entries.push(entry)
    open = { entry, parts: [text.slice(from, stop)] }
  }
  close()
  return { sections, faults }
}

function delimiterAt(text: string, from: number, to: number): number {
  for (let at = from; at < to; at++) if (text[at] === '=' || text[at] === ':') return at
  return -1
}

function finish({ entry, parts }: Open, faults: Fault[]): void {
  let count = parts.length
  while (count > 1 && parts[count - 1] === '') count--
  const joined = count === 1 ? (parts[0] as string) : parts.slice(0, count).join('\n')
  if (!joined.startsWith('\n')) {
    entry.value = joined
    return
  }
  const block = new Map<string, string>()
  for (const [index, part] of parts.entries()) {
    // Python's splitlines also cuts at these; a block is cut by it, a file is not.
    for (const piece of part.split(/[\v\f\x1c-\x1e\x85\u2028\u2029]/)) {
      const text = strip(piece)
      if (text === '') continue
      const at = text.indexOf('=')
      if (at < 0)
        faults.push({
          kind: 'bad-block',
          line: entry.continuations[0] ?? entry.line + index,
          subject: entry.key,
        })
      else block.set(strip(text.slice(0, at)), strip(text.slice(at + 1)))
    }
  }
  entry.value = block
}
